"""Any code of SIP, Q.850, H.225.0, ROSE or H.450 into any other, as the command `cause` shows it."""

from collections.abc import Callable, Mapping

from gateway.interworking import rose_errors
from gateway.interworking.cause_map import (
    CauseMap,
    Mapped,
    cause_map,
    cause_name,
    reason_index,
    reason_name,
    status_name,
)
from gateway.interworking.cause_tables import LOCATION_CODES, names
from gateway.model.causes import Location
from gateway.model.errors import GatewayError

KINDS = ("sip", "q850", "h225", "rose", "h450")
_DIALECTS = {"rose": "", "h450": "h4502"}
"""Whose errors: those of every dialect, or those of H.450."""

Code = int | str
_Step = Callable[[CauseMap, Code, Location | None], Mapped | None]


def convert(
    from_: str, to: str, code: Code, profile: str = "rfc3398", location: Location | str | int | None = None
) -> Mapped:
    """`code` of the kind `from_` as a code of the kind `to` (KINDS).

    A status, cause or reason is given by number or name, an error by name, value or OID, a problem by name; `profile`
    by name or as path of a trunk's own table; `location` as number or RFC 8606 code. An error that does not exist on
    the other side goes by its SIP status. Raises GatewayError for what does not exist.
    """
    causes, place = cause_map(profile), _location(location)
    if from_ not in KINDS or to not in KINDS:
        raise GatewayError(f"no kind of code {to if from_ in KINDS else from_!r}; known: {', '.join(KINDS)}")
    code = _number(from_, code) if from_ in _NAMED else code
    if from_ == to:
        return _itself(from_, code)
    step = _DIRECT.get((from_, to))
    if step and (mapped := step(causes, code, place)):
        return mapped
    status = convert(from_, "sip", code, profile, place)
    last = convert("sip", to, status.code, profile)
    return Mapped(last.code, last.name, "; ".join(dict.fromkeys((status.source, last.source))))


def every_mapping(
    from_: str, code: Code, profile: str = "rfc3398", location: Location | str | int | None = None
) -> Mapping[str, Mapped]:
    """`code` as every other kind of code, in the order of KINDS."""
    return {kind: convert(from_, kind, code, profile, location) for kind in KINDS if kind != from_}


def _itself(kind: str, code: Code) -> Mapped:
    """The code with its name: also what tells a code that does not exist."""
    if kind == "h225":
        return Mapped(reason_index(code), reason_name(code), "H.225.0 ReleaseCompleteReason")
    if kind in _DIALECTS:
        source = rose_errors.failure(code, _DIALECTS[kind]).source
        return Mapped(*rose_errors.identified(code, _DIALECTS[kind]), source)
    number = int(code)
    if kind == "sip":
        return Mapped(number, status_name(number), "RFC 3261 21")
    return Mapped(number, cause_name(number), "Q.850")


def _respelt(error: Code, kind: str, other: str) -> Mapped | None:
    found = rose_errors.same(error, _DIALECTS[kind], _DIALECTS[other])
    return Mapped(*found, "the same error") if found else None


def _of_rose(causes: CauseMap, error: Code, kind: str, part: int) -> Mapped:
    rose_errors.identified(error, _DIALECTS[kind])
    return causes.rose_error(error, _DIALECTS[kind])[part]


def _number(kind: str, code: Code) -> int:
    """A status or cause given by number or name (in any case)."""
    try:
        return int(code)
    except ValueError:
        pass
    what, named = _NAMED[kind]
    wanted = str(code).lower()
    for number, name in named().items():
        if name.lower() == wanted:
            return number
    raise GatewayError(f"{code!r} is no number and no name of a {what}")


def _location(location: Location | str | int | None) -> Location | None:
    if location is None or isinstance(location, Location):
        return location
    text = str(location).upper()
    if text in LOCATION_CODES:
        return LOCATION_CODES[text]
    number = text.removeprefix("LOC-")
    if number.isdigit() and int(number) < len(Location):
        return Location(int(number))
    raise GatewayError(f"no location {location!r}; known: {', '.join(LOCATION_CODES)}, LOC-0 to LOC-15")


_NAMED: Mapping[str, tuple[str, Callable[[], Mapping[int, str]]]] = {
    "sip": ("SIP status", lambda: names().sip),
    "q850": ("Q.850 cause", lambda: names().q850),
}

_DIRECT: Mapping[tuple[str, str], _Step] = {
    ("sip", "q850"): lambda causes, code, _: causes.sip_to_q850(int(code)),
    ("sip", "h225"): lambda causes, code, _: causes.sip_to_h225(int(code)),
    ("sip", "rose"): lambda causes, code, _: causes.sip_to_rose_error(int(code), "qsig"),
    ("sip", "h450"): lambda causes, code, _: causes.sip_to_rose_error(int(code), "h4502"),
    ("q850", "sip"): lambda causes, code, location: causes.q850_to_sip(int(code), location),
    ("q850", "h225"): lambda causes, code, _: causes.q850_to_h225(int(code)),
    ("h225", "q850"): lambda causes, code, _: causes.h225_to_q850(code),
    ("h225", "sip"): lambda causes, code, _: causes.h225_to_sip(code),
    ("rose", "sip"): lambda causes, code, _: _of_rose(causes, code, "rose", 0),
    ("rose", "q850"): lambda causes, code, _: _of_rose(causes, code, "rose", 1),
    ("rose", "h450"): lambda _, code, __: _respelt(code, "rose", "h450"),
    ("h450", "sip"): lambda causes, code, _: _of_rose(causes, code, "h450", 0),
    ("h450", "q850"): lambda causes, code, _: _of_rose(causes, code, "h450", 1),
    ("h450", "rose"): lambda _, code, __: _respelt(code, "h450", "rose"),
}
