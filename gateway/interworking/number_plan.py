"""Number plans (`mappings/numbers/`): what digits mean on a trunk, and what it makes of them on the way out."""

from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from gateway.interworking.telephone_uri import digits_of
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Number, NumberingPlan, TypeOfNumber
from gateway.resources import folder
from gateway.tables import Table, load, table_path

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

TypeName = Literal["unknown", "international", "national", "network-specific", "subscriber", "abbreviated"]
PlanName = Literal["unknown", "e164", "data", "telex", "national", "private"]

TYPES: Mapping[str, TypeOfNumber] = {each.name.lower().replace("_", "-"): each for each in TypeOfNumber}
PLANS: Mapping[str, NumberingPlan] = {each.name.lower(): each for each in NumberingPlan}
MAX_E164 = 15
_MAX_LOCAL = 32
_DOMAIN = "{domain}"

_NOT_PLANS = ("redirecting", "classes")
_SERVICE = frozenset("*#")
_PUBLIC = (NumberingPlan.E164, NumberingPlan.UNKNOWN)


class Length(Table):
    """How many digits, before any are stripped."""

    min: Annotated[int, Field(ge=1)] = 1
    max: Annotated[int, Field(ge=1)] = 32

    @model_validator(mode="after")
    def _some_fit(self) -> "Length":
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}: no number fits")
        return self


class PrefixRule(Table):
    """What all rules have: the digits that it is about begin with `prefix`, of which `strip` are taken off."""

    prefix: str = Field(default="", pattern=r"^[0-9*#]*$")
    strip: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _strips_its_prefix(self) -> Self:
        if self.strip > len(self.prefix):
            raise ValueError(f"strip {self.strip} is more than the prefix {self.prefix!r} has")
        return self


class DialRule(PrefixRule):
    """What digits without a type are when they begin with `prefix` and are as many as `digits` says.

    Service codes (with * or #) are the business of rules whose prefix has one.
    """

    digits: Length = Length()
    type: TypeName
    plan: PlanName

    def apply(self, digits: str) -> Number | None:
        """The number that `digits` are under this rule; None when the rule is about others."""
        fits = digits.startswith(self.prefix) and self.digits.min <= len(digits) <= self.digits.max
        foreign = not digits.isdecimal() and not _SERVICE.intersection(self.prefix)
        if not fits or foreign or len(digits) == self.strip:
            return None
        return Number(digits[self.strip :], TYPES[self.type], PLANS[self.plan])


class SendRule(PrefixRule):
    """How numbers of one plan and type go to the ISDN when they begin with `prefix`: `strip` digits off, `add` in
    front, sent with another type and plan where they are given.
    """

    type: TypeName
    plan: PlanName
    add: str = Field(default="", pattern=r"^[0-9*#]*$")
    as_type: TypeName | None = None
    as_plan: PlanName | None = None

    def apply(self, number: Number) -> Number | None:
        """`number` as this rule sends it; None when the rule is about others."""
        same = number.type_of_number is TYPES[self.type] and number.plan is PLANS[self.plan]
        if not same or not number.digits.startswith(self.prefix):
            return None
        kind, plan = TYPES[self.as_type or self.type], PLANS[self.as_plan or self.plan]
        return Number(self.add + number.digits[self.strip :], kind, plan)


class PhoneContext(Table):
    """The phone-context of local numbers of one plan and type; `{domain}` stands for the gateway's."""

    plan: PlanName
    type: TypeName
    context: str = Field(min_length=1)

    @field_validator("context")
    @classmethod
    def _only_the_domain_is_put_in(cls, context: str) -> str:
        if set("{}").intersection(context.replace(_DOMAIN, "")):
            raise ValueError(f"{_DOMAIN} is all that may stand in braces")
        return context


