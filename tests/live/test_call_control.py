"""Our call control and libpri's, an independent Q.931, on one D channel: every kind of trunk, both sides."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.isdn import q931
from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.channels import of_carrier
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.elements import BEARERS, CallState
from gateway.isdn.hold_table import HoldState
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.isdn.interface import Bus, OnBus, PointToPoint
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from tests.isdn.interface import BUSY, IN_BAND, NORMAL, Owner, digits, element
from tests.live.d_channel_end import LibpriLine
from tests.peers import tshark

pytestmark = pytest.mark.live

SWITCHES = {
    "euroisdn_e1": "euroisdn",
    "qsig": "qsig",
    "ni2": "ni2",
    "dms100": "dms100",
    "lucent5e": "5ess",
    "att4ess": "4ess",
}
ON_EVERY_TRUNK = pytest.mark.parametrize("switch", list(SWITCHES))
SIDES = pytest.mark.parametrize("side", list(Side))
DATA_LINK = DataLinkSettings(t200=0.3, t203=2.0, over_datagrams=True)


def bearer(law: str) -> InformationElement:
    kind = "speech A-law" if law == "A" else "speech mu-law"
    return InformationElement(Identifier.BEARER_CAPABILITY, BEARERS[kind])


class Trunk:
    """Our side of a trunk to libpri."""

    def __init__(self, line: LibpriLine, interface: PointToPoint | OnBus | Bus, owner: Owner, law: str) -> None:
        self.line = line
        self.peer = line.peer
        self.interface = interface
        self.control = interface.control
        self.owner = owner
        self.law = law
        line.end.receive = interface.receive

    def do(self, act: Callable[[float], object]) -> object:
        return self.line.end.do(act)

    def until(self, happened: Callable[[], object], seconds: float = 10.0) -> None:
        self.line.end.until(happened, seconds)

    def heard(self, name: str, count: int = 1) -> tuple[Any, ...]:
        """The arguments of an event, when it has come that often."""
        self.until(lambda: self.owner.names.count(name) >= count)
        return self.owner.last(name)

    def place(self, number: str = "5551", *more: InformationElement, **options: Any) -> IsdnCall:
        """A call of ours, that libpri is told of."""
        elements = (bearer(self.law), digits(number), *more)
        call = self.do(lambda now: self.control.setup(elements, now, **options))
        assert isinstance(call, IsdnCall)
        return call

    def answered(self, number: str = "5551") -> tuple[IsdnCall, str]:
        """A call of ours that libpri has answered; its name there."""
        call = self.place(number)
        name = str(self.peer.wait("ring", called=number)["id"])
        self.peer.send(f"answer {name}")
        self.until(lambda: call.is_active)
        return call, name

    def offered(self, name: str = "A", options: str = "chan=5") -> IsdnCall:
        """A call of libpri's."""
        count = self.owner.names.count("call_offered")
        self.peer.send(f"call {name} 5552 calling=100 {options}")
        self.heard("call_offered", count + 1)
        return self.owner.offered()

    def up(self, name: str = "A", options: str = "chan=5") -> IsdnCall:
        """A call of libpri's that we have answered."""
        call = self.offered(name, options)
        self.do(call.proceeding)
        self.do(call.connect)
        self.peer.wait("answer", id=name)
        self.until(lambda: call.is_active)
        return call

    def gone(self) -> None:
        """No call is left, every channel is idle."""
        channels = len(self.control.settings.channels)
        self.until(lambda: not self.control.calls and self.control.channels.idle == channels)
        assert self.control.counters["ignored"] == 0


@contextmanager
def trunk(switch: str, side: Side, *options: str) -> Iterator[Trunk]:
    """A primary access, both sides up."""
    kind = variant(SWITCHES[switch])
    with LibpriLine(side, *options, switch=switch) as line:
        owner = Owner()
        channels = of_carrier("e1" if kind.law == "A" else "t1")
        settings = InterfaceSettings(side, kind, channels)
        interface = PointToPoint(settings, line.end.timers, line.end.send, owner, DATA_LINK)
        found = Trunk(line, interface, owner, kind.law)
        line.peer.start()  # Its SABME establishes the data link; one of ours too would reset it again.
        line.peer.wait("dchan_up")
        found.until(found.control.is_up)
        yield found


