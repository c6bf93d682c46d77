"""What can go wrong, with the SIP status and the Q.850 cause it turns into, so no error is translated twice."""


class GatewayError(Exception):
    """Any error of ours. `what` is one line for a person; `where` names the place (file, octet, header)."""

    sip_status = 500
    cause = 41

    def __init__(
        self, what: str, *, where: str = "", sip_status: int | None = None, cause: int | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        if sip_status is not None:
            self.sip_status = sip_status
        if cause is not None:
            self.cause = cause

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class RemoteProtocolError(GatewayError):
    """The peer broke the protocol."""

    sip_status = 400
    cause = 111


class DecodeError(RemoteProtocolError):
    """Octets or text that are not what they claim to be."""

    cause = 100


class LocalProtocolError(GatewayError):
    """We were about to break the protocol: a value that the wire format cannot carry, an action out of state."""


class UntranslatableError(GatewayError):
    """The transfer has no form in the dialect asked for."""

    sip_status = 501
    cause = 79


class MappingError(GatewayError):
    """A table under `mappings/` or a configuration file is wrong; `where` is `file:line: key`."""
