"""Which recorded Q.931 message of the played side each of the gateway's stands for."""

from gateway.isdn.q931 import Message, MessageType
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.isdn_comparison import compare
from gateway.regression.isdn_identities import IsdnIdentities
from gateway.regression.isdn_tape import IsdnEntry, IsdnTape
from gateway.regression.message import Message as Told

_REPEATED = frozenset(
    (MessageType.SETUP, MessageType.DISCONNECT, MessageType.RELEASE, MessageType.RESTART, MessageType.STATUS_ENQUIRY)
)
"""What is sent again when no answer comes (Q.931 9.1: T303, T305, T308, T316, T322)."""


class IsdnMatching:
    """`take` hears what the gateway says, in order; `compared` is asked for at the end."""

    def __init__(self, tape: IsdnTape, identities: IsdnIdentities) -> None:
        self._identities = identities
        self._expected = [each for each in tape.entries if each.is_ours]
        self._found: set[int] = set()
        self._pairs: list[tuple[IsdnEntry, Told, Message]] = []
        self._extra: list[Told] = []
        self._said: set[tuple[str, bytes]] = set()

    def take(self, line: str, call: int, told: Told, message: Message) -> None:
        """A message of ours; `call` is the number of our call on that line."""
        key = line, told.octets
        if message.message_type in _REPEATED and key in self._said:
            return
        self._said.add(key)
        found = self._like(line, call, told, message)
        if found is None:
            self._extra.append(told)
            return
        self._found.add(id(found))
        self._pairs.append((found, told, message))
        self._identities.same_call(line, found.call, call)
        self._identities.learn(line, found.call, found.message, message)

    def _like(self, line: str, call: int, told: Told, message: Message) -> IsdnEntry | None:
        waiting = [each for each in self._expected if each.line == line and id(each) not in self._found]
        recorded = self._identities.recorded_call(line, call)
        if recorded is None:
            if message.message_type is not MessageType.SETUP or message.flag:
                return None
            setups = [each for each in waiting if each.message.message_type is MessageType.SETUP]
            same = [each for each in setups if each.told.field("called") == told.field("called")]
            return next(iter(same or setups), None)
        fit = [each for each in waiting if each.call == recorded]
        named = (each for each in fit if each.told.name == told.name)
        alike = (each for each in fit if each.message.message_type == message.message_type)
        return next(named, next(alike, None))

    def is_found(self, entry: IsdnEntry) -> bool:
        """Whether the gateway has said the like of a recorded message."""
        return id(entry) in self._found

    def compared(self) -> list[Compared]:
        """Everything that either side said."""
        found = [compare(entry.told, told, entry.message, message) for entry, told, message in self._pairs]
        octets = {(entry.line, entry.told.octets) for entry, _, _ in self._pairs}
        for entry in self._expected:
            is_copy = entry.message.message_type in _REPEATED and (entry.line, entry.told.octets) in octets
            if id(entry) not in self._found and not is_copy:
                found.append(Compared(Verdict.MISSING, entry.told, None))
        return found + [Compared(Verdict.EXTRA, None, told) for told in self._extra]
