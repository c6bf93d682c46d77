"""Media that fared badly: loss, jitter, gaps."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding, StreamQuality
from gateway.diagnosis.quality import quality_of
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene

RULE = Rule("media-quality", "RFC 3550 §6.4.1")

_ENOUGH = 50
_LOSS, _HEAVY_LOSS = 0.01, 0.05
_JITTER = 0.05
_GAP = 1.0

_ADVICE = "Look for where packets are lost or wait: a full line, Wi-Fi, a duplex mismatch, media without QoS."


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Each stream of some length, by the worst that is to be said of it."""
    if not scene.media.flows:
        return
    for stream in quality_of(scene):
        if stream.packets >= _ENOUGH:
            yield from _judged(scene, stream)


def _judged(scene: Scene, stream: StreamQuality) -> Iterator[Finding]:
    name = f"{stream.source} to {stream.destination}, {stream.phase} the transfer"
    faults = []
    if stream.loss >= _LOSS:
        faults.append(f"{stream.loss * 100:.1f} % of the packets lost")
    if stream.jitter is not None and stream.jitter >= _JITTER:
        faults.append(f"jitter {stream.jitter * 1000:.0f} ms")
    if stream.longest_gap >= _GAP:
        faults.append(f"a gap of {stream.longest_gap:.1f} s")
    if not faults:
        return
    frames = [each.said.frame for call in scene.talks if call.leg == stream.leg for each in call.announced][:2]
    report = RULE.error if stream.loss >= _HEAVY_LOSS else RULE.warning
    yield report(f"{name}: {', '.join(faults)}.", frames, _ADVICE, leg=stream.leg)
