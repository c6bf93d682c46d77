"""MGCP messages: commands, responses, and several of them in one datagram (RFC 3435 §3.2, §3.3, §3.5.5)."""

from dataclasses import dataclass

from gateway.model.errors import DecodeError, LocalProtocolError

HIGHEST_TRANSACTION = 999_999_999
LONGEST = 4_000
"""Octets of a datagram that every implementation can take (RFC 3435 §3.5)."""

_PROTOCOL = "MGCP 1.0"

Parameters = tuple[tuple[str, str], ...]
"""Names in capitals ("C", "I", "X-FLOWER") and values, in their order."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: verb in capitals, transaction (1…999999999), endpoint, parameters, session description or b""."""

    verb: str
    transaction: int
    endpoint: str
    parameters: Parameters = ()
    session: bytes = b""

    def value(self, name: str) -> str:
        """The value of the first parameter of that name; "" when it has none."""
        return _value(self.parameters, name)

    def encoded(self) -> bytes:
        """Its octets. Raises LocalProtocolError when a line would not stay one line."""
        first = f"{self.verb} {self.transaction} {self.endpoint} {_PROTOCOL}"
        return _encoded(first, self.parameters, self.session)


@dataclass(frozen=True, slots=True)
class Response:
    """One response: code (000…999), the transaction that it belongs to, comment, parameters, session descriptions."""

    code: int
    transaction: int
    comment: str = ""
    parameters: Parameters = ()
    session: bytes = b""

    @property
    def is_provisional(self) -> bool:
        """Whether the final one is still to come."""
        return 100 <= self.code < 200

    @property
    def is_success(self) -> bool:
        """Whether the command was carried out."""
        return 200 <= self.code < 300

    def value(self, name: str) -> str:
        """The value of the first parameter of that name; "" when it has none."""
        return _value(self.parameters, name)

    def has(self, name: str) -> bool:
        """Whether there is a parameter of that name, be it empty."""
        return any(name == own for own, _ in self.parameters)

    def encoded(self) -> bytes:
        """Its octets. Raises LocalProtocolError when a line would not stay one line."""
        first = f"{self.code:03d} {self.transaction} {self.comment}".rstrip()
        return _encoded(first, self.parameters, self.session)


def messages(datagram: bytes) -> list[Command | Response]:
    """What a datagram holds. Raises DecodeError; what stands before the faulty message is then lost too."""
    found: list[list[bytes]] = [[]]
    for line in datagram.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line == b".":
            found.append([])
        else:
            found[-1].append(line)
    return [_message(lines) for lines in found]


def _message(lines: list[bytes]) -> Command | Response:
    head = lines.index(b"") if b"" in lines else len(lines)
    rest = lines[head + 1 :]
    session = b"\r\n".join([*rest, b""]) if any(rest) else b""
    while session.endswith(b"\r\n\r\n"):
        session = session[:-2]
    texts = [line.decode("utf-8", "replace").strip() for line in lines[:head]]
    if not texts:
        raise DecodeError("an MGCP message without a first line")
    parameters = tuple(_parameter(text) for text in texts[1:])
    first = texts[0].split()
    if len(first) > 1 and len(first[0]) == 3 and _is_number(first[0]):
        return _response(texts[0], parameters, session)
    return _command(first, parameters, session)


def _response(first: str, parameters: Parameters, session: bytes) -> Response:
    code, transaction, *comment = first.split(None, 2)
    return Response(int(code), _transaction(transaction), "".join(comment), parameters, session)


def _command(first: list[str], parameters: Parameters, session: bytes) -> Command:
    # A profile may follow the version (RFC 3435 §3.2.1).
    if len(first) < 5 or first[3].upper() != "MGCP" or first[4] != "1.0" or len(first[0]) != 4:
        raise DecodeError(f"neither command nor response of MGCP 1.0: {' '.join(first)[:80]!r}")
    return Command(first[0].upper(), _transaction(first[1]), first[2], parameters, session)


def _parameter(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise DecodeError(f"a parameter line of MGCP without a colon: {text[:80]!r}")
    return name.strip().upper(), value.strip()


def _transaction(text: str) -> int:
    number = int(text) if _is_number(text) and len(text) < 10 else 0
    if not number:
        raise DecodeError(f"no transaction identifier of MGCP: {text[:20]!r}")
    return number


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _value(parameters: Parameters, name: str) -> str:
    return next((value for own, value in parameters if own == name), "")


def _encoded(first: str, parameters: Parameters, session: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in parameters)]
    if not all(line.isprintable() for line in lines):
        raise LocalProtocolError("a line of an MGCP message would not stay one line")
    if b"." in session.splitlines():
        raise LocalProtocolError("a session description would end the MGCP message that it is in")
    text = "".join(line + "\r\n" for line in lines).encode()
    return text + b"\r\n" + session if session else text
