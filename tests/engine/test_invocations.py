"""Results name their invoke, not their operation: what was invoked is remembered, for as many calls as fit."""

from gateway.engine.invocations import CALLS_KEPT, Invocations


def test_each_side_has_ids_of_its_own() -> None:
    invocations = Invocations()
    invocations.invoked("call", "user", 1, "EctLinkIdRequest", "etsi-ect")
    invocations.invoked("call", "network", 1, "EctInform", "etsi-ect")
    assert invocations.pending("call", "user") == {1: "EctLinkIdRequest"}
    assert invocations.dialect("call", "network", 1) == "etsi-ect"
    assert invocations.dialect("call", "network", 2) is None


def test_the_calls_that_were_silent_longest_are_forgotten() -> None:
    invocations = Invocations()
    for number in range(CALLS_KEPT):
        invocations.invoked(str(number), "user", 1, "EctExecute", "etsi-ect")
    invocations.invoked("0", "user", 2, "EctInform", "etsi-ect")
    invocations.invoked("new", "user", 1, "EctExecute", "etsi-ect")
    assert invocations.pending("1", "user") == {}
    assert invocations.pending("0", "user") == {1: "EctExecute", 2: "EctInform"}
