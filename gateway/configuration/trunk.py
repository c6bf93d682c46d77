"""What trunks of every protocol have."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from gateway.tables import Table


class TransferPolicy(StrEnum):
    """What becomes of a transfer that is asked for on a trunk."""

    CONSUME = "consume"
    PASS = "pass"  # noqa: S105
    REJECT = "reject"


class AnyTrunk(Table):
    """What trunks of every protocol have.

    `transfer` says what is done with a transfer that this trunk's side asks for; `recall` whether the transferor is
    called again when its target fails after it has gone. `redirect`: 3xx are followed here or handed to the caller.
    `trusted`: identities are believed and given (RFC 3325).
    `ringback`: who is transferred, and is on hold, hears the target ring as soon as that sends early media.
    `trace`: transfers are recorded with whole headers.
    """

    name: str = Field(min_length=1)
    profile: Literal["generic", "teams"] = "generic"
    transfer: TransferPolicy = TransferPolicy.CONSUME
    trusted: bool = False
    redirect: Literal["follow", "pass"] = "follow"
    recall: bool = False
    replaces: bool = True
    early_media: bool = True
    ringback: bool = False
    causes: str = "rfc3398"
    numbers: str = ""
    trace: bool = False
