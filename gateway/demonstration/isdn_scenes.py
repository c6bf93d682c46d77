"""The calls that are made between a phone and the ISDN."""

from collections.abc import Iterator

from gateway.demonstration.isdn_stage import CALLER, IsdnStage
from gateway.demonstration.scenes import Scene, hang_up
from gateway.demonstration.stage import Stage

_FIRST, _SECOND = "5551", "5552"


def explicit_call_transfer(stage: Stage) -> Iterator[str]:
    """1001 calls two numbers of the ISDN and joins them; the exchange does it, and neither B-channel stays in use."""
    assert isinstance(stage, IsdnStage)
    phone, exchange = stage.phones[CALLER], stage.exchange
    for name, number in (("one", _FIRST), ("two", _SECOND)):
        phone.call(name, stage.uri(number))
        exchange.wait("ring", called=number)
        phone.state(name, "CONFIRMED")
        yield f"{CALLER} calls {number}, who answers"
        if name == "one":
            phone.hold(name)
            phone.media(name, "sendonly")
            yield f"{CALLER} puts {number} on hold"
    phone.refer_replacing("one", "two")
    yield f"{CALLER} sends REFER with Replaces: {_FIRST} shall have its call to {_SECOND}"
    phone.notified("one", 200)
    phone.state("two", "DISCONNECTED")
    yield "the exchange joins them (EctLinkIdRequest, ExplicitEctExecute) and clears both calls; NOTIFY 200"
    if not phone.seen("state", call="one", state="DISCONNECTED"):
        hang_up(phone, "one")
    yield f"{CALLER} is gone; {_FIRST} and {_SECOND} talk without refergate"


ISDN_SCENES = (Scene("attended", "Transfer in the ISDN", explicit_call_transfer),)
