"""When two addresses of different protocols mean the same party: the last resort of correlation."""

import re

_DIALLABLE = re.compile(r"\+?[0-9*#().\-]+\Z")
_NUMBER_AT_HOST = re.compile(r"sips?:\+?([0-9]+)@")
"""The usual URI of a telephone number; looked at first because it is by far the most frequent."""
_SEPARATORS = str.maketrans("", "", "+().-")
_SHORTEST_COMMON_ENDING = 4
"""Digits that must agree when one form of a number has a prefix that the other lacks."""


def address_key(address: str) -> str:
    """`address` (URI, number, alias) reduced to what may be compared: digits, a user name, or the whole URI.

    A URI without user part (Teams) is its own key, byte for byte but for the header part behind "?".
    """
    plain = _NUMBER_AT_HOST.match(address)
    if plain:
        return plain[1]
    bare = address.partition("?")[0].strip()
    scheme, colon, rest = bare.partition(":")
    if not colon or scheme.lower() not in ("sip", "sips", "tel", "h323"):
        rest = bare
    user, at, _ = rest.partition("@")
    if not at and colon and scheme.lower() in ("sip", "sips"):
        return bare
    user = user.partition(";")[0]
    return user.translate(_SEPARATORS) if _DIALLABLE.match(user) else user.casefold()


def same_address(one: str, other: str) -> bool:
    """Whether two keys of `address_key` name one party: equal, or numbers of which one ends with the other."""
    if not one or not other:
        return False
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_COMMON_ENDING and short.isdigit() and long.isdigit() and long.endswith(short)


def common_ending(key: str) -> str:
    """What all keys that `same_address` may call one have in common: their last digits, or the key itself."""
    return key[-_SHORTEST_COMMON_ENDING:] if key.isdigit() else key
