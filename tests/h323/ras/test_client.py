"""An endpoint and its gatekeeper: registration, admission, what the gatekeeper asks, loss and return."""

from typing import Any

import pytest

from gateway.h323 import per
from gateway.h323.ras.client import Admission, CallModel, Refusal
from gateway.h323.ras.transactions import Transactions
from gateway.model.timers import TimerQueue
from tests.h323.ras.desk import GATEKEEPER, SPARE, Desk, a_call, digits

FULL = ["gatekeeperRequest", "registrationRequest"]


def test_an_endpoint_discovers_and_registers() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    assert member.names() == FULL
    assert member.heard == [("registered",)]
    assert member.client.is_registered
    assert (member.client.gatekeeper_identifier, member.client.endpoint_identifier) == ("TestGK", "1_endp")


def test_a_gateway_registers_its_prefixes() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member(prefixes=("0049", "0041"))
    (protocol,) = member.said[1][1]["terminalType"]["gateway"]["protocol"]
    prefixes = [one["prefix"] for one in protocol[1]["supportedPrefixes"]]
    assert prefixes == [("dialledDigits", "0049"), ("dialledDigits", "0041")]


def test_requests_are_repeated_until_they_are_answered() -> None:
    desk = Desk()
    desk.gatekeeper()
    desk.lost = 2
    member = desk.member()
    desk.wait(7.0)
    assert member.names() == ["gatekeeperRequest", "gatekeeperRequest", *FULL]
    assert member.client.is_registered


def test_the_registration_is_kept_alive_before_it_ends() -> None:
    desk = Desk()
    desk.gatekeeper(time_to_live=60)
    member = desk.member()
    member.names()
    desk.wait(200.0)
    kept = [value for name, value in member.said if name == "registrationRequest"]
    assert len(kept) >= 3
    assert all(value["keepAlive"] and value["endpointIdentifier"] == "1_endp" for value in kept)
    assert member.heard == [("registered",)]


def test_a_gatekeeper_that_has_forgotten_us_is_registered_with_again() -> None:
    desk = Desk()
    desk.gatekeeper(time_to_live=60)
    member = desk.member()
    desk.command("forget")
    desk.wait(60.0)
    assert member.heard == [("registered",), ("lost", "fullRegistrationRequired"), ("registered",)]


def test_a_gatekeeper_that_falls_silent_is_found_again() -> None:
    desk = Desk()
    desk.gatekeeper(time_to_live=60)
    member = desk.member()
    desk.command("silent on")
    desk.wait(100.0)
    assert member.last == ("lost", "timeout")
    assert not member.client.is_registered
    desk.command("silent off")
    desk.wait(60.0)
    assert member.last == ("registered",)


def test_an_alternate_takes_the_place_of_a_silent_gatekeeper() -> None:
    desk = Desk()
    desk.gatekeeper(alternates=(SPARE,), time_to_live=60)
    desk.gatekeeper(SPARE, identifier="Spare")
    member = desk.member()
    desk.command("silent on")
    desk.wait(100.0)
    assert member.heard == [("registered",), ("lost", "timeout"), ("registered",)]
    assert member.client.gatekeeper == SPARE
    assert member.client.gatekeeper_identifier == "Spare"


def test_with_all_gatekeepers_silent_the_configured_one_is_tried_first_again() -> None:
    desk = Desk()
    desk.gatekeeper(alternates=(SPARE,), time_to_live=60)
    desk.gatekeeper(SPARE)
    member = desk.member()
    desk.command("silent on")
    desk.command("silent on", SPARE)
    desk.wait(100.0)
    desk.command("silent off")
    desk.wait(60.0)
    assert member.client.is_registered
    assert member.client.gatekeeper == GATEKEEPER


def test_a_refused_registration_is_tried_again_later() -> None:
    desk = Desk()
    desk.gatekeeper().refusals["registrationRequest"] = "invalidAlias"
    member = desk.member()
    assert member.heard == []
    assert member.log == [{"event": "ras-waiting", "reason": "invalidAlias", "seconds": 30.0}]
    desk.command("accept")
    desk.wait(31.0)
    assert member.heard == [("registered",)]


