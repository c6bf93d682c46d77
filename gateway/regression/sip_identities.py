"""Which identifier of the played host stands for which of the gateway's: Call-IDs, tags, CSeq and RSeq numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.regression.sip_tape import Entry, Leg, Transaction
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Message
from gateway.sip.parameters import Parameters


@dataclass(slots=True)
class OwnLeg:
    """The gateway's half of a dialog. `contact` is the URI that it last gave there; numbers of the played host's
    requests and reliable responses stand for ours.
    """

    leg: Leg
    contact: str = ""
    cseq: dict[int, int] = field(default_factory=dict)
    rseq: dict[tuple[int, int], int] = field(default_factory=dict)


class Identities:
    """Legs of the recording and ours, in both directions; requests of the played host and ours."""

    def __init__(self) -> None:
        self.requests: dict[Transaction, Message] = {}
        self._ours: dict[Leg, OwnLeg] = {}
        self._recorded: dict[Leg, list[Leg]] = {}

    def learn(self, recorded: Leg, ours: Leg) -> OwnLeg:
        """`ours` stands for `recorded` from now on."""
        known = self._recorded.setdefault(ours, [])
        if recorded not in known:
            known.append(recorded)
        found = self._ours.get(recorded)
        if found is None or found.leg != ours:
            found = self._ours[recorded] = OwnLeg(ours)
        return found

    def ours(self, recorded: Leg) -> OwnLeg | None:
        """What stands for that leg, None when nothing does yet."""
        return self._ours.get(recorded)

    def recorded(self, ours: Leg) -> Sequence[Leg]:
        """The legs that ours stands for: several where the played host gave early dialogs of more than one fork
        (RFC 3261 §12.1), which the gateway joins in one.
        """
        return self._recorded.get(ours, ())

    def asked(self, entry: Entry, ours: Message) -> None:
        """Our request stands for a recorded one."""
        self.requests[entry.transaction] = ours
        leg = self.learn(entry.leg, Leg(ours.call_id, ours.from_tag))
        leg.cseq[entry.message.cseq] = ours.cseq
        leg.contact = contact_of(ours) or leg.contact

    def answered(self, recorded: Leg, ours: Message) -> OwnLeg:
        """Our response stands for one of that leg."""
        leg = self.learn(recorded, Leg(ours.call_id, ours.to_tag))
        leg.contact = contact_of(ours) or leg.contact
        return leg

    def dialog(self, named: DialogId) -> DialogId:
        """A dialog named in Replaces, Join or Target-Dialog, as the gateway knows it; unchanged when it is none of
        its own.
        """
        for tag in _tags(named):
            own = self.ours(Leg(named.call_id, tag))
            if own is not None:
                return DialogId(own.leg.call_id, _with_tag(named.parameters, tag, own.leg.tag))
        return named

    def recorded_dialog(self, named: DialogId) -> DialogId:
        """The other way round: a dialog that the gateway names, as the recording knows it."""
        for tag in _tags(named):
            for leg in self.recorded(Leg(named.call_id, tag)):
                return DialogId(leg.call_id, _with_tag(named.parameters, tag, leg.tag))
        return named


def legs_named(named: DialogId) -> tuple[Leg, ...]:
    """Both halves of a dialog by its name."""
    return tuple(Leg(named.call_id, tag) for tag in _tags(named))


def contact_of(message: Message) -> str:
    """The URI of the first Contact, "" without one."""
    values = message.headers.all("contact")
    return Address.parse(values[0]).uri if values and "<" in values[0] else ""


def _tags(named: DialogId) -> tuple[str, ...]:
    return tuple(filter(None, (named.to_tag, named.from_tag, named.local_tag, named.remote_tag)))


def _with_tag(parameters: Parameters, old: str, new: str) -> Parameters:
    return Parameters(tuple((name, new if value == old else value) for name, value in parameters.items))
