"""Offers that were refused because of their media (488, 606, 415), and what the two sides have in common."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.rules.refer_refused import reason_given
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight, Transaction
from gateway.sip.sdp_codecs import codecs
from gateway.sip.sdp_description import Stream

RULE = Rule("codec-mismatch", "RFC 3264 §6")

_ADVICE = "Offer a codec that both have (G.711 is in nearly all), or let a transcoder stand between the two."


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Refused INVITEs and re-INVITEs from the REFER on, the same refusal on several hops once."""
    start = scene.transfer.requested
    said: set[tuple[str, int, int]] = set()
    for transaction in scene.transactions:
        final = transaction.final
        if final is None or transaction.method not in ("INVITE", "UPDATE") or transaction.request.time < start:
            continue
        mark = transaction.request.message.call_id, transaction.request.message.cseq, transaction.status
        if transaction.status in (415, 488, 606) and mark not in said:
            said.add(mark)
            yield _refused(scene, transaction, final)
        elif transaction.status < 300:
            yield from _nothing_left(transaction, final)


def _refused(scene: Scene, transaction: Transaction, final: Sight) -> Finding:
    request = transaction.request
    which = "re-INVITE" if request.message.to_tag else "INVITE"
    what = f"{final.source_host} refuses the media of the {which} with {final.title}"
    why = reason_given(final)
    what += f" ({why})." if why else "."
    offered = _names(request)
    if not offered:
        what += " It offered nothing: the answer was to make the offer."
        return RULE.error(what, [request, final], "Send an offer in the INVITE; Teams wants one.")
    what += f" It offered {', '.join(offered)}{_security(request)}"
    known = _known(scene, final, request)
    if known is None:
        return RULE.error(f"{what}.", [request, final], _ADVICE)
    common = [name for name in offered if name in _names(known)]
    theirs = ", ".join(_names(known))
    if common and _security(request) != _security(known):
        what += f"; {final.source_host} spoke {theirs}{_security(known)} in frame {known.frame}."
        return RULE.error(what, [request, final, known], "Offer the same protection: SRTP where SRTP was spoken.")
    has = f"{', '.join(common)} in common" if common else "nothing in common"
    what += f"; {final.source_host} named {theirs} in frame {known.frame}: {has}."
    return RULE.error(what, [request, final, known], _ADVICE)


def _known(scene: Scene, final: Sight, request: Sight) -> Sight | None:
    """The latest session description of the one who refuses, in any of the calls."""
    earlier = (
        sight
        for sight in scene.sights
        if sight.time < final.time and sight.source_host == final.source_host and sight is not request
    )
    return next((sight for sight in reversed(list(earlier)) if _names(sight)), None)


def _nothing_left(transaction: Transaction, final: Sight) -> Iterator[Finding]:
    """An answer that accepts none of the streams, or with codecs that were not offered."""
    if not transaction.request.message.body or not final.message.body:
        return
    offered, answered = transaction.request.session.media, final.session.media
    if answered and offered and not any(stream.is_live for stream in answered):
        what = f"The {final.title} answers the offer and takes none of its streams (port 0)."
        yield RULE.error(what, [transaction.request, final], _ADVICE)
        return
    foreign = set(_of(answered)) - set(_of(offered))
    if foreign and not set(_of(answered)) & set(_of(offered)):
        what = f"The {final.title} answers with {', '.join(sorted(foreign))}, which was not offered."
        yield RULE.error(what, [transaction.request, final], _ADVICE, clause="RFC 3264 §6.1")


def _names(sight: Sight) -> list[str]:
    return _of(sight.session.media) if sight.message.body else []


def _of(media: tuple[Stream, ...]) -> list[str]:
    """Codecs of live audio streams, without telephone events and comfort noise."""
    names = (
        name for stream in media if stream.is_live and stream.kind == "audio" for name in codecs(stream).values()
    )
    kept = (name for name in names if name.partition("/")[0] not in ("telephone-event", "cn"))
    return list(dict.fromkeys(kept))


def _security(sight: Sight) -> str:
    secured = any("SAVP" in stream.protocol.upper() for stream in sight.session.media)
    return " with SRTP" if secured else ""
