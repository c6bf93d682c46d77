"""RAS messages that an endpoint sends, as values (H.225.0 clauses 7.8 to 7.20), without their requestSeqNum."""

from collections.abc import Iterable
from typing import Any

from gateway.h323.addressing import alias, alias_value, transport, transport_value
from gateway.h323.ras.security import HMAC_SHA1_96
from gateway.h323.ras.values import Address, Admission, CallModel, GatekeeperSettings, RasCall
from gateway.model.parties import Alias, AliasKind

Value = dict[str, Any]

PROTOCOL_IDENTIFIER = (0, 0, 8, 2250, 0, 6)
_VENDOR = {
    "vendor": {"t35CountryCode": 0, "t35Extension": 0, "manufacturerCode": 0},
    "productId": b"refergate",
}
"""No manufacturer code was assigned to this program (T.35)."""

_POINT_TO_POINT = ("pointToPoint", 0)


def gatekeeper_request(settings: GatekeeperSettings, identifier: str) -> Value:
    """GRQ, to a gatekeeper of a known address; `identifier` "" takes any."""
    value: Value = {
        "protocolIdentifier": PROTOCOL_IDENTIFIER,
        "rasAddress": transport_value(settings.ras_address),
        "endpointType": endpoint_type(settings),
        "endpointAlias": aliases_value(settings.aliases),
        "supportsAltGK": 0,
    }
    if settings.password:
        value |= {"authenticationCapability": [("pwdHash", 0)], "algorithmOIDs": [HMAC_SHA1_96]}
    return value | _identified(gatekeeper=identifier)


def registration_request(settings: GatekeeperSettings, gatekeeper: str) -> Value:
    """RRQ in full."""
    value = _registration(settings) | {
        "discoveryComplete": True,
        "terminalAlias": aliases_value(settings.aliases),
        "keepAlive": False,
        "willSupplyUUIEs": False,
        "maintainConnection": False,
        "supportsAltGK": 0,
    }
    return value | _identified(gatekeeper=gatekeeper)


def keep_alive(settings: GatekeeperSettings, gatekeeper: str, endpoint: str) -> Value:
    """RRQ that only keeps the registration ("lightweight", H.323 7.2.2)."""
    value = _registration(settings) | {
        "discoveryComplete": True,
        "keepAlive": True,
        "willSupplyUUIEs": False,
        "maintainConnection": False,
    }
    return value | _identified(gatekeeper, endpoint)


def _registration(settings: GatekeeperSettings) -> Value:
    return {
        "protocolIdentifier": PROTOCOL_IDENTIFIER,
        "callSignalAddress": [transport_value(settings.signal_address)],
        "rasAddress": [transport_value(settings.ras_address)],
        "terminalType": endpoint_type(settings),
        "endpointVendor": _VENDOR,
        "timeToLive": settings.time_to_live,
    }


def unregistration_request(settings: GatekeeperSettings, gatekeeper: str, endpoint: str) -> Value:
    """URQ."""
    value: Value = {
        "callSignalAddress": [transport_value(settings.signal_address)],
        "endpointAlias": aliases_value(settings.aliases),
    }
    return value | _identified(gatekeeper, endpoint)


def admission_request(
    settings: GatekeeperSettings,
    call: RasCall,
    called: Iterable[Alias],
    calling: Iterable[Alias],
    address: Address,
) -> Value:
    """ARQ without the endpoint's and gatekeeper's identifiers; `address` is the other side's signalling address."""
    value: Value = {
        "callType": _POINT_TO_POINT,
        "destinationInfo": aliases_value(called),
        "srcInfo": aliases_value(calling),
        "bandWidth": settings.bandwidth,
        "activeMC": False,
        "answerCall": call.answering,
        "canMapAlias": True,
        "willSupplyUUIEs": False,
    }
    if call.answering:
        value["destCallSignalAddress"] = transport_value(settings.signal_address)
    if address:
        value["srcCallSignalAddress" if call.answering else "destCallSignalAddress"] = transport_value(address)
    if not value["destinationInfo"]:
        del value["destinationInfo"]
    return value | call_value(call)


