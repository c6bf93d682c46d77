"""A phone with two calls to the ISDN, which it is about to transfer; the exchange is played by the test, with Q.931
messages and Facility elements.
"""

from pathlib import Path

from gateway.isdn.call import IsdnCall
from gateway.model.causes import Cause
from gateway.model.transfer import (
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    RltCallId,
    TransferOutcome,
    TransferRequest,
)
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_transfers import call_out, facility, read
from tests.engine.world import HOST, PORT, Line

DIALECTS = {"euroisdn": "etsi-ect", "ni2": "ni2-tbct", "dms100": "dms-rlt", "qsig": "qsig"}
JOINS = {"euroisdn": "ExplicitEctExecute", "ni2": "initiateTransfer", "dms100": "RLT_THIRD_PARTY"}
METHODS = {"euroisdn": "ect-explicit", "ni2": "tbct", "dms100": "rlt"}


class Stage:
    """A phone of the PBX talks to 5551 on the ISDN and, in another call, to 5552; `first` and `second` are these
    calls at the exchange, `line` and `other` the phone's dialogs.
    """

    def __init__(self, folder: Path, kind: str = "euroisdn", *, rings: bool = False) -> None:
        self.folder, self.kind, self.dialect = folder, kind, DIALECTS[kind]
        self.world = IsdnWorld(folder, kind)
        self.line, self.first = self._call("5551")
        if rings:
            self.other = self.world.pbx.invite("5552")
            self.second, _ = self.world.switch.expect("SETUP")
            self.second.proceeding(self.world.now)
            self.second.alerting(self.world.now)
            self.other.remote_tag = self.other.expect("180 INVITE").to_tag
        else:
            self.other, self.second = self._call("5552")

    def _call(self, number: str) -> tuple[Line, IsdnCall]:
        line, call = call_out(self.world, number)
        if self.kind == "dms100":
            granted = IdentityGranted(RltCallId(0x100 + int(number)), invoke_id=1)
            call.facility(self.world.now, facility(granted, self.dialect))
        return line, call

    def refers(self) -> None:
        """REFER on the first call with the second one in Replaces."""
        tag = self.other.remote_tag
        replaces = f"{self.other.call_id};to-tag={tag};from-tag={self.other.local_tag}"
        escaped = replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        self.line.refer(f"<sip:5552@{HOST}:{PORT}?Replaces={escaped}>")
        self.line.expect("202")

    def refers_blindly(self, number: str) -> None:
        """The second call is over; REFER on the first one."""
        self.other.request("BYE")
        self.world.switch.expect("released")
        self.world.switch.heard.clear()
        self.line.refer(f"<sip:{number}@{HOST}:{PORT}>")
        self.line.expect("202")

    def blind(self, number: str) -> IsdnCall:
        """The call that a REFER without Replaces leads to."""
        self.refers_blindly(number)
        call, _ = self.world.switch.expect("SETUP")
        return call

    def asked(self, what: type, pending: dict[int, str] | None = None) -> tuple[IsdnCall, object]:
        """The next FACILITY, which asks for such a thing."""
        call, message = self.world.switch.expect("FACILITY")
        found = read(message, self.dialect, pending)
        assert isinstance(found, what), found
        return call, found

    def joins(self) -> tuple[IsdnCall, TransferRequest]:
        """The invoke that joins; what it needs before is granted."""
        if self.kind == "euroisdn":
            call, asks = self.asked(IdentityRequest)
            assert isinstance(asks, IdentityRequest)
            call.facility(self.world.now, facility(IdentityGranted(LinkId(7), invoke_id=asks.invoke_id)))
        call, request = self.asked(TransferRequest)
        assert isinstance(request, TransferRequest)
        return call, request

    def says(self, call: IsdnCall, invoke_id: int | None, error: str = "", *, rejected: bool = False) -> None:
        """ReturnResult, ReturnError or Reject to an invoke that joins."""
        done = TransferOutcome(
            Outcome.FAILED if error else Outcome.SUCCEEDED,
            error=error,
            rejected=rejected,
            operation=JOINS[self.kind],
            invoke_id=invoke_id,
        )
        call.facility(self.world.now, facility(done, self.dialect))

    def clears(self, *calls: IsdnCall) -> None:
        for call in calls:
            call.disconnect(Cause(16), self.world.now)

    def outcome(self) -> int:
        """The final NOTIFY, the only one."""
        status, _ = self.line.outcome()
        self.world.wait(1)
        return status

    def ends(self, method: str, outcome: str = "succeeded") -> None:
        """Everybody has hung up; the record says how it was done."""
        world = self.world
        assert world.wait(60, lambda: world.gateway.hub.idle and not world.gateway.hub.transfers.running)
        (record,) = world.records
        assert (record.method, record.outcome) == (method, outcome)
        assert world.wait(5, lambda: world.gateway.isdn.statistics()["channels_idle.isdn"] == 4)

    def is_joined_here(self) -> None:
        """The two go on talking through us: who hangs up takes the other along."""
        self.line.request("BYE")
        self.first.disconnect(Cause(16), self.world.now)
        assert self.world.switch.expect("DISCONNECT")[0] is self.second

    def hears_nothing(self) -> bool:
        """Nobody was told of an end yet."""
        self.world.wait(2)
        return not self.world.records
