"""Records the bundled captures again: `python -m tests.peers.record [NAME…]` (or `make captures`) fills pcaps/.

Needs libpri, sipp, baresip, dumpcap, the pjsua2 wheel, and the right to capture on loopback.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.peers import record_baresip, record_gateway, record_isdn, record_phones, record_sipp, record_teams

FOLDER = Path(__file__).resolve().parents[2] / "pcaps"

RECORDERS: dict[str, Callable[[Path], None]] = {
    **{f"sip_{name}": partial(record_phones.record, name) for name in record_phones.FLOWS},
    **{f"sip_{name}": partial(record_sipp.record, name) for name in record_sipp.FLOWS},
    "sip_blind_baresip": record_baresip.record,
    "teams_blind": record_teams.record,
    **{name: partial(record_isdn.record, name) for name in record_isdn.RECORDINGS},
    **{f"gateway_{name}": partial(record_gateway.record, name) for name in record_gateway.RUNS},
}
"""Who records which capture, by its name without `.pcap`."""


def main() -> None:
    """Records the captures named, or all."""
    parser = argparse.ArgumentParser(description="record the bundled captures with real programs")
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of: " + " ".join(RECORDERS))
    for name in parser.parse_args().names or RECORDERS:
        print(name, flush=True)
        RECORDERS[name](FOLDER / f"{name}.pcap")


if __name__ == "__main__":
    main()
