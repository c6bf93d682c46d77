"""A configuration for the played host, out of the recording: its addresses, its peers as trunks, routes by what went
where.
"""

from typing import Any

import yaml
from pydantic import ValidationError

from gateway.configuration import Configuration, H323Trunk, IsdnTrunk, OneTrunk
from gateway.model.errors import GatewayError
from gateway.regression.endpoints import Hosts
from gateway.regression.h323_deduction import h323_peers, with_gatekeeper
from gateway.regression.h323_tape import H323Tape
from gateway.regression.isdn_deduction import FIRST_PORT, lines
from gateway.regression.isdn_tape import IsdnTape
from gateway.regression.opposite import fixed_tei
from gateway.regression.routes_deduction import routes
from gateway.regression.sip_deduction import SipPeers
from gateway.regression.sip_tape import Tape

_NOWHERE = "udp:192.0.2.1:5060"
"""What is listened on when the recording has no SIP (RFC 5737)."""

Document = dict[str, Any]


def deduced(sip: Tape, isdn: IsdnTape, h323: H323Tape, hosts: Hosts) -> Document:
    """gateway.yaml as a document. Raises GatewayError when there is nobody to talk to."""
    peers, access = SipPeers(sip), lines(isdn)
    others = h323_peers(h323)
    of_h323 = [peer.trunk() for peer in others]
    with_gatekeeper(of_h323, h323)
    trunks = [*peers.trunks(), *(line.trunk() for line in access), *of_h323]
    if not trunks:
        raise GatewayError(f"nobody talks to {hosts} in the recording")
    document: Document = {"listen": peers.listeners() or [_NOWHERE], "trunks": trunks}
    steps = [step for line in access for step in line.steps()]
    steps += [step for peer in others for step in peer.steps()]
    document["routes"] = routes([*peers.steps(), *steps])
    if peers.product:
        document["user_agent"] = peers.product
    # Nobody in the recording would answer an OPTIONS of ours.
    document["timing"] = {"options": 0}
    return document


def configured(document: Document) -> Configuration:
    """The document as a configuration. Raises GatewayError for what in the recording no configuration can say."""
    try:
        return Configuration.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise GatewayError(f"no configuration can be deduced: {key}: {first['msg']}") from error


def without_links(configuration: Configuration) -> Configuration:
    """The same with D channels that lead nowhere: in a replay both ends of each data link are here. A terminal has
    its TEI from the start. Gatekeepers have no passwords: their recorded answers are signed for other questions.
    """
    trunks: list[OneTrunk] = []
    for number, trunk in enumerate(configuration.trunks):
        if isinstance(trunk, IsdnTrunk) and trunk.link:
            link = f"udp:127.0.0.1:{FIRST_PORT + 2 * number}>127.0.0.1:{FIRST_PORT + 2 * number + 1}"
            is_terminal = trunk.bus and trunk.side == "user"
            tei = fixed_tei(trunk.tei or 0) if is_terminal else trunk.tei
            trunks.append(trunk.model_copy(update={"link": link, "tei": tei, "media": "none"}))
        elif isinstance(trunk, H323Trunk) and trunk.gatekeeper is not None:
            open_to_all = trunk.gatekeeper.model_copy(update={"password": ""})
            trunks.append(trunk.model_copy(update={"gatekeeper": open_to_all}))
        else:
            trunks.append(trunk)
    return configuration.model_copy(update={"trunks": tuple(trunks), "media": ()})


def as_yaml(document: Document) -> str:
    """The document as gateway.yaml."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text