def disengage_request(call: RasCall, reason: str, cause: int | None, usage: Value) -> Value:
    """DRQ without the identifiers; `cause` is the Q.850 cause, `usage` its RasUsageInformation."""
    value: Value = {
        "disengageReason": (reason, 0),
        "answeredCall": call.answering,
        "usageInformation": usage,
    }
    if cause is not None:
        value["terminationCause"] = ("releaseCompleteCauseIE", bytes((0x80, 0x80 | cause)))
    return value | call_value(call)


def bandwidth_request(call: RasCall, bandwidth: int) -> Value:
    """BRQ without the identifiers."""
    value: Value = {"bandWidth": bandwidth, "callType": _POINT_TO_POINT, "answeredCall": call.answering}
    return value | call_value(call)


def location_request(settings: GatekeeperSettings, called: Iterable[Alias]) -> Value:
    """LRQ without the identifiers."""
    return {
        "destinationInfo": aliases_value(called),
        "replyAddress": transport_value(settings.ras_address),
        "sourceInfo": aliases_value(settings.aliases),
        "canMapAlias": True,
    }


def info_request_response(settings: GatekeeperSettings, endpoint: str, calls: list[Value]) -> Value:
    """IRR."""
    value: Value = {
        "endpointType": endpoint_type(settings),
        "endpointIdentifier": endpoint,
        "rasAddress": transport_value(settings.ras_address),
        "callSignalAddress": [transport_value(settings.signal_address)],
        "endpointAlias": aliases_value(settings.aliases),
        "needResponse": False,
    }
    return value | ({"perCallInfo": calls} if calls else {})


def call_information(call: RasCall, admission: Admission, usage: Value) -> Value:
    """What an IRR says of one call."""
    return call_value(call) | {
        "originator": not call.answering,
        "h245": {},
        "callSignalling": {},
        "callType": _POINT_TO_POINT,
        "bandWidth": admission.bandwidth,
        "callModel": (admission.model.value, 0),
        "substituteConfIDs": [],
        "usageInformation": usage,
    }


def call_value(call: RasCall) -> Value:
    """How a message names a call."""
    return {
        "conferenceID": call.conference_id,
        "callReferenceValue": call.reference,
        "callIdentifier": {"guid": call.call_identifier},
    }


def _identified(gatekeeper: str = "", endpoint: str = "") -> Value:
    names = {"gatekeeperIdentifier": gatekeeper, "endpointIdentifier": endpoint}
    return {field: text for field, text in names.items() if text}


def endpoint_type(settings: GatekeeperSettings) -> Value:
    """What we are: a gateway for voice with its prefixes, or a terminal."""
    value: Value = {"vendor": _VENDOR, "mc": False, "undefinedNode": False}
    if settings.kind != "gateway":
        return value | {"terminal": {}}
    prefixes = [{"prefix": alias_value(Alias(AliasKind.DIALLED_DIGITS, digits))} for digits in settings.prefixes]
    return value | {"gateway": {"protocol": [("voice", {"supportedPrefixes": prefixes})]}}


def aliases_value(aliases: Iterable[Alias]) -> list[tuple[str, Any]]:
    """Aliases as AliasAddress values. Raises LocalProtocolError for one that H.225.0 cannot write."""
    return [alias_value(item) for item in aliases]


def aliases_in(value: Value, field: str) -> tuple[Alias, ...]:
    """The aliases in a field of a message."""
    return tuple(alias(item) for item in value.get(field, ()))


def address_in(value: tuple[str, Any] | None) -> Address:
    """A TransportAddress; "" for one that is not IP, or not there."""
    return transport(value) if value is not None and value[0] in ("ipAddress", "ip6Address") else ""


def first_address(values: Iterable[tuple[str, Any]]) -> Address:
    """The first IP address among TransportAddresses, "" without one."""
    return next((found for found in map(address_in, values) if found), "")


def admission_in(value: Value) -> Admission:
    """What an AdmissionConfirm says."""
    return Admission(
        CallModel.GATEKEEPER_ROUTED if value["callModel"][0] == CallModel.GATEKEEPER_ROUTED else CallModel.DIRECT,
        address_in(value["destCallSignalAddress"]),
        aliases_in(value, "destinationInfo"),
        value["bandWidth"],
    )
