"""A PJSIP softphone: arguments NAME ADDRESS PORT TRANSPORT CERTIFICATE, commands on stdin, JSON events on stdout.

It is a process of its own, because the library may crash. `gateway.demonstration.phone` drives it.
"""

# ruff: noqa: N802, T201 - the library's names; what is printed are the events

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pjsua2 as pj

_DIRECTIONS = ("inactive", "sendonly", "recvonly", "sendrecv")
"""By the value of pjmedia_dir."""
_CODECS = ("PCMU/8000/1", "PCMA/8000/1")


def tell(kind: str, **values: object) -> None:
    """One event."""
    print(json.dumps({"ev": kind, **values}), flush=True)


class PhoneCall(pj.Call):  # type: ignore[misc]
    """A call that tells every change of its state."""

    def __init__(self, phone: "Phone", name: str, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, call_id)
        self.phone = phone
        self.name = name
        phone.calls[name] = self

    def onCallState(self, _: Any) -> None:
        """Another state."""
        info = self.getInfo()
        tell("state", call=self.name, state=info.stateText, status=info.lastStatusCode, remote=info.remoteUri)

    def onCallMediaState(self, _: Any) -> None:
        """Another media state."""
        info = self.getInfo()  # the media in it live no longer than it does
        for media in info.media:
            if media.status != pj.PJSUA_CALL_MEDIA_NONE:
                tell("media", call=self.name, direction=_DIRECTIONS[media.dir], remote=self._far(media.index))

    def _far(self, index: int) -> str:
        """Where its RTP goes; "" while there is no stream."""
        try:
            return str(self.getStreamInfo(index).remoteRtpAddress)
        except pj.Error:
            return ""

    def onCallTransferRequest(self, prm: Any) -> None:
        """A REFER came: the library places the call."""
        name = self.phone.next_name("xfer")
        tell("refer", call=self.name, target=prm.dstUri, new=name)
        prm.newCall = PhoneCall(self.phone, name)

    def onCallTransferStatus(self, prm: Any) -> None:
        """A NOTIFY about a REFER of ours."""
        tell("notified", call=self.name, status=prm.statusCode, reason=prm.reason, final=prm.finalNotify)

    def onCallReplaced(self, prm: Any) -> None:
        """An INVITE with Replaces took the call over."""
        name = self.phone.next_name("repl")
        prm.newCall = PhoneCall(self.phone, name, prm.newCallId)
        tell("replaced", call=self.name, new=name)

    def onCallRedirected(self, prm: Any) -> int:
        """A 3xx: it is followed."""
        tell("redirected", call=self.name, target=prm.targetUri)
        return int(pj.PJSIP_REDIRECT_ACCEPT)


class PhoneAccount(pj.Account):  # type: ignore[misc]
    """The phone's one account, without a registrar."""

    phone: "Phone"

    def onIncomingCall(self, prm: Any) -> None:
        """An INVITE came."""
        name = self.phone.next_name("in")
        call = PhoneCall(self.phone, name, prm.callId)
        tell("incoming", call=name, remote=call.getInfo().remoteUri, message=prm.rdata.wholeMsg)


