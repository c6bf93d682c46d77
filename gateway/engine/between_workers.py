"""Calls between worker processes: an attended transfer whose consultation call another worker has.

That worker is called as if it were a peer, by an INVITE with Replaces that goes through the mesh. Its address is one
of 0.0.0.0/8, which no packet from a network can come from (RFC 1122 §3.2.1.3). The worker that has heard the REFER
vouches for the transferor: it names the trunk in a header of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from gateway.configuration import Configuration, Trunk
from gateway.ends.sip_end import SipEnd
from gateway.engine.ownership import worker_of
from gateway.hub.dial import Dial
from gateway.hub.hub import Hub
from gateway.hub.leg import Leg, LegEvents
from gateway.hub.watchers import DialWatcher
from gateway.model.call import CallRequest, Clearing, TransferRecord
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.transfer import Kept
from gateway.sip.flow import Flow, Transport

_PORT = 5060
_PREFIX = "worker "
_VOUCHED = "X-Refergate-Transferor-Trunk"
_FORBIDDEN = Clearing(403, Cause(21))
_TO_TAG = "to-tag="


@cache
def way_to(worker: int) -> Flow:
    """Where messages for that worker are sent to, and where those from it come from."""
    return Flow(Transport.UDP, f"0.0.0.{worker + 1}", _PORT)


@cache
def workers_by_host(workers: int) -> Mapping[str, int]:
    """The number of each worker by the host of its flow."""
    return {way_to(worker).host: worker for worker in range(workers)}


def trunk_to(worker: int) -> Trunk:
    """A worker as a trunk. Requests within a call go where the first one came from: through the mesh."""
    return Trunk(
        name=f"{_PREFIX}{worker}",
        peers=(f"udp:{way_to(worker).host}:{_PORT}",),
        trusted=True,
        symmetric=True,
        options=False,
        hide_topology=False,
    )


def with_workers(configuration: Configuration, own: int, workers: int) -> Configuration:
    """The configuration with a trunk to each other worker."""
    others = tuple(trunk_to(worker) for worker in range(workers) if worker != own)
    return configuration.model_copy(update={"trunks": (*configuration.trunks, *others)})


def is_of_worker(trunk: str) -> bool:
    """Whether the trunk leads to another worker."""
    return trunk.startswith(_PREFIX)


def is_told_elsewhere(record: TransferRecord) -> bool:
    """Whether the worker that has heard the REFER writes the record of that transfer."""
    return record.method == "replaces" and any(map(is_of_worker, record.trunks.values()))


class WorkerEnd(SipEnd):
    """The SIP end of one worker of several. A dialog that it does not know may be another worker's."""

    def is_ours(self, uri: str) -> bool:
        """Never said of a target: whether a dialog is there is for the worker that it belongs to."""
        return False

    def place(self, trunk: str, request: CallRequest, owner: LegEvents, now: float) -> Leg:
        """Calls. Raises GatewayError as the SIP end does; 481 for a dialog of ours that no worker has."""
        if request.replaces and not is_of_worker(trunk) and super().is_ours(request.called.uri):
            raise GatewayError("no such dialog here", sip_status=481)
        return super().place(trunk, request, owner, now)


class WorkerHub(Hub):
    """The hub of one worker of several; `own` is its number."""

    own = 0
    workers = 1

    def dial(self, request: CallRequest, source: str, watcher: DialWatcher, now: float, *, trunk: str = "") -> Dial:
        """As the hub does; a call that takes the place of another worker's leg goes to that worker."""
        worker = self._owner(request.replaces) if request.replaces and not trunk else None
        if worker is not None:
            others = tuple(each for each in request.kept if each.what.lower() != _VOUCHED.lower())
            request = replace(request, kept=(*others, Kept("sip", _VOUCHED, source)))
            trunk = f"{_PREFIX}{worker}"
        return super().dial(request, source, watcher, now, trunk=trunk)

    def call_asked(self, leg: Leg, request: CallRequest, replaced: Leg | None, now: float) -> None:
        """As the hub does; another worker may only ask for a leg of the trunk that its transferor is on."""
        if is_of_worker(leg.trunk):
            if replaced is None or _vouched(request) != replaced.trunk:
                leg.clear(_FORBIDDEN, now)
                return
            request = replace(request, referred_by=f"<{replaced.address}>")
        super().call_asked(leg, request, replaced, now)

    def _owner(self, replaces: str) -> int | None:
        """The other worker whose dialog that is; None for our own and for a stranger's."""
        tag = next((part.strip() for part in replaces.split(";") if part.strip().startswith(_TO_TAG)), "")
        worker = worker_of(tag.removeprefix(_TO_TAG), self.workers)
        return None if worker == self.own else worker


def _vouched(request: CallRequest) -> str:
    return next((each.value for each in request.kept if each.what.lower() == _VOUCHED.lower()), "")
