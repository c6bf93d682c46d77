"""The messages of RFC 5118 §4, with the line ends of SIP."""

_TAIL = (
    "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111\n"
    "Call-ID: SSG9559905523997077@hlau_4100\n"
    "Max-Forwards: 70\n"
    'Contact: "Caller" <sip:caller@[2001:db8::1]>\n'
    "CSeq: 98176 REGISTER\n"
    "Content-Length: 0\n\n"
)
_PEOPLE = "To: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\n"
_IPV6_REFERENCE_BUG = (
    "From: sip:user@example.com;tag=810x2\n"
    "Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111\n"
    "Call-ID: G9559905523997077@hlau_4100\n"
    "CSeq: 689 OPTIONS\n"
    "Max-Forwards: 70\n"
    "Content-Length: 0\n\n"
)

_TEXTS = {
    # §4.1
    "ipv6-good": f"REGISTER sip:[2001:db8::10] SIP/2.0\n{_PEOPLE}{_TAIL}",
    # §4.2
    "ipv6-bad": f"REGISTER sip:2001:db8::10 SIP/2.0\n{_PEOPLE}{_TAIL}",
    # §4.3
    "port-ambiguous": f"REGISTER sip:[2001:db8::10:5070] SIP/2.0\n{_PEOPLE}{_TAIL}",
    # §4.4
    "port-unambiguous": f"REGISTER sip:[2001:db8::10]:5070 SIP/2.0\n{_PEOPLE}{_TAIL}",
    # §4.5
    "via-received-param-with-delim": (
        "BYE sip:[2001:db8::10] SIP/2.0\n"
        "To: sip:user@example.com;tag=bd76ya\n"
        "From: sip:user@example.com;tag=81x2\n"
        "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111\n"
        "Call-ID: SSG9559905523997077@hlau_4100\n"
        "Max-Forwards: 70\n"
        "CSeq: 321 BYE\n"
        "Content-Length: 0\n\n"
    ),
    "via-received-param-no-delim": (
        "OPTIONS sip:[2001:db8::10] SIP/2.0\n"
        f"{_PEOPLE}"
        "Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3\n"
        "Call-ID: SSG95523997077@hlau_4100\n"
        "Max-Forwards: 70\n"
        'Contact: "Caller" <sip:caller@[2001:db8::9:1]>\n'
        "CSeq: 921 OPTIONS\n"
        "Content-Length: 0\n\n"
    ),
    # §4.6, whose Content-Length is printed as 268: its body has 251 octets
    "ipv6-in-sdp": (
        "INVITE sip:user@[2001:db8::10] SIP/2.0\n"
        "To: sip:user@[2001:db8::10]\n"
        "From: sip:user@example.com;tag=81x2\n"
        "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111\n"
        "Call-ID: SSG9559905523997077@hlau_4100\n"
        'Contact: "Caller" <sip:caller@[2001:db8::20]>\n'
        "CSeq: 8612 INVITE\n"
        "Max-Forwards: 70\n"
        "Content-Type: application/sdp\n"
        "Content-Length: 251\n\n"
        "v=0\n"
        "o=assistant 971731711378798081 0 IN IP6 2001:db8::20\n"
        "s=Live video feed for today's meeting\n"
        "c=IN IP6 2001:db8::20\n"
        "t=3338481189 3370017201\n"
        "m=audio 6000 RTP/AVP 2\n"
        "a=rtpmap:2 G726-32/8000\n"
        "m=video 6024 RTP/AVP 107\n"
        "a=rtpmap:107 H263-1998/90000\n"
    ),
    # §4.7
    "mult-ip-in-header": (
        "BYE sip:user@host.example.net SIP/2.0\n"
        "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\n"
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\n"
        "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200\n"
        "Call-ID: 997077@lau_4100\n"
        "Max-Forwards: 70\n"
        "CSeq: 89187 BYE\n"
        "To: sip:user@example.net;tag=9817--94\n"
        "From: sip:user@example.com;tag=81x2\n"
        "Content-Length: 0\n\n"
    ),
    # §4.8
    "mult-ip-in-sdp": (
        "INVITE sip:user@[2001:db8::10] SIP/2.0\n"
        "To: sip:user@[2001:db8::10]\n"
        "From: sip:user@example.com;tag=81x2\n"
        "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111\n"
        "Call-ID: SSG9559905523997077@hlau_4100\n"
        'Contact: "Caller" <sip:caller@[2001:db8::9:1]>\n'
        "Max-Forwards: 70\n"
        "CSeq: 8912 INVITE\n"
        "Content-Type: application/sdp\n"
        "Content-Length: 181\n\n"
        "v=0\n"
        "o=bob 280744730 28977631 IN IP4 host.example.com\n"
        "s=\n"
        "t=0 0\n"
        "m=audio 22334 RTP/AVP 0\n"
        "c=IN IP4 192.0.2.1\n"
        "m=video 6024 RTP/AVP 107\n"
        "c=IN IP6 2001:db8::1\n"
        "a=rtpmap:107 H263-1998/90000\n"
    ),
    # §4.9
    "ipv4-mapped-ipv6": (
        "INVITE sip:user@example.com SIP/2.0\n"
        "To: sip:user@example.com\n"
        "From: sip:user@east.example.com;tag=81x2\n"
        "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19\n"
        "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111\n"
        "Call-ID: SSG9559905523997077@hlau_4100\n"
        'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>\n'
        "CSeq: 612 INVITE\n"
        "Max-Forwards: 70\n"
        "Content-Type: application/sdp\n"
        "Content-Length: 236\n\n"
        "v=0\n"
        "o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2\n"
        "s=Call me soon, please!\n"
        "c=IN IP6 ::ffff:192.0.2.2\n"
        "t=3338481189 3370017201\n"
        "m=audio 6000 RTP/AVP 2\n"
        "a=rtpmap:2 G726-32/8000\n"
        "m=video 6024 RTP/AVP 107\n"
        "a=rtpmap:107 H263-1998/90000\n"
    ),
    # §4.10
    "ipv6-bug-abnf-3-colons": (
        "OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0\nTo: sip:user@[2001:db8:::192.0.2.1]\n" + _IPV6_REFERENCE_BUG
    ),
    "ipv6-correct-abnf-2-colons": (
        "OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0\nTo: sip:user@[2001:db8::192.0.2.1]\n" + _IPV6_REFERENCE_BUG
    ),
}


def _on_the_wire(text: str) -> bytes:
    octets = text.replace("\n", "\r\n").encode()
    head, _, body = octets.partition(b"\r\n\r\n")
    return head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body)) + b"\r\n\r\n" + body


IPV6 = {name: _on_the_wire(text) for name, text in _TEXTS.items()}
