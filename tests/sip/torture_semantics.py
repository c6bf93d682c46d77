"""The messages of RFC 4475 §3.2 to §3.4 that are wrong in what they mean, octet for octet."""

SEMANTICS = {
    # §3.2.1
    "badbranch": (
        b"OPTIONS sip:user@example.com SIP/2.0\r\n"
        b"To: sip:user@example.com\r\n"
        b"From: sip:caller@example.org;tag=33242\r\n"
        b"Max-Forwards: 3\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\n"
        b"Accept: application/sdp\r\n"
        b"Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n\r\n"
        b"CSeq: 8 OPTIONS\r\n"
        b"l: 0\r\n"
        b"\r\n"
    ),
    # §3.3.1
    "insuf": (
        b"INVITE sip:user@example.com SIP/2.0\r\n"
        b"CSeq: 193942 INVITE\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\r\n"
        b"Content-Type: application/sdp\r\n"
        b"l: 152\r\n"
        b"\r\n"
        b"v=0\r\n"
        b"o=mhandley 29739 7272939 IN IP4 192.0.2.95\r\n"
        b"s=-\r\n"
        b"c=IN IP4 192.0.2.95\r\n"
        b"t=0 0\r\n"
        b"m=audio 49217 RTP/AVP 0 12\r\n"
        b"m=video 3227 RTP/AVP 31\r\n"
        b"a=rtpmap:31 LPC\r\n"
    ),
    # §3.3.2
    "unkscm": (
        b"OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\n"
        b"To: sip:user@example.com\r\n"
        b"From: sip:caller@example.net;tag=384\r\n"
        b"Max-Forwards: 3\r\n"
        b"Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34\r\n"
        b"CSeq: 3923423 OPTIONS\r\n"
        b"Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    ),
    # §3.3.3
    "novelsc": (
        b"OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n"
        b"To: sip:user@example.com\r\n"
        b"From: sip:caller@example.net;tag=384\r\n"
        b"Max-Forwards: 3\r\n"
        b"Call-ID: novelsc.asdfasser0q239nwsdfasdkl34\r\n"
        b"CSeq: 3923423 OPTIONS\r\n"
        b"Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    ),
    # §3.3.4
    "unksm2": (
        b"REGISTER sip:example.com SIP/2.0\r\n"
        b"To: isbn:2983792873\r\n"
        b"From: <http://www.example.com>;tag=3234233\r\n"
        b"Call-ID: unksm2.daksdj@hyphenated-host.example.com\r\n"
        b"CSeq: 234902 REGISTER\r\n"
        b"Max-Forwards: 70\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw\r\n"
        b"Contact: <name:John_Smith>\r\n"
        b"l: 0\r\n"
        b"\r\n"
    ),
    # §3.3.5
    "bext01": (
        b"OPTIONS sip:user@example.com SIP/2.0\r\n"
        b"To: sip:j_user@example.com\r\n"
        b"From: sip:caller@example.net;tag=242etr\r\n"
        b"Max-Forwards: 6\r\n"
        b"Call-ID: bext01.0ha0isndaksdj\r\n"
        b"Require: nothingSupportsThis, nothingSupportsThisEither\r\n"
        b"Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\r\n"
        b"CSeq: 8 OPTIONS\r\n"
        b"Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    ),
    # §3.3.6
    "invut": (
        b"INVITE sip:user@example.com SIP/2.0\r\n"
        b"Contact: <sip:caller@host5.example.net>\r\n"
        b"To: sip:j.user@example.com\r\n"
        b"From: sip:caller@example.net;tag=8392034\r\n"
        b"Max-Forwards: 70\r\n"
        b"Call-ID: invut.0ha0isndaksdjadsfij34n23d\r\n"
        b"CSeq: 235448 INVITE\r\n"
        b"Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw\r\n"
        b"Content-Type: application/unknownformat\r\n"
        b"Content-Length: 40\r\n"
        b"\r\n"
        b"<audio>\r\n"
        b' <pcmu port="443"/>\r\n'
        b"</audio>\r\n"
    ),
    # §3.3.7
    "regaut01": (
        b"REGISTER sip:example.com SIP/2.0\r\n"
        b"To: sip:j.user@example.com\r\n"
        b"From: sip:j.user@example.com;tag=87321hj23128\r\n"
        b"Max-Forwards: 8\r\n"
        b"Call-ID: regaut01.0ha0isndaksdj\r\n"
        b"CSeq: 9338 REGISTER\r\n"
        b"Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdjuw\r\n"
        b"Authorization: NoOneKnowsThisScheme opaque-data=here\r\n"
        b"Content-Length:0\r\n"
        b"\r\n"
    ),
    # §3.3.8
    "multi01": (
        b"INVITE sip:user@company.com SIP/2.0\r\n"
        b"Contact: <sip:caller@host25.example.net>\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw\r\n"
        b"Max-Forwards: 70\r\n"
        b"CSeq: 5 INVITE\r\n"
        b"Call-ID: multi01.98asdh@192.0.2.1\r\n"
        b"CSeq: 59 INVITE\r\n"
        b"Call-ID: multi01.98asdh@192.0.2.2\r\n"
        b"From: sip:caller@example.com;tag=3413415\r\n"
        b"To: sip:user@example.com\r\n"
        b"To: sip:other@example.net\r\n"
        b"From: sip:caller@example.net;tag=2923420123\r\n"
        b"Content-Type: application/sdp\r\n"
        b"l: 154\r\n"
        b"Contact: <sip:caller@host36.example.net>\r\n"
        b"Max-Forwards: 5\r\n"
        b"\r\n"
        b"v=0\r\n"
        b"o=mhandley 29739 7272939 IN IP4 192.0.2.25\r\n"
        b"s=-\r\n"
        b"c=IN IP4 192.0.2.25\r\n"
        b"t=0 0\r\n"
        b"m=audio 49217 RTP/AVP 0 12\r\n"
        b"m=video 3227 RTP/AVP 31\r\n"
        b"a=rtpmap:31 LPC\r\n"
        b"\r\n"
    ),
    # §3.3.9
    "mcl01": (
        b"OPTIONS sip:user@example.com SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423\r\n"
        b"To: sip:user@example.com\r\n"
        b"From: sip:other@example.net;tag=3923942\r\n"
        b"Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf\r\n"
        b"CSeq: 15932 OPTIONS\r\n"
        b"Content-Length: 13\r\n"
        b"Max-Forwards: 60\r\n"
        b"Content-Length: 5\r\n"
        b"Content-Type: text/plain\r\n"
        b"\r\n"
        b"There's no way to know how many octets are supposed to be here.\r\n"
        b"\r\n"
    ),
    # §3.3.10
    "bcast": (
        b"SIP/2.0 200 OK\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\r\n"
        b"Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\r\n"
        b"Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf\r\n"
        b"CSeq: 35 INVITE\r\n"
        b"From: sip:user@example.com;tag=11141343\r\n"
        b"To: sip:user@example.edu;tag=2229\r\n"
        b"Content-Length: 154\r\n"
        b"Content-Type: application/sdp\r\n"
        b"Contact: <sip:user@host28.example.com>\r\n"
        b"\r\n"
        b"v=0\r\n"
        b"o=mhandley 29739 7272939 IN IP4 192.0.2.198\r\n"
        b"s=-\r\n"
        b"c=IN IP4 192.0.2.198\r\n"
        b"t=0 0\r\n"
        b"m=audio 49217 RTP/AVP 0 12\r\n"
        b"m=video 3227 RTP/AVP 31\r\n"
        b"a=rtpmap:31 LPC\r\n"
    ),
    # §3.3.11
    "zeromf": (
        b"OPTIONS sip:user@example.com SIP/2.0\r\n"
        b"To: sip:user@example.com\r\n"
        b"From: sip:caller@example.net;tag=3ghsd41\r\n"
        b"Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas\r\n"
        b"CSeq: 39234321 OPTIONS\r\n"
        b"Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i\r\n"
        b"Max-Forwards: 0\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    ),
    # §3.3.12
    "cparam01": (
        b"REGISTER sip:example.com SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw\r\n"
        b"Max-Forwards: 70\r\n"
        b"From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe\r\n"
        b"To: sip:watson@example.com\r\n"
        b"Call-ID: cparam01.70710@saturn.example.com\r\n"
        b"CSeq: 2 REGISTER\r\n"
        b"Contact: sip:+19725552222@gw1.example.net;unknownparam\r\n"
        b"l: 0\r\n"
        b"\r\n"
    ),
    # §3.3.13
    "cparam02": (
        b"REGISTER sip:example.com SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw\r\n"
        b"Max-Forwards: 70\r\n"
        b"From: sip:watson@example.com;tag=838293\r\n"
        b"To: sip:watson@example.com\r\n"
        b"Call-ID: cparam02.70710@saturn.example.com\r\n"
        b"CSeq: 3 REGISTER\r\n"
        b"Contact: <sip:+19725552222@gw1.example.net;unknownparam>\r\n"
        b"l: 0\r\n"
        b"\r\n"
    ),
    # §3.3.14
    "regescrt": (
        b"REGISTER sip:example.com SIP/2.0\r\n"
        b"To: sip:user@example.com\r\n"
        b"From: sip:user@example.com;tag=8\r\n"
        b"Max-Forwards: 70\r\n"
        b"Call-ID: regescrt.k345asrl3fdbv@192.0.2.1\r\n"
        b"CSeq: 14398234 REGISTER\r\n"
        b"Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\r\n"
        b"M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\r\n"
        b"L:0\r\n"
        b"\r\n"
    ),
    # §3.3.15
    "sdp01": (
        b"INVITE sip:user@example.com SIP/2.0\r\n"
        b"To: sip:j_user@example.com\r\n"
        b"Contact: <sip:caller@host15.example.net>\r\n"
        b"From: sip:caller@example.net;tag=234\r\n"
        b"Max-Forwards: 5\r\n"
        b"Call-ID: sdp01.ndaksdj9342dasdd\r\n"
        b"Accept: text/nobodyKnowsThis\r\n"
        b"CSeq: 8 INVITE\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw\r\n"
        b"Content-Length: 150\r\n"
        b"Content-Type: application/sdp\r\n"
        b"\r\n"
        b"v=0\r\n"
        b"o=mhandley 29739 7272939 IN IP4 192.0.2.5\r\n"
        b"s=-\r\n"
        b"c=IN IP4 192.0.2.5\r\n"
        b"t=0 0\r\n"
        b"m=audio 49217 RTP/AVP 0 12\r\n"
        b"m=video 3227 RTP/AVP 31\r\n"
        b"a=rtpmap:31 LPC\r\n"
    ),
    # §3.4.1
    "inv2543": (
        b"INVITE sip:UserB@example.com SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP iftgw.example.com\r\n"
        b"From: <sip:+13035551111@ift.client.example.net;user=phone>\r\n"
        b"Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\r\n"
        b"To: sip:+16505552222@ss1.example.net;user=phone\r\n"
        b"Call-ID: inv2543.1717@ift.client.example.com\r\n"
        b"CSeq: 56 INVITE\r\n"
        b"Content-Type: application/sdp\r\n"
        b"\r\n"
        b"v=0\r\n"
        b"o=mhandley 29739 7272939 IN IP4 192.0.2.5\r\n"
        b"s=-\r\n"
        b"c=IN IP4 192.0.2.5\r\n"
        b"t=0 0\r\n"
        b"m=audio 49217 RTP/AVP 0\r\n"
    ),
}