def test_an_unregistered_endpoint_says_so_and_registers_anew() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    member.names()
    desk.command("unregister 1001")
    assert member.names() == ["unregistrationConfirm", *FULL]
    assert member.heard == [("registered",), ("lost", "maintenance"), ("registered",)]


def test_stopping_unregisters_and_leaves_nothing_behind() -> None:
    desk = Desk()
    gatekeeper = desk.gatekeeper(irr=20)
    member = desk.member()
    member.client.admit(a_call(answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    member.client.stop(desk.now)
    desk.settle()
    assert gatekeeper.endpoints == {}
    assert not member.client.is_registered
    desk.wait(1.0)
    assert len(desk.timers) == 0


def test_a_call_is_admitted_directly_to_the_called_endpoint() -> None:
    desk = Desk()
    desk.gatekeeper()
    caller, _called = desk.member(), desk.member("1002", "192.0.2.2")
    caller.client.admit(a_call(), digits("1002"), digits("1001"), caller.answer, desk.now)
    desk.settle()
    assert caller.last == ("answer", Admission(CallModel.DIRECT, "192.0.2.2:1720", (), 1280))


def test_in_the_routed_model_the_call_goes_to_the_gatekeeper() -> None:
    desk = Desk()
    desk.gatekeeper(routed="192.0.2.10:1720")
    caller, called = desk.member(), desk.member("1002", "192.0.2.2")
    caller.client.admit(a_call(), digits("1002"), digits("1001"), caller.answer, desk.now)
    called.client.admit(
        a_call(answering=True), digits("1002"), digits("1001"), called.answer, desk.now, address="192.0.2.10:4000"
    )
    desk.settle()
    for member in (caller, called):
        assert member.last[1].model is CallModel.GATEKEEPER_ROUTED
        assert member.last[1].address == "192.0.2.10:1720"
    asked = next(value for name, value in called.said if name == "admissionRequest")
    assert asked["answerCall"]
    assert asked["srcCallSignalAddress"] == ("ipAddress", {"ip": bytes((192, 0, 2, 10)), "port": 4000})


def test_a_call_to_nobody_is_refused_by_its_reason() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    member.client.admit(a_call(), digits("1999"), digits("1001"), member.answer, desk.now)
    desk.settle()
    assert member.last == ("answer", Refusal("calledPartyNotRegistered"))
    assert member.client.is_registered


def test_without_registration_no_call_is_asked_for() -> None:
    desk = Desk()
    member = desk.member()
    member.names()
    member.client.admit(a_call(), digits("1002"), digits("1001"), member.answer, desk.now)
    assert member.last == ("answer", Refusal("notRegistered"))
    assert member.names() == []


def test_a_gatekeeper_silent_to_an_admission_is_lost() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    desk.command("silent on")
    for number in (1, 2):
        member.client.admit(a_call(number), digits("1002"), digits("1001"), member.answer, desk.now)
    desk.wait(10.0)
    assert member.heard.count(("answer", Refusal("timeout"))) == 1
    assert ("lost", "timeout") in member.heard
    desk.command("silent off")
    desk.wait(60.0)
    assert member.client.is_registered


def test_an_admission_refused_because_we_are_unknown_registers_anew() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    desk.command("forget")
    for number in (1, 2):
        member.client.admit(a_call(number), digits("1002"), digits("1001"), member.answer, desk.now)
    desk.settle()
    assert member.heard.count(("answer", Refusal("callerNotRegistered"))) == 2
    assert member.last == ("registered",)


def test_a_gatekeeper_that_sends_us_away_has_the_call_admitted_by_another() -> None:
    desk = Desk()
    desk.gatekeeper(alternates=(SPARE,))
    desk.gatekeeper(SPARE, identifier="Spare")
    member = desk.member()
    desk.command("refuse admissionRequest resourceUnavailable")
    for number in (1, 2):
        member.client.admit(a_call(number, answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    assert member.client.gatekeeper_identifier == "Spare"
    answers = [event[1] for event in member.heard if event[0] == "answer"]
    assert [type(answer) for answer in answers] == [Admission, Admission]


def test_with_nobody_else_to_go_to_such_a_call_is_refused() -> None:
    desk = Desk()
    desk.gatekeeper(alternates=(SPARE,))
    member = desk.member()
    desk.command("refuse admissionRequest resourceUnavailable")
    desk.command("refuse gatekeeperRequest resourceUnavailable")
    member.client.admit(a_call(answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    desk.wait(30.0)
    assert member.heard.count(("answer", Refusal("notRegistered"))) == 1


def test_a_request_in_progress_is_waited_for() -> None:
    desk = Desk()
    gatekeeper = desk.gatekeeper(busy=20000)
    member = desk.member()
    answers: list[tuple[bytes, str]] = []
    gatekeeper._send = lambda datagram, to: answers.append((datagram, to))
    member.client.admit(a_call(), digits("1001"), digits("1001"), member.answer, desk.now)
    desk.settle()
    (progress, to), confirm = answers
    desk.post(progress, GATEKEEPER, to)
    desk.settle()
    member.names()
    desk.wait(19.0)
    assert member.names() == []
    desk.post(confirm[0], GATEKEEPER, to)
    desk.settle()
    assert isinstance(member.last[1], Admission)


def test_a_pre_granted_call_is_not_asked_for_and_not_disengaged() -> None:
    desk = Desk()
    desk.gatekeeper(pre_granted=True, routed="192.0.2.10:1720")
    member = desk.member()
    member.names()
    member.client.admit(a_call(), digits("1002"), digits("1001"), member.answer, desk.now)
    assert member.last == ("answer", Admission(CallModel.GATEKEEPER_ROUTED, "192.0.2.10:1720"))
    member.client.disengage(a_call(), desk.now)
    assert member.names() == []


def test_a_call_is_disengaged_with_its_cause_and_its_times() -> None:
    desk = Desk()
    gatekeeper = desk.gatekeeper()
    member = desk.member()
    call = a_call(answering=True)
    member.client.admit(call, digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    desk.wait(5.0)
    member.client.answered(call, desk.now)
    desk.wait(10.0)
    member.client.disengage(call, desk.now, cause=16)
    desk.settle()
    name, value = member.said[-1]
    assert name == "disengageRequest"
    assert value["terminationCause"] == ("releaseCompleteCauseIE", b"\x80\x90")
    assert value["usageInformation"]["endTime"] - value["usageInformation"]["connectTime"] == 10
    assert gatekeeper.calls == {}
    assert member.client.admitted_calls == 0


def test_the_gatekeeper_ends_a_call() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    call = a_call(answering=True)
    member.client.admit(call, digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    member.names()
    desk.command("disengage")
    assert member.last == ("disengage", call, "forcedDrop")
    member.client.disengage(call, desk.now)
    assert member.names() == ["disengageConfirm"]


def test_bandwidth_changes_both_ways() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    call = a_call(answering=True)
    member.client.admit(call, digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    member.client.change_bandwidth(call, 640, member.answer, desk.now)
    desk.settle()
    assert member.last[1].bandwidth == 640
    desk.command("bandwidth 320")
    assert member.last == ("bandwidth", call, 320)
    assert member.names()[-1] == "bandwidthConfirm"


def test_calls_are_reported_when_asked_and_as_often_as_was_said() -> None:
    desk = Desk()
    desk.gatekeeper(irr=20)
    member = desk.member()
    member.client.admit(a_call(answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    desk.command("info")
    name, value = member.said[-1]
    assert name == "infoRequestResponse"
    assert [one["callReferenceValue"] for one in value["perCallInfo"]] == [1]
    assert value["irrStatus"] == ("complete", 0)
    member.names()
    desk.wait(61.0)
    assert member.names().count("infoRequestResponse") == 3


def test_a_question_about_an_unknown_call_is_answered_so() -> None:
    desk = Desk()
    gatekeeper = desk.gatekeeper()
    member = desk.member()
    (endpoint,) = gatekeeper.endpoints.values()
    unknown = {"callReferenceValue": 9, "callIdentifier": {"guid": bytes(15) + b"\x09"}}
    gatekeeper.ask("infoRequest", endpoint, unknown)
    drop = unknown | {"endpointIdentifier": "x", "conferenceID": bytes(16), "disengageReason": ("forcedDrop", 0)}
    gatekeeper.ask("disengageRequest", endpoint, drop)
    desk.settle()
    (_, report), (name, _) = member.said[-2:]
    assert report["irrStatus"] == ("invalidCall", 0)
    assert name == "disengageReject"


def test_an_alias_is_located() -> None:
    desk = Desk()
    desk.gatekeeper()
    member, _ = desk.member(), desk.member("1002", "192.0.2.2")
    member.client.locate(digits("1002"), member.answer, desk.now)
    desk.settle()
    assert member.last[1].address == "192.0.2.2:1720"
    member.client.locate(digits("1999"), member.answer, desk.now)
    desk.settle()
    assert member.last == ("answer", Refusal("notRegistered"))


@pytest.mark.parametrize(("number", "answer"), [("1001", "locationConfirm"), ("1002", "locationReject")])
def test_we_are_located_by_our_aliases(number: str, answer: str) -> None:
    desk = Desk()
    gatekeeper = desk.gatekeeper()
    member = desk.member()
    (endpoint,) = gatekeeper.endpoints.values()
    reply = {"replyAddress": ("ipAddress", {"ip": bytes((192, 0, 2, 10)), "port": 1719})}
    gatekeeper.ask("locationRequest", endpoint, {"destinationInfo": [("dialledDigits", number)]} | reply)
    desk.settle()
    assert member.names()[-1] == answer


def test_what_an_endpoint_does_not_do_is_answered_as_not_understood() -> None:
    desk = Desk()
    gatekeeper = desk.gatekeeper()
    member = desk.member()
    (endpoint,) = gatekeeper.endpoints.values()
    gatekeeper.ask("nonStandardMessage", endpoint, {"nonStandardData": _NOT_STANDARD})
    gatekeeper.ask("serviceControlIndication", endpoint, {"serviceControl": []})
    desk.settle()
    assert member.names()[-2:] == ["unknownMessageResponse", "serviceControlResponse"]


_NOT_STANDARD: Any = {"nonStandardIdentifier": ("object", (1, 3)), "data": b"x"}


def test_only_gatekeepers_are_listened_to() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    dismissal = per.encode_ras(("unregistrationRequest", {"requestSeqNum": 1, "callSignalAddress": []}))
    member.client.receive(dismissal, "198.51.100.9:1719", desk.now)
    assert member.client.is_registered
    assert member.log == [
        {"event": "ras-dropped", "reason": "not from the gatekeeper", "source": "198.51.100.9:1719"}
    ]


def test_garbage_from_the_gatekeeper_is_dropped() -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    for octets in (b"", b"\xff" * 40, b"\x00"):
        member.client.receive(octets, GATEKEEPER, desk.now)
    assert member.client.is_registered
    assert len(member.log) == 3


def test_an_answer_of_another_kind_answers_nothing() -> None:
    timers = TimerQueue()
    sent: list[tuple[str, Any]] = []
    heard: list[str] = []
    transactions = Transactions(timers, lambda name, value, _to: sent.append((name, value)), 3.0, 3, 7)
    transactions.request("admissionRequest", {}, "192.0.2.10:1719", lambda name, *_: heard.append(name), 0.0)
    number = sent[0][1]["requestSeqNum"]
    assert not transactions.answered("disengageConfirm", {"requestSeqNum": number}, 0.0)
    assert not transactions.answered("admissionConfirm", {"requestSeqNum": number + 1}, 0.0)
    assert transactions.answered("admissionConfirm", {"requestSeqNum": number}, 0.0)
    assert heard == ["admissionConfirm"]


def test_numbers_go_round_and_skip_those_in_use() -> None:
    transactions = Transactions(TimerQueue(), lambda *_: None, 3.0, 3, 65533)
    transactions.request("locationRequest", {}, "192.0.2.10:1719", lambda *_: None, 0.0)
    assert [transactions.number() for _ in range(3)] == [65535, 1, 2]
