"""The folder of `serve --record`: capture, journal, configuration, and the scenario that ties them together."""

import platform
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from gateway.capture.writer import LARGEST_UDP, Writer, prepare
from gateway.configuration import BackhaulChannel, Configuration, DahdiDevice, IsdnTrunk, IuaInterface, UdpEnds
from gateway.engine.tokens import TokensFrom, seeded
from gateway.hub.leg import Observer
from gateway.model.errors import GatewayError, LocalProtocolError
from gateway.regression.endpoints import Endpoint
from gateway.regression.journal import CAPTURE, CONFIGURATION, EVENTS, SCENARIO, Line, as_line, written
from gateway.resources import TABLE_SUFFIXES
from gateway.runtime.recorded_h323 import Ends, H323Ends, own_ends
from gateway.sip.flow import Flow, Transport

_SEED = 16
"""Octets."""
_PRIVATE = 0o700
_OF_STREAMS = frozenset(("h323_received", "network.send"))
_OF_H323 = frozenset(("h323_accepted", "h323_received", "h323_datagram", "network.send", "network.send_datagram"))
"""Inputs and outputs that packets of H.323 are in, and who tells of a connection."""


class Recorder:
    """Writes one process's run into `folder`. `clock` is the engine's, `wall` gives seconds since 1970.

    A file that cannot be written ends the recording, never the server. Raises GatewayError when the folder holds a
    recording already, or cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        configuration: Path,
        observer: Observer,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        worker: int = 0,
        workers: int = 1,
    ) -> None:
        self._folder, self._observer = folder, observer
        self._worker, self._workers = worker, workers
        self._seed = secrets.token_hex(_SEED)
        self._epoch = wall() - clock()
        self._now = clock()
        self._reloads = self._questions = 0
        self._configuration = configuration
        self._listeners: Sequence[tuple[Transport, str, int]] = ()
        self._settings: Configuration | None = None
        self._h323: H323Ends | None = None
        self.tokens = TokensFrom(worker, seeded(f"{self._seed}/{worker}"))
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
            if (folder / EVENTS).exists():
                raise GatewayError("there is a recording already", where=str(folder))
            self._capture: Writer | None = Writer(folder / CAPTURE)
            self._journal = (folder / EVENTS).open("w", encoding="ascii")
            self._keep_configuration(CONFIGURATION)
        except OSError as error:
            raise GatewayError(f"no recording can be made: {error.strerror}", where=str(folder)) from error

    def wall(self) -> float:
        """Seconds since 1970 at the engine's time, so that the same run has the same."""
        return self._epoch + self._now

    def begin(self, settings: Configuration, listeners: Sequence[tuple[Transport, str, int]]) -> None:
        """The listeners are bound: the scenario can be written."""
        self._settings, self._listeners = settings, listeners
        self._h323 = H323Ends(settings, listeners[0][1]) if settings.h323_trunks else None
        if settings.h323_trunks or any(isinstance(each.d_channel, IuaInterface) for each in settings.isdn_trunks):
            prepare()
        document = {
            "capture": CAPTURE,
            "title": "recorded by refergate serve --record",
            "recorded_with": {"programs": [f"refergate {_version('refergate')}"]},
            "as": [
                *sorted({str(Endpoint(host, port)) for _, host, port in listeners}),
                *self._sides(),
                *own_ends(settings),
            ],
            "configuration": CONFIGURATION,
            "recording": {
                "events": EVENTS,
                "seed": self._seed,
                "epoch": self._epoch,
                "listeners": [[transport.value, host, port] for transport, host, port in listeners],
                "worker": self._worker,
                "workers": self._workers,
                "versions": {"refergate": _version("refergate"), "python": platform.python_version()},
            },
            "expect": {"compared": {}},
        }
        text = yaml.safe_dump(document, sort_keys=False)
        self._try(lambda: (self._folder / SCENARIO).write_text(text))

    def _sides(self) -> list[str]:
        """Which sides of D channels are ours."""
        assert self._settings is not None
        lapd = (each for each in self._settings.isdn_trunks if isinstance(each.d_channel, UdpEnds | DahdiDevice))
        return sorted({trunk.side for trunk in lapd})

    def input(self, name: str, arguments: Sequence[Any], now: float) -> None:
        """The gateway is told something."""
        self._now = now
        line: Line = {"at": now, "do": name}
        if arguments:
            line["arguments"] = written(tuple(arguments))
        frame = self._captured(name, arguments, inbound=True)
        self._write({**line, "frame": frame} if frame else line)

    def output(self, name: str, arguments: Sequence[Any]) -> None:
        """The gateway says something."""
        line: Line = {"at": self._now, "out": name, "arguments": written(tuple(arguments))}
        frame = self._captured(name, arguments, inbound=False)
        self._write({**line, "frame": frame} if frame else line)

    def answer(self, name: str, question: Any, answer: Any) -> None:
        """The gateway has asked its surroundings, and knows."""
        if self._h323 is not None and not isinstance(answer, dict):
            self._h323.answered(name, question, answer)
        self._write({"at": self._now, "asked": name, "of": written(question), "answer": answer})

    def question(self, uri: str) -> "Question":
        """The gateway asks for the way to a URI."""
        self._questions += 1
        return Question(self, self._questions, uri)

    def reload(self, configuration: Configuration, now: float) -> None:
        """Another configuration: the file is kept as it is now."""
        self._reloads += 1
        name = f"gateway-{self._reloads + 1}.yaml"
        self._try(lambda: self._keep_configuration(name))
        self._now = now
        self._write({"at": now, "do": "reload", "arguments": [name]})

    def restore(self, rows: Iterable[tuple[str, dict[str, object]]], now: float) -> None:
        """Calls of the store."""
        self._now = now
        self._write({"at": now, "do": "restore", "rows": [list(row) for row in rows]})

    def located(self, number: int, flows: tuple[Flow, ...], now: float) -> None:
        """An answer that took its time."""
        self._now = now
        self._write({"at": now, "do": "located", "arguments": [number, written(flows)]})

    def looked_up(self, line: Line) -> None:
        """What was asked for the way to a URI, and the answer when it was there at once."""
        self._write({"at": self._now, **line})

    def flush(self) -> None:
        """What was written so far is in the files."""
        if self._capture is not None:
            self._try(self._capture.flush)
            self._try(self._journal.flush)

    def close(self) -> None:
        """The run is over."""
        self.flush()
        if self._capture is not None:
            self._capture.close()
            self._journal.close()
            self._capture = None

    # --- files ---

    def _keep_configuration(self, name: str) -> None:
        """The file as it is now, and beside it the tables that it names by their path. Raises OSError."""
        text = self._configuration.read_text("utf-8")
        for table in sorted({each for each in _strings(yaml.safe_load(text)) if _is_table(each)}):
            copy = (self._folder / Path(table).name).absolute()
            shutil.copyfile(table, copy)
            text = text.replace(table, str(copy))
        (self._folder / name).write_text(text, "utf-8")

    def _write(self, line: Line) -> None:
        if self._capture is not None:
            self._try(lambda: self._journal.write(as_line(line)))

    def _captured(self, name: str, arguments: Sequence[Any], *, inbound: bool) -> int:
        """The number of the packet in the capture; 0 for what no packet can carry."""
        if self._capture is None or len(arguments) < 2:
            return 0
        octets = next((each for each in arguments if isinstance(each, bytes)), b"")
        where = next((each for each in arguments if not isinstance(each, bytes)), "")
        before = self._capture.packets
        if self._h323 is not None and name in _OF_H323:
            self._try(lambda: self._of_h323(name, arguments, octets, inbound=inbound))
        else:
            self._try(lambda: self._packet(name, where, octets, inbound=inbound))
        written_now = self._capture.packets if self._capture is not None else before
        # Behind octets of a TCP connection comes the packet that acknowledges them.
        return 0 if written_now == before else written_now - (name in _OF_STREAMS)

    def _packet(self, name: str, where: Any, octets: bytes, *, inbound: bool) -> None:
        assert self._capture is not None
        if isinstance(where, Flow) and octets and len(octets) <= LARGEST_UDP:
            _, host, port = self._listeners[min(where.listener, len(self._listeners) - 1)]
            own, peer = str(Endpoint(host, port)), str(Endpoint(where.host, where.port))
            self._capture.sip(self.wall(), *((peer, own) if inbound else (own, peer)), octets)
        elif name in ("send_frame", "receive_frame"):
            self._d_channel(where, octets, inbound=inbound)

    def _of_h323(self, name: str, arguments: Sequence[Any], octets: bytes, *, inbound: bool) -> None:
        assert self._capture is not None and self._h323 is not None
        if name == "h323_accepted":
            connection, listener, host, port = arguments
            self._h323.accepted(connection, listener, host, port)
            return
        is_ras = len(arguments) > 2
        ends = self._ends_of_datagram(arguments) if is_ras else self._h323.of_connection(arguments[0])
        if ends is not None and octets:
            write = self._capture.datagram if is_ras else self._capture.stream
            write(self.wall(), *(ends[::-1] if inbound else ends), octets)

    def _ends_of_datagram(self, arguments: Sequence[Any]) -> Ends | None:
        assert self._h323 is not None
        trunk, _, host, port = arguments
        return self._h323.of_datagram(trunk, host, port)

    def _d_channel(self, trunk: str, octets: bytes, *, inbound: bool) -> None:
        """Writes what went over a D channel, unless no capture of ours can carry it."""
        assert self._capture is not None
        settings = self._trunk(trunk)
        link = settings.d_channel if settings else None
        if settings is None or link is None or isinstance(link, BackhaulChannel):
            return
        if isinstance(link, IuaInterface):
            # Our end has a port of the system's choice; in the capture it is where our SIP is, so that `as` names it.
            ends = str(Endpoint(link.host, link.port)), str(Endpoint(*self._listeners[0][1:]))
            self._capture.iua(self.wall(), *(ends if inbound else ends[::-1]), octets)
        else:
            from_user = inbound is not (settings.side == "user")
            self._capture.lapd(self.wall(), trunk, from_user, octets)

    def _trunk(self, name: str) -> IsdnTrunk | None:
        if self._settings is None:
            return None
        return next((trunk for trunk in self._settings.isdn_trunks if trunk.name == name), None)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except (OSError, LocalProtocolError, ValueError) as error:
            self._observer.log("record.failed", path=str(self._folder), reason=str(error))
            if isinstance(error, OSError):
                self._capture = None


class Question:
    """The way to a URI, asked for: answered at once, or later."""

    def __init__(self, recorder: Recorder, number: int, uri: str) -> None:
        self._recorder = recorder
        self._line: Line | None = {"asked": "locate", "number": number, "of": uri}
        self._number = number

    def answered(self, flows: tuple[Flow, ...], now: float) -> None:
        """Here it is. At once, it belongs to the question."""
        if self._line is None:
            self._recorder.located(self._number, flows, now)
            return
        line, self._line = self._line, None
        self._recorder.looked_up({**line, "answer": written(flows), "then": now})

    def asked(self) -> None:
        """No answer came at once."""
        if self._line is not None:
            line, self._line = self._line, None
            self._recorder.looked_up(line)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _is_table(value: str) -> bool:
    return Path(value).suffix in TABLE_SUFFIXES and Path(value).is_file()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of a source tree"
