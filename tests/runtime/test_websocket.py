"""SIP in a WebSocket (RFC 7118): subprotocol, one message in one, both sides."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.configuration import Tls
from gateway.model.errors import DecodeError
from gateway.runtime.websocket import WebSocketWire
from gateway.sip.flow import Flow, Transport
from tests.peers.authority import Authority
from tests.runtime.station import Runner, both_loops, options, soon, station

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: here.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
SUBPROTOCOL = b"Sec-WebSocket-Protocol: sip\r\n\r\n"


def _opened(most: int = 65_535) -> tuple[WebSocketWire, WebSocketWire]:
    client, server = WebSocketWire(most, "here.example"), WebSocketWire(most)
    assert list(server.feed(client.greeting())) == []
    assert list(client.feed(_taken(server))) == []
    assert client.is_open
    assert server.is_open
    return client, server


def _taken(wire: WebSocketWire) -> bytes:
    replies, wire.replies = wire.replies, b""
    return replies


def test_the_handshake_names_sip_and_the_example_key_is_answered_as_the_standard_does() -> None:
    server = WebSocketWire(65_535)
    assert list(server.feed(HANDSHAKE + SUBPROTOCOL)) == []
    answer = _taken(server).lower()
    assert answer.startswith(b"http/1.1 101")
    assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in answer
    assert b"sec-websocket-protocol: sip\r\n" in answer


def test_another_subprotocol_is_refused() -> None:
    for named in (b"\r\n", b"Sec-WebSocket-Protocol: xmpp\r\n\r\n"):
        server = WebSocketWire(65_535)
        with pytest.raises(DecodeError, match="subprotocol"):
            list(server.feed(HANDSHAKE + named))
        assert _taken(server).startswith(b"HTTP/1.1 400")
        assert not server.is_open


def test_a_server_that_does_not_speak_sip_is_left() -> None:
    client = WebSocketWire(65_535, "here.example")
    client.greeting()
    with pytest.raises(DecodeError, match="refused with 404"):
        list(client.feed(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


def test_text_and_octets_are_messages() -> None:
    client, server = _opened()
    for body in (b"", "grüße".encode(), b"\xff\xfe"):
        assert list(server.feed(client.pack(options(1, body)))) == [options(1, body)]
        assert list(client.feed(server.pack(options(2, body)))) == [options(2, body)]


def test_a_message_longer_than_allowed_ends_it() -> None:
    client, server = _opened(200)
    with pytest.raises(DecodeError, match="more than 200"):
        list(server.feed(client.pack(options(1, bytes(300)))))


def test_a_ping_gets_a_pong_and_line_ends_a_line_end() -> None:
    client, server = _opened()
    assert list(server.feed(client.ping())) == []
    assert _taken(server)[:1] == b"\x8a"
    assert list(server.feed(client.pack(b"\r\n\r\n"))) == []
    assert list(client.feed(_taken(server))) == []
    assert list(server.feed(client.pack(options()))) == [options()]


@given(st.lists(st.binary(min_size=1, max_size=80)), st.booleans())
def test_random_octets_give_messages_or_one_error(pieces: list[bytes], is_open: bool) -> None:
    wire = WebSocketWire(200)
    try:
        if is_open:
            list(wire.feed(HANDSHAKE + SUBPROTOCOL))
        for piece in pieces:
            assert all(len(message) <= 200 for message in wire.feed(piece))
    except DecodeError:
        pass


@both_loops
def test_two_of_us_talk_by_websocket(run: Runner) -> None:
    async def exchange() -> None:
        async with station("ws:127.0.0.1:0") as here, station("ws:127.0.0.1:0") as there:
            here.transports.send(here.to(there), options(1))
            here.transports.send(here.to(there), options(2))
            octets, flow = await there.message()
            assert octets == options(1)
            assert (await there.message())[0] == options(2)
            there.transports.send(flow, b"SIP/2.0 200 OK\r\n\r\n")
            assert (await here.message())[0] == b"SIP/2.0 200 OK\r\n\r\n"

    run(exchange())


@both_loops
def test_a_handshake_that_does_not_end_is_not_waited_for(run: Runner) -> None:
    async def exchange() -> None:
        async with station("ws:127.0.0.1:0", patience=0.3) as there:
            reader, writer = await asyncio.open_connection("127.0.0.1", there.bound[0].port)
            writer.write(b"GET / HTTP/1.1\r\n")
            with suppress(ConnectionError):
                assert await soon(reader.read()) == b""
            writer.close()

    run(exchange())


@both_loops
def test_an_independent_program_connects_to_us_and_we_to_it(run: Runner) -> None:
    websockets = pytest.importorskip("websockets")

    async def exchange() -> None:
        async with station("ws:127.0.0.1:0") as there:
            address = f"ws://127.0.0.1:{there.bound[0].port}/"
            async with websockets.connect(address, subprotocols=["sip"]) as client:
                await client.send(options().decode())
                octets, flow = await there.message()
                assert octets == options()
                there.transports.send(flow, b"SIP/2.0 200 OK\r\n\r\n")
                assert await soon(client.recv()) == "SIP/2.0 200 OK\r\n\r\n"
                await soon(await client.ping())
            assert await there.failure() == flow

            async def echo(server: object) -> None:
                async for message in server:  # type: ignore[attr-defined]
                    await server.send(message)  # type: ignore[attr-defined]

            async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["sip"]) as server:
                port = server.sockets[0].getsockname()[1]
                there.transports.send(Flow(Transport.WS, "127.0.0.1", port), options(2))
                assert (await there.message())[0] == options(2)

    run(exchange())


@both_loops
def test_websocket_over_tls(run: Runner, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.issue("own", "DNS:sbc.example")
    secured = Tls(certificate=own.certificate, key=own.key, authorities=authority.certificate)

    async def exchange() -> None:
        async with station("wss:127.0.0.1:0", tls=secured) as here, station("wss:127.0.0.1:0", tls=secured) as there:
            here.transports.send(here.to(there, server_name="sbc.example"), options())
            assert (await there.message())[0] == options()

    run(exchange())
