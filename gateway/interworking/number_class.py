"""What kind of number a call would go to: emergency, premium, toll-free and the like, for toll fraud and safety."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pydantic import model_validator

from gateway.model.errors import GatewayError
from gateway.tables import Table, load, refuse

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


class ClassTable(Table):
    """`numbers/classes.yaml`: names of the number types of `phonenumbers`, and country codes that cost."""

    types: dict[str, str]
    costly_codes: dict[str, str]

    @model_validator(mode="after")
    def _codes_are_digits(self) -> "ClassTable":
        wrong = (code for code in self.costly_codes if not code.isdecimal())
        refuse((("costly_codes", code), f"no country code: {code}") for code in wrong)
        return self


@dataclass(frozen=True, slots=True)
class NumberClass:
    """`kind` is a name of `numbers/classes.yaml` or "emergency"; `region` where the number belongs ("001" for no
    country, "" unknown); `valid` by the metadata; `costly` when it must not be called without permission:
    premium, satellite, and whatever nobody knows.
    """

    kind: str
    region: str = ""
    valid: bool = False
    emergency: bool = False
    costly: bool = True


_CHEAP = ("fixed", "mobile", "fixed or mobile", "toll-free", "voip", "universal access", "voicemail")


@lru_cache(4096)
def classify(number: str, region: str) -> NumberClass:
    """The class of `number` as dialled on a trunk in `region` (ISO 3166; "+…" or national digits).

    A number that merely begins with an emergency number counts as one, since the network connects it.
    Raises GatewayError for text that is no number, or no region.
    """
    import phonenumbers
    from phonenumbers import shortnumberinfo

    region = region.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise GatewayError(f"no country {region!r}: two letters of ISO 3166 are wanted, such as DE")
    if _reaches_emergency(number, region):
        exact = shortnumberinfo.is_emergency_number(number, region)
        return NumberClass("emergency", region, valid=bool(exact), emergency=True, costly=False)
    return _ordinary(number, region)


def _ordinary(number: str, region: str) -> NumberClass:
    """The class of a number that reaches no emergency service."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        raise GatewayError(f"no telephone number: {number!r}") from None
    kind, place = _kind(parsed), phonenumbers.region_code_for_number(parsed) or ""
    short = _short_kind(number, region) if kind == "unknown" else ""
    return NumberClass(
        short or kind,
        place or (region if short else ""),
        valid=phonenumbers.is_valid_number(parsed) or bool(short),
        costly=(short or kind) not in _CHEAP,
    )


def _reaches_emergency(number: str, region: str) -> bool:
    from phonenumbers import shortnumberinfo

    return not number.startswith("+") and bool(shortnumberinfo.connects_to_emergency_number(number, region))


def _kind(parsed: "PhoneNumber") -> str:
    import phonenumbers

    table = _table()
    code = str(parsed.country_code)
    if code in table.costly_codes:
        return table.costly_codes[code]
    name = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed))
    return table.types.get(name, "unknown")


def _short_kind(number: str, region: str) -> str:
    """Kind of a short code of the region; empty when it is none."""
    import phonenumbers
    from phonenumbers import shortnumberinfo as short

    parsed = phonenumbers.parse(number, region)
    if not short.is_valid_short_number_for_region(parsed, region):
        return ""
    cost = short.expected_cost_for_region(parsed, region)
    names = {short.ShortNumberCost.TOLL_FREE: "toll-free", short.ShortNumberCost.STANDARD_RATE: "short code"}
    return "premium" if cost == short.ShortNumberCost.PREMIUM_RATE else names.get(cost, "unknown short code")


@cache
def _table() -> ClassTable:
    return load("numbers/classes", ClassTable)