@ON_EVERY_TRUNK
@SIDES
def test_our_call_is_answered_and_cleared_by_either(switch: str, side: Side) -> None:
    with trunk(switch, side) as here:
        call = here.place("5551")
        name = str(here.peer.wait("ring", called="5551")["id"])
        here.peer.send(f"proceed {name}")
        here.heard("proceeding_received")
        here.peer.send(f"alert {name}")
        here.heard("alerting_received")
        here.peer.send(f"answer {name}")
        here.heard("connected")
        assert call.is_active
        here.do(lambda now: call.disconnect(NORMAL, now))
        here.gone()
        _, name = here.answered("5553")
        here.peer.send(f"hangup {name} 17")
        assert here.heard("disconnected")[1].value == 17
        here.gone()


@ON_EVERY_TRUNK
@SIDES
def test_libpris_call_is_answered_and_cleared_by_either(switch: str, side: Side) -> None:
    with trunk(switch, side) as here:
        call = here.offered()
        assert call.channel is not None
        assert call.channel.number == 5
        here.do(call.proceeding)
        here.peer.wait("proceeding", id="A")
        here.do(call.alerting)
        here.peer.wait("alerting", id="A")
        here.do(call.connect)
        here.peer.wait("answer", id="A")
        here.until(lambda: call.is_active)
        here.peer.send("hangup A")
        here.gone()
        call = here.up("B")
        here.do(lambda now: call.disconnect(BUSY, now))
        assert here.peer.wait("hangup_req", id="B")["cause"] == 17
        here.gone()


@ON_EVERY_TRUNK
@SIDES
def test_calls_are_refused(switch: str, side: Side) -> None:
    with trunk(switch, side) as here:
        call = here.offered()
        here.do(lambda now: call.disconnect(BUSY, now))
        assert here.peer.wait("hangup", id="A")["cause"] == 17
        here.gone()
        # libpri sends nothing at all when it is told to refuse a call, still unanswered, with 16, 17 or 21.
        for count, (cause, before) in enumerate(((1, ""), (21, "proceed")), start=2):
            here.place("5551")
            name = str(here.peer.wait("ring", called="5551")["id"])
            if before:
                here.peer.send(f"{before} {name}")
            here.peer.send(f"hangup {name} {cause}")
            assert here.heard("released", count)[1].value == cause
        here.gone()


@SIDES
@pytest.mark.parametrize("switch", ["euroisdn_e1", "qsig"])
def test_a_call_of_ours_is_held_and_retrieved(switch: str, side: Side) -> None:
    with trunk(switch, side) as here:
        here.peer.send("set hold ack")
        here.peer.send("set retrieve ack")
        call, name = here.answered()
        channel = call.channel
        here.do(call.hold)
        assert here.heard("hold_answered")[1] is None
        here.peer.wait("hold", id=name)
        assert call.channel is None
        here.do(call.retrieve)
        here.heard("retrieve_answered")
        assert here.owner.last("retrieve_answered")[1] is None
        assert (call.hold_state, call.channel) == (HoldState.IDLE, channel)
        here.do(lambda now: call.disconnect(NORMAL, now))
        here.gone()


@SIDES
@pytest.mark.parametrize("switch", ["euroisdn_e1", "qsig"])
def test_libpri_holds_and_retrieves(switch: str, side: Side) -> None:
    with trunk(switch, side) as here:
        here.owner.on["hold_requested"] = lambda call, message, now: call.hold_acknowledge(now)
        here.owner.on["retrieve_requested"] = lambda call, message, now: call.retrieve_acknowledge(now)
        call = here.up()
        here.peer.send("hold A")
        here.peer.wait("hold_ack", id="A")
        assert call.hold_state is HoldState.HELD
        here.peer.send("retrieve A 7")
        here.peer.wait("retrieve_ack", id="A")
        here.until(lambda: call.hold_state is HoldState.IDLE)
        assert call.channel is not None
        assert call.channel.number == 7
        here.peer.send("hangup A")
        here.gone()