class NumberPlan(Table):
    """One trunk's plan. Without `country_code` a national number stays one; `region` (ISO 3166, "DE") asks the
    public metadata of `phonenumbers` where no dial rule fits.
    """

    title: str = ""
    country_code: str = Field(default="", pattern=r"^[0-9]{0,3}$")
    area_code: str = Field(default="", pattern=r"^[0-9]*$")
    region: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    own_country: Literal["national", "international"] = "international"
    foreign_contexts: Literal["dial", "refuse"] = "refuse"
    routing_number: bool = False
    trusted: bool = True
    dial_rules: tuple[DialRule, ...] = ()
    send_rules: tuple[SendRule, ...] = ()
    phone_contexts: tuple[PhoneContext, ...] = ()

    @cached_property
    def own_code(self) -> str:
        """The country code, of its own or of its region; empty when neither is known."""
        return self.country_code or (_country_code(self.region) if self.region else "")

    def resolved(self, number: Number) -> Number:
        """`number` with the type and plan that the dial rules give to digits without type, and as international
        number where country and area code are known.
        """
        if number.type_of_number is TypeOfNumber.UNKNOWN and number.plan in _PUBLIC:
            number = self._of_dial_string(number)
        if number.plan not in _PUBLIC or not number.digits.isdecimal():
            return number
        prefix = self._prefix(number.type_of_number)
        return international(prefix + number.digits) if prefix else number

    def e164(self, number: Number) -> str | None:
        """The digits of the E.164 number, without plus sign; None when it is not one."""
        found = self.resolved(number)
        public = found.plan in _PUBLIC and found.type_of_number is TypeOfNumber.INTERNATIONAL
        return found.digits if public and digits_of(f"+{found.digits}") else None

    def for_isdn(self, number: Number) -> Number:
        """`number` as the trunk wants it sent (RFC 3398 12.2), by the first send rule that fits."""
        found = self._in_own_country(self.resolved(number))
        return next((sent for rule in self.send_rules if (sent := rule.apply(found))), found)

    def checked(self, number: Number) -> Number:
        """`number` as it is. Raises DecodeError for more digits than E.164 allows, or any trunk when it is local."""
        found = self.resolved(number)
        most = MAX_E164 if found.type_of_number is TypeOfNumber.INTERNATIONAL else _MAX_LOCAL
        if len(found.digits) > most:
            what = f"{found.digits} has {len(found.digits)} digits, more than {most}"
            raise DecodeError(what, sip_status=484, cause=28)
        return number

    def _in_own_country(self, found: Number) -> Number:
        own = self.own_code
        public = found.plan in _PUBLIC and found.type_of_number is TypeOfNumber.INTERNATIONAL
        if self.own_country == "national" and own and public and found.digits.startswith(own):
            return Number(found.digits[len(own) :], TypeOfNumber.NATIONAL, NumberingPlan.E164)
        return found

    def context(self, number: Number) -> str:
        """The phone-context of a local number; empty when the plan has none for its plan and type."""
        return self._contexts.get((number.plan, number.type_of_number), "")

    def of_context(self, digits: str, context: str, domain: str) -> Number | None:
        """The number that `digits` are in a phone-context; None in one that is not ours and is to be refused."""
        for (plan, kind), template in self._contexts.items():
            if template.replace(_DOMAIN, domain).lower() == context.lower():
                return Number(digits, kind, plan)
        ours = self.foreign_contexts == "dial" or (self.own_code and context == f"+{self.own_code}")
        return Number(digits) if ours else None

    @cached_property
    def _contexts(self) -> dict[tuple[NumberingPlan, TypeOfNumber], str]:
        return {(PLANS[row.plan], TYPES[row.type]): row.context for row in self.phone_contexts}

    def _of_dial_string(self, number: Number) -> Number:
        for rule in self.dial_rules:
            if found := rule.apply(number.digits):
                return found
        if self.region and number.digits.isdecimal():
            return dialled_in(number.digits, self.region) or number
        return number

    def _prefix(self, kind: TypeOfNumber) -> str:
        """What is missing in front to make the number international; empty when nothing is, or it is not known."""
        if kind is TypeOfNumber.NATIONAL and self.own_code:
            return self.own_code
        if kind is TypeOfNumber.SUBSCRIBER and self.own_code and self.area_code:
            return self.own_code + self.area_code
        return ""


def international(digits: str) -> Number:
    """The E.164 number that `digits`, which begin with a country code, are."""
    return Number(digits, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


@lru_cache
def number_plan(name: str | Path = "default") -> NumberPlan:
    """A plan of `mappings/numbers/`, or of a YAML file. Raises GatewayError, MappingError for a wrong file."""
    path = table_path(name)
    if path == Path(name):
        return load(path, NumberPlan)
    if name not in plan_names():
        raise GatewayError(f"no number plan {str(name)!r}; known: {', '.join(plan_names())}")
    return load(f"numbers/{name}", NumberPlan)


def plan_names() -> tuple[str, ...]:
    """Names of the plans in `mappings/numbers/`."""
    files = (path.stem for path in (folder("mappings") / "numbers").glob("*.yaml"))
    return tuple(sorted(name for name in files if name not in _NOT_PLANS))


@lru_cache
def country_plan(region: str) -> NumberPlan:
    """The default plan, with dialling as it is usual in `region` (ISO 3166, any case). Raises GatewayError."""
    region = region.upper()
    if not _country_code(region):
        raise GatewayError(f"no country {region!r}: two letters of ISO 3166 are wanted, such as DE")
    changes = {"region": region, "title": f"as dialled in {region}", "foreign_contexts": "refuse"}
    return NumberPlan.model_validate(number_plan().model_dump() | changes)


@cache
def _country_code(region: str) -> str:
    import phonenumbers  # 25 ms, and only plans with a region need it

    code = phonenumbers.country_code_for_region(region)
    return str(code) if code else ""


@lru_cache(4096)
def dialled_in(digits: str, region: str) -> Number | None:
    """The international number that `digits` reach when dialled in `region`: with the prefix for other countries,
    or by the metadata of `phonenumbers` valid there and dialled as national numbers are; None for the rest (short
    codes, extensions, and subscriber numbers, which belong to an area that is not said).
    """
    import phonenumbers

    try:
        parsed = phonenumbers.parse(digits, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    abroad = parsed.country_code_source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD
    if not abroad and not (phonenumbers.is_valid_number(parsed) and _is_national(digits, parsed, region)):
        return None
    return international(f"{parsed.country_code}{phonenumbers.national_significant_number(parsed)}")


def _is_national(digits: str, parsed: "PhoneNumber", region: str) -> bool:
    """Whether `digits` begin with the national prefix, or need none, as in Spain or the US."""
    import phonenumbers

    prefix = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
    significant = phonenumbers.national_significant_number(parsed)
    if digits != significant:
        return bool(prefix) and digits.startswith(prefix)
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.normalize_digits_only(written) == significant
