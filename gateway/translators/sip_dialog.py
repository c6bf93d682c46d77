"""The dialog that a message is written into (RFC 3261 §12.2).

What the context does not know of a dialog is derived from its `domain` and `entropy`, so that even a single
message is complete and the same input always gives the same octets.
"""

from dataclasses import replace

from gateway.model.legs import SipDialog
from gateway.model.transfer import DialogReference
from gateway.sip.dialog_id import DialogId
from gateway.sip.uri import Uri
from gateway.translators.dialect import Context
from gateway.translators.sip_parties import sip_uri_of


def known(dialog: SipDialog, context: Context, peer: str = "") -> SipDialog:
    """`dialog` with what is missing filled in; `peer` is the remote URI when the dialog has none."""
    own = f"sip:{context.domain}"
    remote = dialog.remote_uri or peer or own
    filled = replace(
        dialog,
        local_uri=dialog.local_uri or own,
        remote_uri=remote,
        remote_target=dialog.remote_target or bare(remote),
    )
    if dialog.call_id:
        return filled
    local, there = f"{context.entropy}-local", f"{context.entropy}-remote"
    return replace(filled, call_id=f"{context.entropy}@{context.domain}", local_tag=local, remote_tag=there)


def far_side(context: Context) -> Context:
    """The context in which the other side of the dialog writes: its answers and NOTIFYs fit the requests that were
    written in `context`.
    """
    peer = sip_uri_of(context.asked.transferee, context.domain) if context.asked else ""
    dialog = known(context.sip, context, peer)
    swapped = SipDialog(
        dialog.call_id,
        local_tag=dialog.remote_tag,
        remote_tag=dialog.local_tag,
        local_uri=dialog.remote_uri,
        remote_uri=dialog.local_uri,
        remote_target=dialog.local_target or f"sip:{context.domain}",
        route_set=dialog.route_set[::-1],
        local_cseq=dialog.remote_cseq or 1,
        local_target=dialog.remote_target,
        remote_cseq=dialog.local_cseq,
    )
    return replace(context, sip=swapped)


def fresh(context: Context, callee: str) -> SipDialog:
    """The dialog that an INVITE to `callee` is about to open."""
    unique, own = f"{context.entropy}-invite", f"sip:{context.domain}"
    return SipDialog(f"{unique}@{context.domain}", unique, "", own, bare(callee), bare(callee))


def bare(uri: str) -> str:
    """The URI less its headers and method parameter: as a Request-URI may stand (RFC 3261 §19.1.5)."""
    return str(Uri.parse(uri).request_uri())


def route(dialog: SipDialog) -> tuple[str, tuple[str, ...]]:
    """Request-URI and Route values: a first route without `lr` is a strict router's (RFC 3261 §12.2.1.1)."""
    routes = dialog.route_set
    if not routes or "lr" in Uri.parse(routes[0]).parameters:
        return dialog.remote_target, routes
    return bare(routes[0]), (*routes[1:], dialog.remote_target)


def reference(named: DialogId | None) -> DialogReference | None:
    """The dialog that a Replaces names, in the model's words."""
    if named is None:
        return None
    return DialogReference(named.call_id, named.to_tag, named.from_tag, named.early_only)


def dialog_id(named: DialogReference) -> DialogId:
    """The model's reference as the value of a Replaces."""
    return DialogId.named(named.call_id, named.to_tag, named.from_tag, early_only=named.early_only)
