"""Causes for everyone: the cause map, the completion of an outcome, and any code into any other by name."""

from collections.abc import Callable, Mapping

from gateway.interworking import rose_errors
from gateway.interworking.cause_map import (
    CauseMap,
    Mapped,
    cause_map,
    cause_name,
    complete,
    profiles,
    reason_index,
    reason_name,
    status_name,
)
from gateway.interworking.cause_tables import LOCATION_CODES, rose
from gateway.model.causes import Location
from gateway.model.errors import GatewayError

__all__ = [
    "KINDS",
    "CauseMap",
    "Mapped",
    "cause_map",
    "cause_name",
    "complete",
    "convert",
    "every_mapping",
    "profiles",
    "reason_index",
    "reason_name",
    "status_name",
]

KINDS = ("sip", "q850", "h225", "rose", "h450")
_SPELLING = {"rose": "qsig", "h450": "h4502"}

Code = int | str
_Step = Callable[[CauseMap, Code, Location | None], Mapped]


def convert(
    from_: str, to: str, code: Code, profile: str = "rfc3398", location: Location | str | int | None = None
) -> Mapped:
    """`code` of the kind `from_` as a code of the kind `to` (KINDS).

    A reason is given by name or index, an error by name, value or OID; `profile` by name or as path of a trunk's own
    table; `location` as number or RFC 8606 code. Raises GatewayError for what does not exist.
    """
    causes, place = cause_map(profile), _location(location)
    if from_ not in KINDS or to not in KINDS:
        raise GatewayError(f"no kind of code {to if from_ in KINDS else from_!r}; known: {', '.join(KINDS)}")
    if from_ == to:
        return _itself(from_, code)
    if step := _DIRECT.get((from_, to)):
        return step(causes, code, place)
    status = convert(from_, "sip", code, profile, place)
    last = _DIRECT["sip", to](causes, status.code, None)
    return Mapped(last.code, last.name, f"{status.source}; {last.source}")


def every_mapping(
    from_: str, code: Code, profile: str = "rfc3398", location: Location | str | int | None = None
) -> Mapping[str, Mapped]:
    """`code` as every other kind of code, in the order of KINDS."""
    return {kind: convert(from_, kind, code, profile, location) for kind in KINDS if kind != from_}


def _itself(kind: str, code: Code) -> Mapped:
    """The code with its name: also what tells a code that does not exist."""
    if kind == "h225":
        return Mapped(reason_index(code), reason_name(code), "H.225.0 ReleaseCompleteReason")
    if kind in _SPELLING:
        return _error(code, _SPELLING[kind], rose().source)
    number = _number(code)
    if kind == "sip":
        return Mapped(number, status_name(number), "RFC 3261 21")
    return Mapped(number, cause_name(number), "Q.850")


def _error(error: Code, dialect: str, source: str) -> Mapped:
    name = rose_errors.spelling(error, dialect) or rose_errors.name(error)
    return Mapped(rose_errors.value(error), name, source)


def _respelt(_: CauseMap, error: Code, dialect: str) -> Mapped:
    return _error(error, dialect, "the same error")


def _of_rose(causes: CauseMap, error: Code, dialect: str, part: int) -> Mapped:
    rose_errors.name(error)
    return causes.rose_error(error, dialect)[part]


def _number(code: Code) -> int:
    try:
        return int(code)
    except ValueError:
        raise GatewayError(f"{code!r} is no number") from None


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


_DIRECT: Mapping[tuple[str, str], _Step] = {
    ("sip", "q850"): lambda causes, code, _: causes.sip_to_q850(_number(code)),
    ("sip", "h225"): lambda causes, code, _: causes.sip_to_h225(_number(code)),
    ("sip", "rose"): lambda causes, code, _: causes.sip_to_rose_error(_number(code), "qsig"),
    ("sip", "h450"): lambda causes, code, _: causes.sip_to_rose_error(_number(code), "h4502"),
    ("q850", "sip"): lambda causes, code, location: causes.q850_to_sip(_number(code), location),
    ("q850", "h225"): lambda causes, code, _: causes.q850_to_h225(_number(code)),
    ("h225", "q850"): lambda causes, code, _: causes.h225_to_q850(code),
    ("h225", "sip"): lambda causes, code, _: causes.h225_to_sip(code),
    ("rose", "sip"): lambda causes, code, _: _of_rose(causes, code, "qsig", 0),
    ("rose", "q850"): lambda causes, code, _: _of_rose(causes, code, "qsig", 1),
    ("rose", "h450"): lambda causes, code, _: _respelt(causes, code, "h4502"),
    ("h450", "sip"): lambda causes, code, _: _of_rose(causes, code, "h4502", 0),
    ("h450", "q850"): lambda causes, code, _: _of_rose(causes, code, "h4502", 1),
    ("h450", "rose"): lambda causes, code, _: _respelt(causes, code, "qsig"),
}
