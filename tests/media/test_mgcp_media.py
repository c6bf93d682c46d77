"""The media gateway as a whole: lost and found again, restarted, and over a network that loses and doubles."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ends.media_resource import MediaDone
from gateway.media.mgcp_endpoint import MgcpEndpoint
from gateway.media.mgcp_gateway_table import State
from gateway.media.mgcp_settings import MgcpSettings
from gateway.model.errors import GatewayError
from tests.media.scene import Scene, sdp

LINES = MgcpSettings(endpoint="ds/e1-0/s-{channel}/su64-0@mgw")


def test_it_is_asked_for_at_the_start() -> None:
    scene = Scene()
    assert scene.model.verbs() == ["AUEP"]
    assert scene.media.state is State.UP and scene.media.is_up


def test_a_gateway_that_does_not_answer_is_lost_and_found_by_audits() -> None:
    scene = Scene(start=False)
    scene.is_there = False
    scene.media.start(0)
    scene.run(6)
    assert not scene.media.is_up
    endpoint, heard = scene.reserve(sdp())
    assert heard == [None]
    assert endpoint.failure and (endpoint.failure.sip_status, endpoint.failure.cause) == (503, 47)
    scene.is_there = True
    scene.run(15)
    assert scene.media.state is State.UP
    assert scene.notes.events == ["media.lost", "media.found"]


def test_whoever_waits_hears_within_the_patience() -> None:
    scene = Scene()
    scene.is_there = False
    _, heard = scene.reserve(sdp())
    scene.run(scene.settings.times.patience)
    assert heard == [None]


def test_a_lost_gateway_refuses_at_once() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    scene.is_there = False
    scene.run(20)
    assert scene.modify(endpoint, sdp(direction="sendonly"), seconds=0) is None


def test_what_a_restarted_gateway_has_forgotten_is_set_up_anew() -> None:
    scene = Scene()
    moved: list[bytes] = []
    for channel in (1, 2):
        scene.media.reserve(
            "pri", channel, sdp(direction="sendonly"), lambda *_: None, 0, lambda session, _: moved.append(session)
        )
    scene.run(0.1)
    scene.model.first_port = 18_000
    scene.model.restart()
    scene.say(b"RSIP 1 *@mgw MGCP 1.0\r\nRM: restart\r\n")
    scene.run(1)
    assert scene.model.total == 2
    assert scene.model.mode() == "recvonly"
    assert [b"m=audio 18000 " in each or b"m=audio 18002 " in each for each in moved] == [True, True]
    assert all(b"o=- " in each and b" 2 IN IP4" in each for each in moved)


def test_a_restart_without_a_word_is_noticed_by_the_next_look() -> None:
    scene = Scene()
    for channel in (1, 2, 3):
        scene.reserve(sdp(), channel)
    scene.model.restart()
    scene.run(scene.settings.audit + 1)
    assert scene.model.total == 3
    assert "media.gone" in scene.notes.events


def test_a_gateway_that_only_was_out_of_reach_keeps_its_connections() -> None:
    scene = Scene()
    moved: list[bytes] = []
    scene.media.reserve("pri", 1, sdp(), lambda *_: None, 0, lambda session, _: moved.append(session))
    scene.run(0.1)
    scene.is_there = False
    scene.run(30)
    assert not scene.media.is_up
    scene.is_there = True
    scene.run(20)
    assert scene.media.state is State.UP
    assert moved == [] and scene.model.total == 1 and scene.model.verbs().count("CRCX") == 1


def test_what_was_released_out_of_reach_is_deleted_later() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    scene.is_there = False
    endpoint.release(scene.now)
    scene.run(20)
    assert scene.media.statistics()["left_over"] == 1
    scene.is_there = True
    scene.run(20)
    assert scene.model.total == 0
    assert scene.media.statistics() == {"state": "up", "endpoints": 0, "left_over": 0}


@pytest.mark.parametrize(
    ("method", "endpoint", "state"),
    [
        ("graceful", "*@mgw", State.LEAVING),
        ("forced", "*@mgw", State.LEAVING),
        ("graceful", "ds/e1-0/*@mgw", State.UP),
        ("forced", "ds/e1-0/*@mgw", State.UP),
        ("disconnected", "*@mgw", State.UP),
    ],
)
def test_what_the_gateway_says_of_itself(method: str, endpoint: str, state: State) -> None:
    scene = Scene()
    scene.say(f"RSIP 9 {endpoint} MGCP 1.0\r\nRM: {method}\r\n".encode())
    assert scene.sent[-1] == b"200 9 OK\r\n"
    scene.run(0.1)
    assert scene.media.state is state


def test_one_that_leaves_takes_no_calls_until_it_is_back() -> None:
    scene = Scene()
    scene.say(b"RSIP 9 *@mgw MGCP 1.0\r\nRM: graceful\r\n")
    scene.run(0.1)
    assert scene.reserve(sdp())[1] == [None]
    scene.say(b"RSIP 10 *@mgw MGCP 1.0\r\nRM: restart\r\n")
    scene.run(0.1)
    assert scene.reserve(sdp())[1] != [None]


def test_a_command_that_is_not_known_is_refused() -> None:
    scene = Scene()
    scene.say(b"EPCF 9 *@mgw MGCP 1.0\r\n")
    assert scene.sent[-1].startswith(b"504 9 ")


def test_what_is_no_mgcp_is_dropped() -> None:
    scene = Scene()
    scene.say(b"\xff\x00")
    assert scene.notes.events == ["media.unreadable"]


def test_a_wildcard_carried_out_twice_leaves_one_connection() -> None:
    """osmo-mgw takes a repeated CRCX with a wildcard for another one."""
    scene = Scene()
    late: list[bytes] = []

    def hold(octets: bytes) -> bytes | None:
        if b"Z:" not in octets:
            return octets
        late.append(octets)
        return None

    scene.to_us, scene.model.forgets = hold, True
    heard: list[bytes | None] = []
    scene.media.reserve("pri", 1, sdp(), lambda session, _: heard.append(session), scene.now)
    scene.run(0.3)
    assert scene.model.total == 2 and len(late) == 2
    scene.to_us, scene.model.forgets = lambda octets: octets, False
    for each in late:
        scene.say(each)
    scene.run(1)
    assert len(heard) == 1 and heard[0]
    assert scene.model.total == 1


def test_calls_outlive_a_restart_of_ours() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp(direction="sendonly"))
    snapshot = json.loads(json.dumps(endpoint.snapshot()))
    again = Scene(seed=1, start=False)
    again.model = scene.model
    moved: list[bytes] = []
    restored = again.media.restore(snapshot, 0, lambda session, _: moved.append(session))
    again.media.start(0)
    again.run(1)
    assert restored.local == endpoint.local
    assert moved == [] and scene.model.verbs().count("CRCX") == 1
    session = again.modify(restored, sdp())
    assert session and b" 2 IN IP4" in session and scene.model.mode() == "sendrecv"
    restored.release(again.now)
    again.run(1)
    assert scene.model.total == 0


def test_what_is_gone_after_a_restart_of_ours_is_set_up_anew() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    again = Scene(seed=1)
    moved: list[bytes] = []
    again.model.first_port = 18_000
    again.model.restart()
    again.media.restore(endpoint.snapshot(), 0, lambda session, _: moved.append(session))
    again.run(1)
    assert again.model.total == 1
    assert len(moved) == 1 and b"m=audio 18000 " in moved[0]


@pytest.mark.parametrize("snapshot", [{}, {"channel": "x", "session": 1}, {"channel": 1, "session": 1, "trunk": "a"}])
def test_a_snapshot_that_is_none(snapshot: dict[str, object]) -> None:
    with pytest.raises(GatewayError):
        Scene().media.restore(snapshot, 0)


_STEPS = st.one_of(
    st.tuples(st.just("reserve"), st.integers(1, 4)),
    st.tuples(st.just("modify"), st.integers(0, 9)),
    st.tuples(st.just("release"), st.integers(0, 9)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("away"), st.integers(1, 12)),
    st.tuples(st.just("wait"), st.integers(0, 20)),
)


NAMED = MgcpSettings(endpoint="rtpbridge/{channel}@mgw", board=("192.0.2.50", 30_000))


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEPS, max_size=25), st.sampled_from([MgcpSettings(), NAMED, LINES]), st.integers(0, 99))
def test_each_request_is_answered_once_and_nothing_is_left(
    steps: list[tuple[str, int]], kind: MgcpSettings, seed: int
) -> None:
    scene = Scene(kind, seed=seed)
    scene.chance = 0.3
    endpoints: list[MgcpEndpoint] = []
    requests: list[tuple[MgcpEndpoint, list[bytes | None]]] = []
    for step, number in steps:
        heard: list[bytes | None] = []
        done = _into(heard)
        if step == "reserve":
            endpoints.append(scene.media.reserve("pri", number, sdp() if number % 2 else b"", done, scene.now))
            requests.append((endpoints[-1], heard))
        elif step == "modify" and endpoints:
            endpoint = endpoints[number % len(endpoints)]
            endpoint.modify(sdp(direction="sendonly" if number % 2 else "sendrecv"), None, done, scene.now)
            requests.append((endpoint, heard))
        elif step == "release" and endpoints:
            endpoints[number % len(endpoints)].release(scene.now)
        elif step == "restart":
            scene.model.restart()
        elif step == "away":
            scene.is_there = False
            scene.run(number)
            scene.is_there = True
        elif step == "wait":
            scene.run(number / 4)
    scene.chance = 0.0
    scene.run(300)
    assert all(len(heard) == 1 for endpoint, heard in requests if not endpoint.is_released)
    assert all(len(heard) <= 1 for _, heard in requests)
    assert scene.model.total >= sum(not each.is_released and each.local != b"" for each in endpoints)
    for endpoint in endpoints:
        endpoint.release(scene.now)
    scene.run(120)
    assert scene.media.statistics() == {"state": "up", "endpoints": 0, "left_over": 0}
    assert scene.model.total == 0 or "*" in kind.endpoint


def _into(heard: list[bytes | None]) -> MediaDone:
    return lambda session, _: heard.append(session)
