"""One REFER into each dialect, again and again in one process: microseconds from octets to octets."""

from collections.abc import Iterator
from time import perf_counter

from bench import Row
from gateway.interworking.translation import Translator, translator
from gateway.translators.dialect import Context

DIALECTS = ("etsi-ect", "qsig", "qsig-ssct", "ni2-tbct", "h4502")
ROUNDS, TURNS = 5, 500
TARGET = 300

REFER = (
    b"REFER sip:gateway@198.51.100.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1\r\n"
    b'From: "Alice" <sip:+15550100@example.com;user=phone>;tag=a1\r\n'
    b"To: <sip:+15550101@example.net;user=phone>;tag=b1\r\nCall-ID: 1@192.0.2.10\r\nCSeq: 2 REFER\r\n"
    b"Contact: <sip:alice@192.0.2.10>\r\nMax-Forwards: 70\r\n"
    b"Refer-To: <sip:+15550199@example.org;user=phone>\r\n"
    b"Referred-By: <sip:+15550100@example.com;user=phone>\r\nContent-Length: 0\r\n\r\n"
)


def measure() -> Iterator[Row]:
    """The quickest of a few rounds for each dialect."""
    through = translator()
    for dialect in DIALECTS:
        through.translate(REFER, "sip", dialect, Context())  # loads what it needs
        microseconds = min(_round(through, dialect) for _ in range(ROUNDS)) / TURNS * 1e6
        yield Row(f"REFER to {dialect}", f"{microseconds:.0f} µs", f"at most {TARGET} µs")


def _round(through: Translator, dialect: str) -> float:
    began = perf_counter()
    for _ in range(TURNS):
        through.translate(REFER, "sip", dialect, Context())
    return perf_counter() - began
