"""ISDN trunks out of a recording: which side the played host is, what kind of trunk, which channels."""

from collections.abc import Iterator
from typing import Any

from gateway.engine.isdn_dialects import DIALECT_OF_VARIANT, dialect_of
from gateway.isdn import elements
from gateway.isdn.q931 import Identifier, MessageType
from gateway.isdn.side import Side
from gateway.model.errors import DecodeError
from gateway.regression import q931_fields
from gateway.regression.isdn_tape import IsdnEntry, IsdnTape
from gateway.regression.routes_deduction import Step

FIRST_PORT = 20_000
"""Of the links that are written down for D channels of a recording; nobody opens them."""
_KINDS = {"etsi": "euroisdn", "qsig": "qsig", "ni2": "ni2", "dms100": "dms100"}
_VARIANT_OF_DIALECT = {dialect: variant for variant, dialect in DIALECT_OF_VARIANT.items()} | {"qsig-ssct": "qsig"}
_MU_LAW = 0xA2
_FIRST_AUTOMATIC_TEI = 64


class DeducedLine:
    """One D channel of the recording; `number` counts them from 0."""

    def __init__(self, name: str, entries: list[IsdnEntry], number: int) -> None:
        self.name = trunk_name(name)
        self._entries = entries
        self._number = number

    def trunk(self) -> dict[str, Any]:
        """The trunk as in gateway.yaml. Its link is never opened."""
        first = FIRST_PORT + 2 * self._number
        found: dict[str, Any] = {
            "name": self.name,
            "protocol": "isdn",
            "link": f"udp:127.0.0.1:{first}>127.0.0.1:{first + 1}",
            "side": (self._entries[0].side or Side.USER).value,
            "variant": self._variant(),
            "channels": self._channels(),
            "trusted": True,
        }
        if self._is_bus():
            found |= {"access": "basic", "bus": True, **({"tei": 0} if found["side"] == "user" else {})}
        if any(each.message.message_type is MessageType.SETUP_ACKNOWLEDGE for each in self._entries):
            found["overlap"] = True
        return found

    def steps(self) -> Iterator[Step]:
        """Calls that came and went."""
        for entry in self._entries:
            if entry.message.message_type is MessageType.SETUP:
                called = _field(entry, "called")
                yield Step(entry.time, self.name, called, entry.is_ours)

    def _variant(self) -> str:
        for entry in self._entries:
            if entry.message.element(Identifier.FACILITY) is None:
                continue
            try:
                dialect = dialect_of(entry.message)
            except DecodeError:
                continue
            if dialect in _VARIANT_OF_DIALECT and _VARIANT_OF_DIALECT[dialect] != "etsi":
                return _KINDS[_VARIANT_OF_DIALECT[dialect]]
        return "ni2" if self._is_mu_law() else "euroisdn"

    def _is_mu_law(self) -> bool:
        bearers = (each.message.contents(Identifier.BEARER_CAPABILITY) for each in self._entries)
        return any(bearer is not None and len(bearer) > 2 and bearer[2] == _MU_LAW for bearer in bearers)

    def _is_bus(self) -> bool:
        """Terminals that got their TEI from the network (Q.921 3.3.4)."""
        teis = {each.tei.removeprefix("tei") for each in self._entries if each.line.startswith("lapd:")}
        return any(tei.isdecimal() and int(tei) >= _FIRST_AUTOMATIC_TEI for tei in teis)

    def _channels(self) -> str:
        """Those of the usual primary access, and what else the recording has."""
        if self._is_bus():
            return "1-2"
        usual = set(range(1, 24)) if self._is_mu_law() else set(range(1, 32)) - {16}
        seen = {number for each in self._entries for number in _channel_numbers(each)}
        return ",".join(map(str, sorted(usual | seen)))


def lines(tape: IsdnTape) -> list[DeducedLine]:
    """Every D channel of the recording."""
    return [
        DeducedLine(name, [each for each in tape.entries if each.line == name], number)
        for number, name in enumerate(tape.lines)
    ]


def trunk_name(line: str) -> str:
    """The name of the trunk that stands for a D channel of the recording."""
    return f"isdn-{line.replace(':', '-')}"


def _channel_numbers(entry: IsdnEntry) -> tuple[int, ...]:
    contents = entry.message.contents(Identifier.CHANNEL_IDENTIFICATION)
    try:
        found = () if contents is None else elements.decode_channel(contents).channels
    except DecodeError:
        return ()
    return tuple(number for number in found if 1 <= number <= 127)


def _field(entry: IsdnEntry, name: str) -> str:
    try:
        return q931_fields.field(entry.told.octets, name) or ""
    except DecodeError:
        return ""
