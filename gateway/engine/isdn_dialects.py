"""Which transfer dialect a Q.931 message speaks: told by the Facility element's first octets and its operation."""

from gateway.isdn.facility import NETWORKING_EXTENSIONS
from gateway.isdn.operations import operation
from gateway.isdn.q931 import Message
from gateway.model.remote_operations import Invoke

DIALECT_OF_VARIANT = {"etsi": "etsi-ect", "qsig": "qsig", "ni2": "ni2-tbct", "dms100": "dms-rlt"}
_SINGLE_STEP = frozenset(("ssctInitiate", "ssctSetup", "ssctPostDial", "ssctDigitInfo"))


def variant_of(profile: int, service_discriminator: int | None) -> str:
    """The family of operations that a Facility element's first octets announce (Q.932 8.2.3)."""
    if service_discriminator is not None:
        return "dms100"
    return "qsig" if profile & 0x1F == NETWORKING_EXTENSIONS & 0x1F else "etsi"


def named(variant: str, invoke: Invoke) -> tuple[str, str]:
    """Name and dialect of what is invoked; an object identifier tells its own variant."""
    for each in (variant, "ni2") if variant == "etsi" else (variant,):
        known = operation(each, invoke.operation)
        if known is not None:
            return known.name, "qsig-ssct" if known.name in _SINGLE_STEP else DIALECT_OF_VARIANT[each]
    return str(invoke.operation), DIALECT_OF_VARIANT[variant]


def dialect_of(message: Message) -> str:
    """The dialect of a message seen alone: that of its first component."""
    for facility in message.facilities():
        variant = variant_of(facility.profile, facility.service_discriminator)
        for component in facility.components:
            return named(variant, component)[1] if isinstance(component, Invoke) else DIALECT_OF_VARIANT[variant]
    return "etsi-ect"
