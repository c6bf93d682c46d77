"""How the media of each leg fared, before and after the request of the transfer."""

from collections.abc import Iterator

from gateway.diagnosis.case import StreamQuality
from gateway.diagnosis.rtp import RtpStream, clock_rate
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.spans import Heard, flows_of, phases


def quality_of(scene: Scene) -> tuple[StreamQuality, ...]:
    """Every stream of every leg in each phase in which it had packets; by leg, phase and time."""
    if scene.measured is None:
        found = (each for heard in flows_of(scene) for each in _of_flow(scene, heard))
        scene.measured = tuple(sorted(found, key=lambda each: (each.leg, each.first)))
    return scene.measured


def _of_flow(scene: Scene, heard: Heard) -> Iterator[StreamQuality]:
    for phase, start, end in phases(scene, heard.call):
        for stream in heard.flow.streams.values():
            first, after = stream.between(start, end)
            if first < after:
                yield _quality(scene, heard, stream, phase, (first, after))


def _quality(scene: Scene, heard: Heard, stream: RtpStream, phase: str, span: tuple[int, int]) -> StreamQuality:
    codecs, flow = heard.codecs, heard.flow
    measured = stream.measure(*span, codecs)
    kind = measured.payload_type
    lost, jitter = _reported(scene, stream, measured.last, clock_rate(kind, codecs))
    return StreamQuality(
        leg=heard.call.leg,
        phase=phase,
        source=str(flow.source),
        destination=str(flow.destination),
        ssrc=stream.ssrc,
        codec=codecs.get(kind, f"payload type {kind}"),
        encrypted=heard.encrypted,
        first=measured.first,
        last=measured.last,
        packets=measured.packets,
        lost=measured.lost,
        jitter=measured.jitter,
        jitter_most=measured.jitter_most,
        gaps=measured.gaps,
        longest_gap=measured.longest_gap,
        dscp=stream.dscp_between(*span),
        reported_lost=lost,
        reported_jitter=jitter,
    )


_LATE = 6.0
"""Seconds after the last packet in which a report about it can still come: a bit more than the usual interval."""


def _reported(scene: Scene, stream: RtpStream, until: float, rate: int) -> tuple[int | None, float | None]:
    """The newest report about it: packets lost since the stream began, jitter in seconds."""
    known = [each for each in scene.media.reports.get(stream.ssrc, ()) if each.time <= until + _LATE]
    return (known[-1].lost, known[-1].jitter / rate) if known else (None, None)
