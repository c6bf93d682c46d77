"""Digest authentication: the worked examples of RFC 7616 and RFC 2617, and what a server must not fall for."""

from collections.abc import Callable
from itertools import count as counting

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.digest import Challenger, NonceCounts, Verdict, authorization, is_stale
from gateway.sip.peer_profile import Credential

MUFASA = Credential("Mufasa", "Circle of Life", "http-auth@example.org")
# RFC 7616 §3.9.1
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
SHA256, MD5 = (
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE}", '
    f'opaque="{OPAQUE}"'
    for algorithm in ("SHA-256", "MD5")
)
BOB = Credential("bob", "zanzibar")
URI = "sip:+15550100002@gw.example.net"


def tokens() -> Callable[[], str]:
    number = counting(1)
    return lambda: f"token{next(number):016d}"


def answered(
    challenges: tuple[str, ...], counts: NonceCounts | None = None, *, body: bytes = b"", who: Credential = BOB
) -> str:
    value = authorization(challenges, "REFER", URI, body, (who,), "0a4f113b", counts or NonceCounts())
    assert value is not None
    return value


def test_example_of_rfc_7616_with_sha_256() -> None:
    value = authorization((SHA256, MD5), "GET", "/dir/index.html", b"", (MUFASA,), CNONCE, NonceCounts())
    assert value == (
        'Digest username="Mufasa", realm="http-auth@example.org", '
        f'nonce="{NONCE}", uri="/dir/index.html", '
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", algorithm=SHA-256, '
        f'cnonce="{CNONCE}", opaque="{OPAQUE}", qop=auth, nc=00000001'
    )


def test_example_of_rfc_7616_with_md5() -> None:
    value = authorization((MD5,), "GET", "/dir/index.html", b"", (MUFASA,), CNONCE, NonceCounts())
    assert value is not None
    assert 'response="8ca523f5e9506fed4657c9700eebdbec"' in value


def test_example_of_rfc_2617_with_qop() -> None:
    challenge = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    mufasa = Credential("Mufasa", "Circle Of Life")
    value = authorization((challenge,), "GET", "/dir/index.html", b"", (mufasa,), "0a4f113b", NonceCounts())
    assert value is not None
    assert 'response="6629fae49393a05397450978507c4ef1"' in value
    assert "algorithm" not in value


def test_a_server_without_qop_gets_neither_count_nor_cnonce() -> None:
    value = answered(('Digest realm="pbx", nonce="1"',))
    assert "nc=" not in value
    assert "cnonce=" not in value
    assert "qop=" not in value


def test_the_topmost_challenge_that_we_understand_is_answered() -> None:
    unknown = 'Digest realm="pbx", nonce="0", algorithm=SHA-3'
    value = answered((unknown, 'Digest realm="pbx", nonce="1", algorithm=MD5', 'Digest realm="pbx", nonce="2"'))
    assert 'nonce="1"' in value


def test_no_credential_for_the_realm_is_no_answer() -> None:
    assert authorization((SHA256,), "GET", "/", b"", (Credential("a", "b", "other"),), "c", NonceCounts()) is None
    assert authorization(("Basic realm=x",), "GET", "/", b"", (BOB,), "c", NonceCounts()) is None


def test_each_use_of_a_nonce_counts_up() -> None:
    counts = NonceCounts()
    assert [answered((SHA256,), counts, who=MUFASA)[-8:] for _ in range(3)] == ["00000001", "00000002", "00000003"]


def test_counts_are_kept_for_the_latest_nonces_only() -> None:
    counts = NonceCounts(most=2)
    assert [counts.next(nonce) for nonce in ("a", "b", "a", "c", "b", "a")] == [1, 1, 2, 1, 1, 1]


def test_stale_is_told_from_a_wrong_password() -> None:
    assert is_stale(('Digest realm="pbx", nonce="1", stale=TRUE',))
    assert not is_stale(('Digest realm="pbx", nonce="1"',))


ALGORITHMS = ("SHA-256", "MD5", "SHA-256-sess", "MD5-sess", "SHA-512-256")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("qop", ["auth", "auth-int", "auth-int,auth"])
def test_both_sides_agree(algorithm: str, qop: str) -> None:
    challenger = Challenger("pbx", (algorithm,), tokens(), qop=qop)
    value = answered(challenger.challenge(10.0), body=b"v=0")
    assert challenger.verify(value, "REFER", URI, b"v=0", (BOB,), 11.0) is Verdict.OK


def test_one_challenge_per_algorithm_in_order_with_the_same_nonce() -> None:
    first, second = Challenger("pbx", ("SHA-256", "MD5"), tokens()).challenge(0.0)
    assert "algorithm=SHA-256" in first
    assert first.replace("SHA-256", "MD5") == second