@SIDES
def test_digits_one_by_one(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        call = here.place("55")
        name = str(here.peer.wait("ring", called="55")["id"])
        here.peer.send(f"setupack {name}")
        here.heard("digits_wanted")
        here.do(lambda now: call.information(now, digits("51")))
        assert here.peer.wait("info", id=name)["digits"] == "51"
        here.peer.send(f"answer {name}")
        here.until(lambda: call.is_active)
        here.do(lambda now: call.disconnect(NORMAL, now))
        here.gone()


@SIDES
def test_libpri_hears_that_more_digits_are_wanted(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        call = here.offered()
        here.do(call.setup_acknowledge)
        here.peer.wait("setup_ack", id="A")
        here.do(call.connect)
        here.peer.wait("answer", id="A")
        here.peer.send("hangup A")
        here.gone()


@SIDES
def test_a_tone_before_the_answer_and_notify_and_facility_on_a_call(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        call = here.offered()
        here.do(call.proceeding)
        here.do(lambda now: call.progress(now, IN_BAND))
        here.peer.wait("progress", id="A")
        here.do(call.connect)
        here.peer.wait("answer", id="A")
        here.do(lambda now: call.notify(now, element(Identifier.NOTIFICATION_INDICATOR, "f9")))
        here.peer.wait("notify", id="A")
        here.do(lambda now: call.facility(now, element(Identifier.FACILITY, "91a10b0201070606040082710104")))
        assert here.peer.wait("facility_ie", dir="rx", msg="FACILITY")["ie"] == "1c0e91a10b0201070606040082710104"
        assert here.heard("facility_received")[1].facilities()[0].components[0].invoke_id == 7
        here.peer.send("hangup A")
        here.gone()


@SIDES
def test_libpri_restarts_a_channel(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        here.up("A", "chan=5")
        here.peer.send("restart 5")
        assert here.heard("channels_restarted")[0][0].number == 5
        assert here.owner.cause() == 41
        here.gone()


@SIDES
def test_we_restart_a_channel(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        call, _ = here.answered()
        channel = call.channel
        assert channel is not None
        here.do(lambda now: here.control.restart(now, (channel,)))
        here.heard("channels_restarted")
        assert here.owner.cause() == 41
        here.gone()


@SIDES
def test_libpri_says_the_state_of_a_call_and_that_it_knows_nothing_of_another(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        call, _ = here.answered()
        here.do(call.enquire)
        _, state, cause = here.heard("status_received")
        assert (state, cause.value) == (CallState.ACTIVE, 30)
        snapshot = call.snapshot() | {"reference": 99, "channel": [0, 9]}
        here.do(lambda now: here.control.restore_call(snapshot, now))
        here.heard("released")
        assert call.is_active


@SIDES
def test_calls_survive_the_loss_of_the_data_link(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        call, name = here.answered()
        here.do(here.interface.deactivate)
        here.do(here.interface.start)
        here.heard("status_received")
        assert call.is_active
        here.peer.send(f"hangup {name}")
        here.gone()


@SIDES
def test_frames_that_are_lost_delay_calls_and_no_more(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        for round_ in range(3):
            here.peer.send("set droptx 1")
            call, _ = here.answered(f"55{round_}")
            here.peer.send("set droprx 1")
            here.do(lambda now, call=call: call.disconnect(NORMAL, now))  # type: ignore[misc]
            here.gone()


@SIDES
def test_many_calls_at_once(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        here.peer.send("set answer answer")
        here.peer.fence()
        calls = [here.place(f"5{index:03}") for index in range(30)]
        here.until(lambda: all(call.is_active for call in calls))
        assert {call.channel for call in calls} == set(here.control.settings.channels)
        for call in calls:
            here.do(lambda now, call=call: call.disconnect(NORMAL, now))  # type: ignore[misc]
        here.gone()


@SIDES
def test_both_want_the_same_channel_at_once(side: Side) -> None:
    with trunk("euroisdn_e1", side) as here:
        channel = here.control.settings.channels[2]
        for attempt in range(5):
            here.peer.send(f"call A{attempt} 5552 chan={channel.number}")
            try:
                here.do(lambda now: here.control.setup((bearer("A"), digits("5551")), now, channel=channel))
                break
            except GatewayError:  # its SETUP was here already: nothing has met
                _clear_all(here)
        if side is Side.USER:
            assert here.heard("call_offered")[0].channel == channel
        else:
            here.peer.wait("ring", called="5551", chan=channel.number)
        _clear_all(here)


def _clear_all(here: Trunk) -> None:
    for call in here.control.calls:
        here.do(lambda now, call=call: call.disconnect(NORMAL, now))  # type: ignore[misc]
    here.gone()


def test_a_basic_access_point_to_point() -> None:
    with LibpriLine(Side.NETWORK, switch="euroisdn_e1", bri="ptp") as line:
        owner = Owner()
        settings = InterfaceSettings(Side.NETWORK, variant("euroisdn"), of_carrier("basic"), "basic")
        interface = PointToPoint(settings, line.end.timers, line.end.send, owner, DATA_LINK)
        here = Trunk(line, interface, owner, "A")
        line.peer.start()
        here.until(here.control.is_up)
        call, _ = here.answered()
        here.do(lambda now: call.disconnect(NORMAL, now))
        here.gone()
        here.up("A", "chan=2")
        here.peer.send("hangup A")
        here.gone()


def test_a_bus_with_libpri_as_terminal() -> None:
    with LibpriLine(Side.NETWORK, switch="euroisdn_e1", bri="ptmp") as line:
        owner = Owner()
        settings = InterfaceSettings(Side.NETWORK, variant("euroisdn"), of_carrier("basic"), "basic", multipoint=True)
        interface = Bus(settings, line.end.timers, line.end.send, owner, DATA_LINK)
        here = Trunk(line, interface, owner, "A")
        line.peer.start()
        here.do(interface.start)
        here.until(lambda: any(link.is_up for link in interface.links.links.values()))
        call, name = here.answered()
        assert call.link in interface.links.links
        here.peer.send(f"hangup {name}")
        here.gone()
        here.up("A", "chan=1")
        here.peer.send("hangup A")
        here.gone()


def test_on_a_bus_of_libpris() -> None:
    with LibpriLine(Side.USER, switch="euroisdn_e1", bri="ptmp") as line:
        owner = Owner()
        settings = InterfaceSettings(Side.USER, variant("euroisdn"), of_carrier("basic"), "basic", multipoint=True)
        interface = OnBus(
            settings, line.end.timers, line.end.send, owner, lambda: "token", DataLinkSettings(tei=None, k=1)
        )
        here = Trunk(line, interface, owner, "A")
        line.peer.start()
        call, _ = here.answered()
        here.do(lambda now: call.disconnect(NORMAL, now))
        here.gone()
        here.up("A", "chan=1")
        here.peer.send("hangup A")
        here.gone()


def test_tshark_reads_what_we_say(tmp_path: Path) -> None:
    capture = tmp_path / "calls.pcap"
    with trunk("euroisdn_e1", Side.USER, "--pcap", str(capture)) as here:
        call, _ = here.answered()
        long = element(Identifier.FACILITY, "91" + "a106020101020106" * 25)
        here.do(lambda now: call.facility(now, long, long))
        here.do(call.hold)
        here.do(call.enquire)
        here.heard("status_received")
        here.do(lambda now: call.disconnect(Cause(16), now))
        here.gone()
        here.do(lambda now: here.control.restart(now, (here.control.settings.channels[0],)))
        here.heard("channels_restarted")
    assert tshark.malformed(capture, options=tshark.ETSI) == []
    rows = tshark.fields(capture, ["q931.message_type"])
    kinds = {int(text, 16) for row in rows for text in row[0].split(",") if text}
    assert {q931.MessageType.SEGMENT, q931.MessageType.RESTART, q931.MessageType.STATUS_ENQUIRY} <= kinds
