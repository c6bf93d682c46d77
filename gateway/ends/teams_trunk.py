"""What is different on a trunk to Microsoft Teams (Direct Routing): addresses, holds, offers, who is believed.

Teams knows numbers by their `+` and users by parameters of its own URIs, understands `a=inactive` for hold and no
other spelling, wants an offer in every INVITE, and takes neither REFER nor Replaces.
"""

from functools import lru_cache

from gateway.model.call import Capability
from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.message import Message
from gateway.translators.teams_addresses import is_teams, teams_from_sip

NOT_FOR_TEAMS = frozenset((Capability.REFER, Capability.REPLACES, Capability.UPDATE, Capability.LATE_OFFER))
"""What a leg to Teams never has, whatever its Allow says."""


@lru_cache(maxsize=4096)
def teams_target(uri: str, host: str) -> str:
    """The Request-URI of a call to Teams; "" for what is no number. A URI of Teams' own goes back as it came."""
    bare = uri.partition("?")[0]
    return teams_from_sip(bare, host) if "@" in bare or is_teams(bare) else ""


def is_from_teams(message: Message) -> bool:
    """Whether Contact or From of a request name a host of Teams: it calls from any of its addresses."""
    for name in ("contact", "from"):
        value = message.headers.get(name)
        if value and _names_teams(value):
            return True
    return False


def is_name_of_teams(name: str) -> bool:
    """Whether a name in a certificate, star and all, is one of Teams' hosts."""
    return is_teams(f"sip:{name.removeprefix('*.')}")


def _names_teams(value: str) -> bool:
    try:
        return is_teams(Address.parse(value).uri)
    except DecodeError:
        return False
