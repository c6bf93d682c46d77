"""TLS: versions, mutual authentication, whom a certificate is for, certificates that change."""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509

from gateway.configuration import Limits, Tls
from gateway.model.errors import GatewayError
from gateway.runtime.tls import is_for, names
from gateway.runtime.transports import Transports
from gateway.sip.flow import Flow
from tests.peers.authority import Authority, Certificate
from tests.runtime.station import Runner, Station, both_loops, options, soon, station


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Certificate:
    return authority.issue("ours", "DNS:sbc.example", "DNS:*.wild.example", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def theirs(authority: Authority) -> Certificate:
    return authority.issue("theirs", "URI:sip:peer.example", "DNS:edge7.example")


def _tls(authority: Authority, own: Certificate | None, verify: str = "peer", minimum: str = "1.2") -> Tls:
    return Tls(
        certificate=own.certificate if own else None,
        key=own.key if own else None,
        authorities=authority.certificate,
        verify=verify,  # type: ignore[arg-type]
        minimum=minimum,  # type: ignore[arg-type]
    )


async def _refused(here: Station, way: Flow) -> str:
    here.transports.send(way, options())
    assert (await here.failure())._replace(connection=0) == way
    assert await here.failure() == way
    return str((await here.note("connection_failed"))["reason"])


@both_loops
def test_both_ends_know_each_other_by_their_certificates(
    run: Runner, authority: Authority, ours: Certificate, theirs: Certificate
) -> None:
    async def exchange() -> None:
        async with (
            station("tls:127.0.0.1:0", tls=_tls(authority, theirs)) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, ours, "require")) as there,
        ):
            way = here.to(there, server_name="sbc.example")
            here.transports.send(way, options())
            octets, flow = await there.message()
            assert octets == options()
            assert there.transports.peer_names(flow) == ("peer.example", "edge7.example")
            there.transports.send(flow, options(2))
            answered = (await here.message())[1]
            assert answered == way._replace(connection=answered.connection)
            assert here.transports.peer_names(way) == ("sbc.example", "*.wild.example", "127.0.0.1")

    run(exchange())


@both_loops
def test_a_certificate_for_somebody_else_is_refused_before_anything_is_said(
    run: Runner, authority: Authority, ours: Certificate
) -> None:
    async def exchange() -> None:
        async with (
            station(tls=_tls(authority, None)) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, ours)) as there,
        ):
            why = await _refused(here, here.to(there, server_name="other.example"))
            assert why.startswith("the certificate is not for other.example but for sbc.example")
            assert there.messages.empty()

    run(exchange())


@both_loops
def test_a_uri_a_wildcard_and_an_address_in_the_certificate_are_names(
    run: Runner, authority: Authority, ours: Certificate, theirs: Certificate
) -> None:
    async def exchange() -> None:
        async with (
            station(tls=_tls(authority, None)) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, ours)) as there,
            station("tls:127.0.0.1:0", tls=_tls(authority, theirs)) as peer,
        ):
            for other, name in ((there, "a.wild.example"), (there, ""), (peer, "peer.example")):
                here.transports.send(here.to(other, server_name=name), options())
                assert (await other.message())[0] == options()

    run(exchange())


@both_loops
def test_expired_and_unknown_certificates_are_refused_with_the_reason(
    run: Runner, authority: Authority, tmp_path: Path
) -> None:
    expired = authority.issue("expired", "IP:127.0.0.1", end="20210101000000Z")
    stranger = Authority(tmp_path, "stranger").issue("stranger", "IP:127.0.0.1")

    async def exchange() -> None:
        async with (
            station(tls=_tls(authority, None)) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, expired)) as old,
            station("tls:127.0.0.1:0", tls=_tls(authority, stranger)) as strange,
        ):
            assert "expired" in await _refused(here, here.to(old))
            assert "issuer" in await _refused(here, here.to(strange))

    run(exchange())


@both_loops
def test_without_verification_the_laboratory_works(run: Runner, authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").issue("stranger", "DNS:elsewhere.example")

    async def exchange() -> None:
        async with (
            station(tls=Tls(verify="off")) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, stranger, "off")) as there,
        ):
            here.transports.send(here.to(there), options())
            assert (await there.message())[0] == options()

    run(exchange())


@both_loops
def test_one_without_a_certificate_is_refused_where_both_have_to_show_one(
    run: Runner, authority: Authority, ours: Certificate
) -> None:
    async def exchange() -> None:
        async with (
            station(tls=_tls(authority, None)) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, ours, "require")) as there,
        ):
            here.transports.send(here.to(there), options())
            await here.failure()
            assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in (await there.note("connection_failed"))["reason"]
            assert there.messages.empty()
            assert there.transports.connections == 0

    run(exchange())


