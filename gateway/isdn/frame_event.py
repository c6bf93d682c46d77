"""What a frame is for the states of a data link: commands that came as responses, and wrong sizes, are seen here."""

from gateway.isdn.data_link_table import Event
from gateway.isdn.lapd_frame import Frame, Kind

_FRMR_SIZE = 5

_IS_RESPONSE = {Kind.SABME: False, Kind.DISC: False, Kind.UA: True, Kind.DM: True, Kind.FRMR: True}
"""The frames that are always commands or always responses (Q.921 table 5)."""

_STATUS_EVENTS = (Event.FINAL, Event.SUPERVISORY)
_EVENTS = {
    **dict.fromkeys((Kind.RR, Kind.RNR, Kind.REJ), _STATUS_EVENTS),
    Kind.SABME: (Event.SABME, Event.SABME),
    Kind.DISC: (Event.DISC, Event.DISC),
    Kind.UA: (Event.UA_FINAL, Event.UA),
    Kind.DM: (Event.DM_FINAL, Event.DM),
}
"""The event of a frame, with P/F and without."""


def event_of(frame: Frame, is_command: bool, n201: int) -> Event:
    """The event; `n201` is the longest information field in octets. XID and UI are none (Q.921 5.2, 5.4)."""
    kind = frame.kind
    if kind is Kind.I:
        if not is_command:
            return Event.UNDEFINED
        return Event.I if len(frame.information) <= n201 else Event.TOO_LONG
    if kind is Kind.UNDEFINED or is_command is _IS_RESPONSE.get(kind):
        return Event.UNDEFINED
    if kind is Kind.FRMR:
        return Event.FRMR if len(frame.information) == _FRMR_SIZE else Event.WRONG_SIZE
    if frame.information:
        return Event.NOT_PERMITTED
    with_final, without = _EVENTS[kind]
    return with_final if frame.poll_final and not (is_command and without is Event.SUPERVISORY) else without
