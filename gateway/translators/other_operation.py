"""Invokes that say nothing of a transfer, or that we cannot name: carried along as they are."""

import json
from typing import Any

from gateway.isdn import addressing, operations
from gateway.model.errors import DecodeError, UntranslatableError
from gateway.model.parties import Number
from gateway.model.remote_operations import Code, Invoke
from gateway.model.transfer import OtherOperation


def read(variant: str, item: Invoke) -> OtherOperation:
    """The operation by name, or by its code; `arguments` as JSON where its type is known, else in hex."""
    operation = operations.operation(variant, item.operation)
    name = operation.name if operation else str(item.operation)
    if item.argument is None:
        return OtherOperation(name)
    if operation is None or operation.argument is None:
        return OtherOperation(name, item.argument.hex())
    try:
        value = operations.decode_argument(variant, name, item.argument)
    except DecodeError:
        return OtherOperation(name, item.argument.hex())
    return OtherOperation(name, json.dumps(_plain(value)), _number(value))


def write(variant: str, event: OtherOperation, invoke_id: int) -> Invoke:
    """The invoke without argument, or with one that is given in hex.

    Raises UntranslatableError when `variant` has no such operation, or the argument was read by another dialect.
    """
    code = _code(variant, event.operation)
    try:
        argument = bytes.fromhex(event.arguments)
    except ValueError:
        raise UntranslatableError(f"the argument of {event.operation} is known to its own dialect only") from None
    return Invoke(invoke_id, code, argument or None)


def is_known(variant: str, name: str) -> bool:
    """Whether the variant has an operation called `name`."""
    return any(row.name == name for row in operations.VARIANTS[variant].operations)


def _code(variant: str, name: str) -> Code:
    """An unknown local value means something else on another trunk, an object identifier is the same everywhere."""
    if is_known(variant, name):
        return operations.named(variant, name).code
    if "." in name and name.replace(".", "").isdigit():
        return name
    raise UntranslatableError(f"{name} is no transfer, and no operation of {variant}")


def _number(value: Any) -> Number | None:
    """The number to reroute to (path replacement, digit information), under either of its spellings."""
    fields = value if isinstance(value, dict) else {}
    number = fields.get("rerouteingNumber", fields.get("reroutingNumber"))
    return None if number is None else addressing.number_of(number)


def _plain(value: Any) -> Any:
    """An ASN.1 value for JSON: octets in hex, a CHOICE as {alternative: value}."""
    match value:
        case bytes() | bytearray():
            return value.hex()
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case (str(choice), item):
            return {choice: _plain(item)}
        case list():
            return [_plain(item) for item in value]
    return value
