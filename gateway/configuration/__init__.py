"""gateway.yaml: what the server listens on, its trunks and routes. Errors name file, line and key."""

from gateway.configuration.d_channel_link import BackhaulChannel, DahdiDevice, DChannelLink, IuaInterface, UdpEnds
from gateway.configuration.gateway_file import Configuration, OneTrunk, Route, Tls, configuration
from gateway.configuration.h323_trunk import Gatekeeper, H323Trunk
from gateway.configuration.isdn_trunk import IsdnTrunk
from gateway.configuration.limits import Limits, Timing
from gateway.configuration.media_gateway import MediaGateway
from gateway.configuration.place import Place, PlaceText, place
from gateway.configuration.sip_trunk import Credentials, HeaderPolicy, Trunk
from gateway.configuration.trunk import AnyTrunk, TransferPolicy

__all__ = [
    "AnyTrunk",
    "BackhaulChannel",
    "Configuration",
    "Credentials",
    "DChannelLink",
    "DahdiDevice",
    "Gatekeeper",
    "H323Trunk",
    "HeaderPolicy",
    "IsdnTrunk",
    "IuaInterface",
    "Limits",
    "MediaGateway",
    "OneTrunk",
    "Place",
    "PlaceText",
    "Route",
    "Timing",
    "Tls",
    "TransferPolicy",
    "Trunk",
    "UdpEnds",
    "configuration",
    "place",
]