class Phone:
    """Endpoint, account and calls."""

    def __init__(self, name: str, address: str, port: int, transport: str, certificate: str) -> None:
        self.calls: dict[str, PhoneCall] = {}
        self._sequence: dict[str, Iterator[int]] = {}
        self.endpoint = _endpoint(address, port, transport, certificate)
        self.account = PhoneAccount()
        self.account.phone = self
        config = pj.AccountConfig()
        config.idUri = f"sip:{name}@{address}"
        config.mediaConfig.transportConfig.boundAddress = address
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        # Over TCP it would offer the port of its own connection, or 127.0.0.1.
        config.sipConfig.contactForced = f"<sip:{name}@{address}:{port};transport={transport}>"
        self.account.create(config)

    def next_name(self, prefix: str) -> str:
        """A name for a call that the peer or the library began."""
        return f"{prefix}{next(self._sequence.setdefault(prefix, count(1)))}"

    def run(self) -> None:
        """Serves the stack and stdin until stdin ends or says quit."""
        pending = b""
        os.set_blocking(0, False)
        while True:
            self.endpoint.libHandleEvents(10)
            if select.select([0], [], [], 0)[0]:
                text = os.read(0, 4096)
                if not text:
                    return
                *lines, pending = (pending + text).split(b"\n")
                for line in lines:
                    if line == b"quit":
                        return
                    self._command(line.decode().split())

    def _command(self, words: list[str]) -> None:
        try:
            _COMMANDS[words[0]](self, *words[1:])
            tell("done", command=words[0])
        except (pj.Error, KeyError, TypeError) as error:
            tell("error", command=words, what=error.info() if isinstance(error, pj.Error) else repr(error))

    def call(self, name: str, uri: str) -> None:
        """Places a call."""
        PhoneCall(self, name).makeCall(uri, pj.CallOpParam(True))

    def answer(self, name: str, status: str, contact: str = "") -> None:
        """Any response; a redirection has a contact."""
        parameters = pj.CallOpParam(True)
        parameters.statusCode = int(status)
        if contact:
            parameters.txOption.headers = _headers([f"Contact:<{contact}>"])
        self.calls[name].answer(parameters)

    def hang_up(self, name: str) -> None:
        """CANCEL, BYE or 603."""
        self.calls[name].hangup(pj.CallOpParam(True))

    def hold(self, name: str) -> None:
        """A re-INVITE with sendonly."""
        self.calls[name].setHold(pj.CallOpParam(True))

    def resume(self, name: str) -> None:
        """A re-INVITE with sendrecv."""
        parameters = pj.CallOpParam(True)
        parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.calls[name].reinvite(parameters)

    def refer(self, name: str, uri: str, *headers: str) -> None:
        """REFER."""
        parameters = pj.CallOpParam(True)
        parameters.txOption.headers = _headers(list(headers))
        self.calls[name].xfer(f"<{uri}>", parameters)

    def replace(self, name: str, other: str) -> None:
        """REFER with the Replaces of another call."""
        self.calls[name].xferReplaces(self.calls[other], pj.CallOpParam(True))


_COMMANDS: dict[str, Callable[..., None]] = {
    "call": Phone.call,
    "answer": Phone.answer,
    "hangup": Phone.hang_up,
    "hold": Phone.hold,
    "resume": Phone.resume,
    "refer": Phone.refer,
    "replace": Phone.replace,
}


def _headers(texts: list[str]) -> Any:
    headers = pj.SipHeaderVector()
    for text in texts:
        header = pj.SipHeader()
        header.hName, header.hValue = text.split(":", 1)
        headers.append(header)
    return headers


_TRANSPORTS = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}


def _endpoint(address: str, port: int, transport: str, certificate: str) -> Any:
    """A stack that is served from this thread only, without sound device and with two codecs (short SDP)."""
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    here = pj.TransportConfig()
    here.port = port
    here.boundAddress = address
    if certificate:
        here.tlsConfig.certFile = here.tlsConfig.privKeyFile = certificate
        here.tlsConfig.method = pj.PJSIP_TLSV1_2_METHOD
    endpoint.transportCreate(_TRANSPORTS[transport], here)
    endpoint.libStart()
    endpoint.audDevManager().setNoDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId in _CODECS else 0)
    return endpoint


def main() -> None:
    """Runs the phone until stdin ends; Ctrl-C is for whoever drives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name, address, port, transport, certificate = sys.argv[1:]
    phone = Phone(name, address, int(port), transport, certificate)
    tell("ready", version=phone.endpoint.libVersion().full)
    phone.run()
    os._exit(0)  # the library's own teardown takes seconds, and with Python objects alive it may crash


if __name__ == "__main__":
    main()
