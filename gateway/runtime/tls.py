"""TLS for SIP: contexts from the configuration, and whom a certificate is for (RFC 3261 §26.3, RFC 5922)."""

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from gateway.configuration import Tls
from gateway.model.errors import GatewayError
from gateway.sip.locating import is_address

_MINIMUM = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Contexts:
    """What connections are secured with. New ones use what was loaded last; open ones are left as they are."""

    def __init__(self, tls: Tls) -> None:
        self.load(tls)

    def load(self, tls: Tls) -> None:
        """Reads certificates, key and authorities again; on an error all stays as it was. Raises GatewayError."""
        server, client = _server(tls) if tls.certificate else None, _client(tls)
        self._tls = tls
        self._server = server
        self.client = client
        self.is_checked = tls.verify != "off"
        self.is_self_signed = tls.certificate is None

    @property
    def server(self) -> ssl.SSLContext:
        """For those who connect to us."""
        if self._server is None:
            from gateway.runtime.self_signed import load_into  # takes long to load, and few need it

            self._server = _server(self._tls)
            load_into(self._server)
        return self._server


def _server(tls: Tls) -> ssl.SSLContext:
    context = _context(ssl.PROTOCOL_TLS_SERVER, tls)
    if tls.verify == "require":
        _believe(context, tls.authorities, ssl.Purpose.CLIENT_AUTH)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _client(tls: Tls) -> ssl.SSLContext:
    context = _context(ssl.PROTOCOL_TLS_CLIENT, tls)
    # The name is compared by `is_for`, which knows SIP URIs in a certificate; OpenSSL does not.
    context.check_hostname = False
    if tls.verify == "off":
        context.verify_mode = ssl.CERT_NONE
    else:
        _believe(context, tls.authorities, ssl.Purpose.SERVER_AUTH)
    return context


def _context(side: int, tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = _MINIMUM[tls.minimum]
    if tls.certificate is not None:
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except OSError as error:
            raise GatewayError(f"certificate or key: {error}", where=str(tls.certificate)) from error
    return context


def _believe(context: ssl.SSLContext, authorities: Path | None, purpose: ssl.Purpose) -> None:
    if authorities is None:
        context.load_default_certs(purpose)
        return
    try:
        if authorities.is_dir():
            context.load_verify_locations(capath=authorities)
        else:
            context.load_verify_locations(cafile=authorities)
    except OSError as error:
        raise GatewayError(f"authorities: {error}", where=str(authorities)) from error


def names(certificate: dict[str, Any] | None) -> tuple[str, ...]:
    """The hosts and domains that a certificate is for, in lower case: those of its SIP URIs first (RFC 5922 §7.1).

    `certificate` is as `SSLObject.getpeercert` gives it. The common name counts only where there is no other.
    """
    if not certificate:
        return ()
    alternatives = certificate.get("subjectAltName", ())
    uris = [text[4:] for kind, text in alternatives if kind == "URI" and text.lower().startswith("sip:")]
    hosts = [text for kind, text in alternatives if kind in ("DNS", "IP Address")]
    found = uris + hosts or [
        text for part in certificate.get("subject", ()) for name, text in part if name == "commonName"
    ]
    return tuple(dict.fromkeys(name.lower() for name in found))


def is_for(certified: tuple[str, ...], host: str) -> bool:
    """Whether one of these names is `host`; `*.` stands for one label, which RFC 5922 forbids and many use."""
    wanted = host.lower().rstrip(".")
    if is_address(wanted):
        return any(is_address(name) and ip_address(name) == ip_address(wanted) for name in certified)
    _, _, parent = wanted.partition(".")
    return wanted in certified or ("." in parent and f"*.{parent}" in certified)


def reason(error: BaseException) -> str:
    """Why there is no connection, for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate of the peer: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return str(error) or type(error).__name__
