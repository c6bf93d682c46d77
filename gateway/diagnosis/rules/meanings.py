"""What a final status says about a REFER or about the call to the target, and what to do about it."""

from typing import NamedTuple


class Meaning(NamedTuple):
    """`says` completes a sentence that begins with the status; `advice` is what to do."""

    says: str
    advice: str


_REFER = {
    400: Meaning("the receiver could not read the REFER", "Look at Refer-To: exactly one, escaped once."),
    401: Meaning("the receiver wants credentials, and none came", "Configure user and password for this peer."),
    403: Meaning("the receiver's policy does not let this party transfer", "Allow transfers and this target there."),
    404: Meaning("the receiver knows no such call or user", "Send the REFER to the remote target of the call."),
    405: Meaning(
        "the receiver does not take REFER", "Use a re-INVITE or an INVITE with Replaces from the other side."
    ),
    407: Meaning("a proxy wants credentials, and none came", "Configure user and password for this proxy."),
    408: Meaning("nobody answered the REFER in time", "Look for the place where it was lost."),
    415: Meaning("the REFER has a body that the receiver does not know", "Send it without a body."),
    416: Meaning(
        "the scheme of the Refer-To cannot be called there", "Refer to a sip URI instead of tel or another one."
    ),
    420: Meaning("an option in Require is not known there", "Leave out what Unsupported names."),
    421: Meaning("the receiver needs an option that was not offered", "Offer what Require of the answer names."),
    429: Meaning("the receiver wants a Referred-By with a token", "Send Referred-By as in RFC 3892 §2.2."),
    480: Meaning("the party is not there at the moment", "Try later, or transfer to another number."),
    481: Meaning("there is no such dialog at the receiver", "Compare Call-ID and both tags with those of the call."),
    486: Meaning("the receiver is busy with another transfer", "Wait for the first one's final NOTIFY."),
    488: Meaning(
        "the receiver cannot do this transfer with the media or resources it has", "Look at Warning and Reason."
    ),
    489: Meaning("the event package refer is not known there", "Use another kind of transfer with this peer."),
    491: Meaning("another request was under way in the dialog", "Send the REFER again after a moment."),
    500: Meaning("the receiver failed in itself", "Look into its log at this time."),
    501: Meaning("the receiver does not know REFER at all", "Swap the roles: REFER the other party (RFC 5589 §7.4)."),
    503: Meaning("the receiver is out of service or overloaded", "Use another one, and heed Retry-After."),
    603: Meaning(
        "the receiver declines, for a reason of its own", "Ask whoever runs it: often a setting of the trunk."
    ),
}

_CALL = {
    400: Meaning("the target could not read the INVITE", "Look at what was copied from the Refer-To."),
    401: Meaning("the target wants credentials that the transferee has not", "Let the transferee register there."),
    403: Meaning("the transferee may not call this target", "Give it the right: it is not the transferor who calls."),
    404: Meaning("nobody knows the target's address", "Refer to an address that the transferee can reach too."),
    408: Meaning("nobody answered the call in time", "Look for the place where the INVITE was lost."),
    410: Meaning("the target's number is no longer in service", "Correct the number."),
    415: Meaning("the target does not know the body of the INVITE", "Look at Accept of the answer."),
    420: Meaning(
        "the target does not know Replaces or another option", "Refer to it without Replaces (RFC 5589 §7.7)."
    ),
    429: Meaning("the target wants a Referred-By with a token", "Send Referred-By as in RFC 3892 §2.2."),
    480: Meaning("the target is not there at the moment", "Nothing is wrong with the transfer."),
    481: Meaning("the target has no such dialog to be replaced", "Compare the Replaces with the consultation call."),
    484: Meaning("the target's number is not complete", "Refer to the whole number."),
    486: Meaning("the target is busy", "Nothing is wrong with the transfer."),
    487: Meaning("the call was given up before anybody answered", "See who sent the CANCEL, and why."),
    488: Meaning("the target does not take the media that was offered", "Compare the codecs of both."),
    500: Meaning("the target failed in itself", "Look into its log at this time."),
    503: Meaning("the target's side is out of service or overloaded", "Use another route, and heed Retry-After."),
    600: Meaning("the target is busy everywhere", "Nothing is wrong with the transfer."),
    603: Meaning("the target declined the call", "Nothing is wrong with the transfer."),
    606: Meaning("the target does not take the media that was offered", "Compare the codecs of both."),
}

_CLASSES = {
    3: Meaning("it was sent elsewhere", "Follow the Contact of the answer, or report it."),
    4: Meaning("the request could not be fulfilled as it was", "Change the request by what the answer says."),
    5: Meaning("the server failed", "Try another one."),
    6: Meaning("nobody anywhere will take it", "Do not try again."),
}


def of_refer(status: int) -> Meaning:
    """What `status` (300 to 699) says when it answers a REFER."""
    return _REFER.get(status) or _CLASSES[status // 100]


def of_call(status: int) -> Meaning:
    """What `status` (300 to 699) says when it answers the INVITE to the target."""
    return _CALL.get(status) or _CLASSES[status // 100]
