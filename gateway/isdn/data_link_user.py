"""What a data link is told at its start, and whom it tells: layer 3 and layer management (Q.921 4, 5.9)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.isdn.data_link_table import MdlError
from gateway.isdn.lapd_frame import CALL_CONTROL_SAPI

if TYPE_CHECKING:
    from gateway.isdn.data_link import DataLink


@dataclass(frozen=True, slots=True)
class DataLinkSettings:
    """Parameters of Q.921 5.9; times in seconds, N201 in octets. On a basic access k is 1 by default there.

    `tei` None: a TEI is asked for. `retry`: seconds after which a link that layer 3 wants, and has lost, is
    established again; 0 leaves that to layer 3. `over_datagrams`: frames may come late, twice or in another order.
    `sends_frmr`: a bad frame is reported before the link is re-established, for peers made for LAPB; Q.921 has none.
    """

    t200: float = 1.0
    t201: float = 1.0
    t202: float = 2.0
    t203: float = 10.0
    n200: int = 3
    n201: int = 260
    n202: int = 3
    k: int = 7
    tei: int | None = 0
    sapi: int = CALL_CONTROL_SAPI
    retry: float = 0.0
    over_datagrams: bool = False
    sends_frmr: bool = False


DEFAULTS = DataLinkSettings()
"""A primary rate access, TEI 0."""


class DataLinkUser(Protocol):
    """Layer 3. It may call the data link from within these.

    `link_established` when the link was up already: it was reset, and some of what was sent may be lost.
    `link_released` comes for every `release`, and when the link is lost or cannot be established.
    """

    def link_established(self, now: float) -> None:
        """DL-ESTABLISH indication or confirm."""

    def link_released(self, now: float) -> None:
        """DL-RELEASE indication or confirm."""

    def data_received(self, octets: bytes, now: float) -> None:
        """DL-DATA indication: the information of an I frame, in order and once."""

    def unit_data_received(self, octets: bytes, now: float) -> None:
        """DL-UNIT DATA indication: the information of a UI frame."""


class LinkManagement(Protocol):
    """Layer management, as far as a data link needs it."""

    def tei_wanted(self, link: "DataLink", now: float) -> None:
        """MDL-ASSIGN indication: `assign` or `refuse` is to follow."""

    def link_error(self, link: "DataLink", error: MdlError, now: float) -> None:
        """MDL-ERROR indication."""
