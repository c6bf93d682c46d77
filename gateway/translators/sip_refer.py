"""Dialect "sip": transfer as RFC 3515, RFC 3891 and RFC 5589 have it, with BYE/Also and 302 besides."""

from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import TransferEvent
from gateway.sip.message import parse
from gateway.translators.dialect import Context, Dialect, Written
from gateway.translators.sip_reading import events


class SipRefer:
    """REFER, its answers and NOTIFYs, INVITE with Replaces or Referred-By, UPDATE, 3xx, BYE with Also.

    A REFER that is refused for lack of credentials (401, 407) reads as refused like any other: a second one follows.
    """

    name = "sip"
    protocol = SignallingProtocol.SIP

    def read(self, octets: bytes, context: Context) -> tuple[TransferEvent, ...]:
        """The transfer event in one message, if there is one. Raises DecodeError (400 or 416)."""
        return events(parse(octets))

    def write(self, event: TransferEvent, context: Context) -> Written:
        """One message for each event that SIP can say. Raises UntranslatableError for the others."""
        # An onlooker only reads, and writing brings as many modules again.
        from gateway.translators.sip_letter import Road
        from gateway.translators.sip_writing import WRITERS, write

        return write(event, context, WRITERS, Road())


DIALECT: Dialect = SipRefer()