@both_loops
def test_new_certificates_are_for_new_connections_and_open_ones_stay(
    run: Runner, authority: Authority, ours: Certificate
) -> None:
    renewed = authority.issue("renewed", "DNS:sbc.example", "DNS:renewed.example")

    async def exchange() -> None:
        async with (
            station(tls=_tls(authority, None)) as here,
            station("tls:127.0.0.1:0", tls=_tls(authority, ours)) as there,
        ):
            old, new = here.to(there, server_name="sbc.example"), here.to(there, server_name="renewed.example")
            here.transports.send(old, options())
            await there.message()
            there.transports.reload_tls(_tls(authority, renewed))
            here.transports.send(new, options(2))
            await there.message()
            here.transports.send(old, options(3))
            assert (await there.message())[0] == options(3)
            assert "renewed.example" in here.transports.peer_names(new)
            assert "renewed.example" not in here.transports.peer_names(old)
            with pytest.raises(GatewayError):
                there.transports.reload_tls(Tls(certificate=ours.certificate, key=renewed.key))
            assert there.transports.connections == 2

    run(exchange())


@both_loops
def test_openssl_talks_to_us(run: Runner, authority: Authority, ours: Certificate, theirs: Certificate) -> None:
    async def exchange(version: str) -> None:
        async with station("tls:127.0.0.1:0", tls=_tls(authority, ours, "require")) as there:
            client = await asyncio.create_subprocess_exec(
                "openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{there.bound[0].port}", version,
                "-CAfile", str(authority.certificate), "-verify_return_error", "-verify_hostname", "sbc.example",
                "-cert", str(theirs.certificate), "-key", str(theirs.key),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            assert client.stdin and client.stdout
            client.stdin.write(options())
            octets, flow = await there.message()
            assert octets == options()
            there.transports.send(flow, b"SIP/2.0 200 OK\r\n\r\n")
            assert await soon(client.stdout.readline()) == b"SIP/2.0 200 OK\r\n"
            client.terminate()
            await soon(client.wait())

    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    for version in ("-tls1_2", "-tls1_3"):
        run(exchange(version))


@both_loops
def test_without_a_certificate_one_of_its_own_making_is_shown(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tls:127.0.0.1:0") as there:
            assert (await there.note("tls.self_signed"))["listener"] == "tls:127.0.0.1:0"
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            _, writer = await soon(asyncio.open_connection("127.0.0.1", there.bound[0].port, ssl=context))
            shown = ssl.DER_cert_to_PEM_cert(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
            assert x509.load_pem_x509_certificate(shown.encode()).subject.rfc4514_string() == "CN=refergate"
            writer.write(options())
            octets, _ = await there.message()
            assert octets == options()
            writer.close()

    run(exchange())


@both_loops
def test_a_version_below_the_least_is_refused(run: Runner, authority: Authority, ours: Certificate) -> None:
    async def exchange() -> None:
        async with station("tls:127.0.0.1:0", tls=_tls(authority, ours, minimum="1.3")) as there:
            context = ssl.create_default_context(cafile=str(authority.certificate))
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises(OSError):
                await soon(asyncio.open_connection("127.0.0.1", there.bound[0].port, ssl=context))
            assert "TLS" in (await there.note("connection_failed"))["reason"]

    run(exchange())


@both_loops
def test_plain_sip_on_a_tls_port_is_no_handshake(run: Runner, authority: Authority, ours: Certificate) -> None:
    async def exchange() -> None:
        async with station("tls:127.0.0.1:0", tls=_tls(authority, ours)) as there:
            reader, writer = await asyncio.open_connection("127.0.0.1", there.bound[0].port)
            writer.write(options())
            with suppress(ConnectionError):
                await soon(reader.read())
            writer.close()
            await there.note("connection_failed")
            assert there.transports.connections == 0

    run(exchange())


@both_loops
def test_a_place_that_cannot_be_listened_on_is_named(run: Runner, tmp_path: Path) -> None:
    async def exchange() -> None:
        with pytest.raises(GatewayError, match=r"udp:192\.0\.2\.77:5060: cannot listen"):
            async with station("udp:192.0.2.77:5060"):
                pass
        missing = Tls(certificate=tmp_path / "none.pem")
        with pytest.raises(GatewayError, match=r"none\.pem: certificate or key"):
            Transports(asyncio.get_running_loop(), print, print, missing, Limits(), float)

    run(exchange())


def test_the_names_of_a_certificate() -> None:
    certificate = {
        "subject": ((("commonName", "cn.example"),),),
        "subjectAltName": (("DNS", "Edge.example"), ("URI", "sip:Domain.example"), ("IP Address", "192.0.2.1")),
    }
    assert names(certificate) == ("domain.example", "edge.example", "192.0.2.1")
    assert names({"subject": ((("commonName", "cn.example"),),)}) == ("cn.example",)
    assert names({}) == names(None) == ()


@pytest.mark.parametrize(
    ("certified", "host", "fits"),
    [
        ("a.example", "A.example.", True),
        ("a.example", "b.a.example", False),
        ("*.example.org", "a.example.org", True),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", "example.org", False),
        ("*.org", "example.org", False),
        ("*", "example", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("*.0.2.1", "192.0.2.1", False),
        ("0:0:0:0:0:0:0:1", "::1", True),
    ],
)
def test_whom_a_name_stands_for(certified: str, host: str, fits: bool) -> None:
    assert is_for((certified,), host) is fits