@pytest.mark.parametrize(
    ("who", "method", "expected"),
    [
        (Credential("bob", "wrong"), "REFER", Verdict.WRONG),
        (Credential("eve", "zanzibar"), "REFER", Verdict.WRONG),
        (BOB, "INVITE", Verdict.WRONG),
    ],
)
def test_wrong_password_user_or_method(who: Credential, method: str, expected: Verdict) -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens())
    value = answered(challenger.challenge(0.0), who=who)
    assert challenger.verify(value, method, URI, b"", (BOB,), 1.0) is expected


def test_a_changed_body_is_noticed_with_auth_int() -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens(), qop="auth-int")
    value = answered(challenger.challenge(0.0), body=b"v=0")
    assert challenger.verify(value, "REFER", URI, b"v=1", (BOB,), 1.0) is Verdict.WRONG


def test_an_algorithm_that_was_not_offered_is_refused() -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens())
    (challenge,) = challenger.challenge(0.0)
    value = answered((challenge.replace("SHA-256", "MD5"),))
    assert challenger.verify(value, "REFER", URI, b"", (BOB,), 1.0) is Verdict.WRONG


def test_a_nonce_grows_old() -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens(), lifetime=60.0)
    challenge = challenger.challenge(100.0)
    assert challenger.verify(answered(challenge), "REFER", URI, b"", (BOB,), 160.0) is Verdict.OK
    assert challenger.verify(answered(challenge), "REFER", URI, b"", (BOB,), 161.0) is Verdict.STALE


def test_a_nonce_of_somebody_else_is_stale() -> None:
    other, ours = Challenger("pbx", ("SHA-256",), lambda: "other" * 4), Challenger("pbx", ("SHA-256",), tokens())
    value = answered(other.challenge(0.0))
    assert ours.verify(value, "REFER", URI, b"", (BOB,), 0.0) is Verdict.STALE


def test_the_same_count_again_is_a_replay() -> None:
    challenger, counts = Challenger("pbx", ("SHA-256",), tokens()), NonceCounts()
    challenge = challenger.challenge(0.0)
    first, second = answered(challenge, counts), answered(challenge, counts)
    verdicts = [challenger.verify(value, "REFER", URI, b"", (BOB,), 1.0) for value in (first, first, second)]
    assert verdicts == [Verdict.OK, Verdict.REPLAYED, Verdict.OK]


def test_without_qop_a_nonce_is_good_for_one_request() -> None:
    challenger = Challenger("pbx", ("MD5",), tokens())
    (challenge,) = challenger.challenge(0.0)
    value = answered((challenge.replace(', qop="auth"', ""),))
    verdicts = [challenger.verify(value, "REFER", URI, b"", (BOB,), 1.0) for _ in range(2)]
    assert verdicts == [Verdict.OK, Verdict.STALE]


def test_without_qop_the_uri_must_be_that_of_the_request() -> None:
    challenger = Challenger("pbx", ("MD5",), tokens())
    (challenge,) = challenger.challenge(0.0)
    value = answered((challenge.replace(', qop="auth"', ""),))
    assert challenger.verify(value, "REFER", "sip:other", b"", (BOB,), 1.0) is Verdict.WRONG


def test_a_forgotten_count_cannot_be_replayed() -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens(), most=2)
    values = [answered(challenger.challenge(0.0)) for _ in range(4)]
    assert [challenger.verify(value, "REFER", URI, b"", (BOB,), 1.0) for value in values] == [Verdict.OK] * 4
    assert challenger.verify(values[0], "REFER", URI, b"", (BOB,), 1.0) is Verdict.STALE


@pytest.mark.parametrize(
    "value",
    [
        "",
        "NoOneKnowsThisScheme opaque-data=here",
        "Digest",
        'Digest username="bob"',
        'Digest username="bob", realm="pbx", nonce="1", uri="x", response="y", qop=auth, nc=1, cnonce="c"',
        'Digest username="bob", realm="pbx", nonce="1", uri="x", response="y", algorithm=SHA-3',
    ],
)
def test_unreadable_credentials(value: str) -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens())
    assert challenger.verify(value, "REFER", URI, b"", (BOB,), 0.0) is Verdict.MALFORMED


def test_quotes_in_a_user_name_are_escaped() -> None:
    quoted = Credential('bo"b\\', "zanzibar")
    challenger = Challenger("pbx", ("SHA-256",), tokens())
    value = answered(challenger.challenge(0.0), who=quoted)
    assert r'username="bo\"b\\"' in value
    assert challenger.verify(value, "REFER", URI, b"", (quoted,), 0.0) is Verdict.OK


@given(st.text(max_size=100) | st.text('Digest abnocreuirspl="\\,;= .0123', max_size=200).map("Digest ".__add__))
def test_nothing_that_a_peer_sends_is_an_error(value: str) -> None:
    challenger = Challenger("pbx", ("SHA-256",), tokens())
    assert challenger.verify(value, "REFER", URI, b"", (BOB,), 0.0) is not Verdict.OK
    authorization((value,), "REFER", URI, b"", (BOB,), "c", NonceCounts())
