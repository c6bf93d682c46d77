"""Active replay: the gateway in the place of a host of a recording, on a virtual clock."""

from collections.abc import Sequence
from pathlib import Path

from gateway.configuration import Configuration
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.message import Message
from gateway.regression.played import Played

__all__ = ["Compared", "Message", "Played", "Verdict", "play"]


def play(capture: Path, hosts: Sequence[str], configuration: Configuration | None = None, *, seed: int = 0) -> Played:
    """Plays `capture` with the gateway in the place of `hosts`: addresses, "address:port", or a side of a D channel
    ("network", "user"). Without a configuration one is deduced from the recording. The same `seed` gives the same
    octets.

    Raises DecodeError when the file is no capture, GatewayError when it has nothing that these hosts could be played
    in.
    """
    raise NotImplementedError
