"""The types of H.225.0, H.235.0 and H.245 as pycrate has them compiled, for the codec of `per_kinds`.

Of pycrate only the tree of types is used, not its codec: see docs/decisions/0005.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from gateway.h323.per_kinds import (
    BitString,
    BmpString,
    Boolean,
    CharacterString,
    Choice,
    Enumerated,
    GeneralString,
    Integer,
    Kind,
    ListOf,
    Null,
    ObjectIdentifier,
    OctetString,
    Size,
)
from gateway.h323.per_sequence import Sequence
from gateway.model.errors import GatewayError

_SIMPLE: dict[str, Callable[[], Kind]] = {
    "NULL": Null,
    "BOOLEAN": Boolean,
    "GeneralString": GeneralString,
    "OBJECT IDENTIFIER": ObjectIdentifier,
}
_ALPHABETS = {
    "NumericString": " 0123456789",
    "PrintableString": " '()+,-./0123456789:=?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "IA5String": "".join(map(chr, range(128))),
}
_LARGEST_SIZE = 65_535


@cache
def kind(module: str, name: str) -> Kind:
    """The type `name` of `module`, with "_" for every "-"."""
    from pycrate_asn1dir import H225  # an eighth of a second

    return _kind(getattr(getattr(H225, module), name))


def _kind(node: Any) -> Kind:
    if node.TYPE in _SIMPLE:
        return _SIMPLE[node.TYPE]()
    if node.TYPE in _ALPHABETS:
        return CharacterString(_alphabet(node), _size(node))
    return _OTHERS[node.TYPE](node)


def _integer(node: Any) -> Kind:
    bounds = node._const_val
    if bounds is None:
        return Integer()
    span = None if bounds.ub is None else bounds.ub - bounds.lb + 1
    return Integer(bounds.lb, span, extensible=bounds.ext is not None)


def _enumerated(node: Any) -> Kind:
    return Enumerated(tuple(node._root), extensible=node._ext is not None)


def _alphabet(node: Any) -> str:
    constraint = node._const_alpha
    return _ALPHABETS[node.TYPE] if constraint is None else "".join(sorted(constraint.root))


def _size(node: Any) -> Size:
    """Sizes from 64 K on are encoded as if there were no bound (11.9.3.3)."""
    constraint = node._const_sz
    if constraint is None or constraint.ub is None or constraint.ub > _LARGEST_SIZE:
        return Size()
    if constraint.ext is not None:
        raise GatewayError(f"extensible size of {node._name}")
    return Size(constraint.lb, constraint.ub - constraint.lb + 1)


def _list(node: Any) -> Kind:
    return ListOf(partial(_kind, node._cont), _size(node))


def _component(node: Any, name: str) -> Kind:
    return _kind(node._cont[name])


def _choice(node: Any) -> Kind:
    later = None if node._ext is None else tuple(node._ext)
    return Choice(tuple(node._root), later, partial(_component, node))


def _sequence(node: Any) -> Kind:
    additions = None if node._ext is None else tuple(node._ext)
    return Sequence(tuple(node._root), frozenset(node._root_opt), additions, partial(_component, node))


_OTHERS: dict[str, Callable[[Any], Kind]] = {
    "INTEGER": _integer,
    "ENUMERATED": _enumerated,
    "BIT STRING": lambda node: BitString(_size(node)),
    "OCTET STRING": lambda node: OctetString(_size(node)),
    "OPEN_TYPE": lambda node: OctetString(Size()),
    "BMPString": lambda node: BmpString(_size(node)),
    "SEQUENCE OF": _list,
    "SET OF": _list,
    "CHOICE": _choice,
    "SEQUENCE": _sequence,
}
