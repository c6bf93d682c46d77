"""The ISDN side of a replay."""

from typing import Any

from gateway.configuration import Configuration
from gateway.regression.comparison import Compared
from gateway.regression.isdn_tape import IsdnEntry, IsdnTape
from gateway.regression.message import Message as Told
from gateway.regression.sip_part import Readiness
from gateway.regression.stage import Stage


class IsdnPart:
    def __init__(self, tape: IsdnTape, stage: Stage, configuration: Configuration, problems: list[str]) -> None:
        self.sent: list[Told] = []
        self.received: list[Told] = []

    def start(self) -> None: ...
    def take(self, trunk: str, frame: bytes) -> None: ...
    def readiness(self, entry: Any) -> Readiness:
        return Readiness.NEVER

    def leave_out(self, entry: Any) -> None: ...
    def feed(self, entry: IsdnEntry) -> None: ...
    def compared(self) -> list[Compared]:
        return []
