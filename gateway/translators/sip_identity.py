"""A caller's identity in a SIP request: From, P-Asserted-Identity and Privacy (RFC 3325 §9.1, RFC 4497 §9.1.2)."""

from gateway.model.parties import Party, Presentation, Screening
from gateway.sip.address import Address
from gateway.sip.identity import ANONYMOUS
from gateway.translators.sip_kept import first
from gateway.translators.sip_letter import Letter
from gateway.translators.sip_parties import losses, sip_uri_of, uri_of

_IDENTITY = ("number", "name", "uri")
_UNVERIFIED = (Screening.USER_NOT_SCREENED, Screening.USER_VERIFIED_FAILED)


def identify(path: str, who: Party | None, letter: Letter) -> str:
    """Adds the identity of `who` (at `path` in the model) and returns the From that goes with it, "" for none."""
    if who is None:
        return ""
    domain, withheld = letter.context.domain, who.presentation is Presentation.RESTRICTED
    uri = uri_of(who, domain)
    asserts = bool(uri) and who.screening not in _UNVERIFIED
    if asserts:
        letter.add("P-Asserted-Identity", str(Address(uri, who.name)))
    if withheld:
        letter.add("Privacy", first(letter.event.kept, "Privacy") or "id")
    _lose(path, who, letter, shown=bool(uri) and (asserts or not withheld), asserts=asserts)
    if withheld:
        return str(ANONYMOUS)
    return str(Address(sip_uri_of(who, domain), who.name)) if uri else ""


def _lose(path: str, who: Party, letter: Letter, *, shown: bool, asserts: bool) -> None:
    """An identity that is not asserted but shown in From counts as not screened (RFC 4497 §9.2.2)."""
    screened = asserts or (shown and who.screening is Screening.USER_NOT_SCREENED)
    said = ("presentation", *(("name",) if shown else _IDENTITY), *(("screening",) if screened else ()))
    letter.lost.extend(losses(path, who, *said))
    for name in () if shown else _IDENTITY:
        if getattr(who, name):
            letter.lose(f"{path}.{name}", "an identity without address, or withheld and unverified, is not passed on")
