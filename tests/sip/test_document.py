from gateway.sip.document import document
from gateway.sip.message import parse


def test_refer_with_everything_it_says() -> None:
    shown = document(
        parse(
            b"REFER sip:b@h SIP/2.0\r\n"
            b"r: <sip:c@h;x-m=8:orgid:1?Replaces=1%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n"
            b'Referred-By: <sip:a@h>;cid="x@y"\r\n'
            b"X-Odd: 1\r\n\r\n"
        )
    )
    assert (shown["method"], shown["requestUri"]) == ("REFER", "sip:b@h")
    refer_to, referred_by, odd = shown["headers"]
    assert refer_to["name"] == "r"
    assert refer_to["parsed"]["replaces"] == {"callId": "1@h", "to-tag": "1", "from-tag": "2"}
    assert refer_to["parsed"]["uriParts"]["parameters"] == {"x-m": "8:orgid:1"}
    assert referred_by["parsed"] == {"uri": "sip:a@h", "parameters": {"cid": "x@y"}}
    assert odd == {"name": "X-Odd", "value": "1"}


def test_notify_shows_the_status_in_its_body() -> None:
    shown = document(
        parse(
            b"NOTIFY sip:a@h SIP/2.0\r\nEvent: refer;id=2\r\nContent-Type: message/sipfrag\r\n\r\n"
            b"SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17\r\n"
        )
    )
    assert shown["headers"][0]["parsed"] == {"package": "refer", "id": "2"}
    assert (shown["body"]["status"], shown["body"]["reason"]) == (486, "Busy Here")
    assert shown["body"]["headers"][0]["parsed"] == {"protocol": "Q.850", "cause": "17"}


def test_several_values_are_a_list_and_unreadable_ones_an_error() -> None:
    shown = document(parse(b"SIP/2.0 200 OK\r\nReason: SIP;cause=1, Q.850;cause=2\r\nReplaces: ;to-tag=1\r\n\r\n"))
    reason, replaces = shown["headers"]
    assert [value["protocol"] for value in reason["parsed"]] == ["SIP", "Q.850"]
    assert "Call-ID" in replaces["error"]


def test_body_that_is_no_text_is_hex() -> None:
    message = b"INFO sip:a SIP/2.0\r\nContent-Type: application/qsig\r\n\r\n\x08\x02\xff"
    assert document(parse(message))["body"] == {"contentType": "application/qsig", "hex": "0802ff"}


def test_sdp_is_text() -> None:
    message = b"INVITE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
    assert document(parse(message))["body"] == {"contentType": "application/sdp", "text": "v=0\r\n"}


def test_octets_that_are_no_utf8_can_be_printed() -> None:
    shown = document(parse(b"INVITE sip:a SIP/2.0\r\nSubject: J\xf6rg\r\n\r\n"))
    assert shown["headers"][0]["value"] == "J\\xf6rg"
