"""`refergate demo`: calls and transfers through a running gateway, and the picture of what went over the wire."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from rich.console import Console
from rich.text import Text

from gateway.console import render
from gateway.console.ladder import Rung, coloured
from gateway.demonstration.exchange import ExchangeKind
from gateway.demonstration.h323_scenes import H323_SCENES
from gateway.demonstration.h323_stage import H323Stage
from gateway.demonstration.isdn_scenes import ISDN_SCENES
from gateway.demonstration.isdn_stage import IsdnStage
from gateway.demonstration.json_peer import PeerError
from gateway.demonstration.phone import PhoneKind
from gateway.demonstration.picture import steps
from gateway.demonstration.scenes import SCENES, Scene
from gateway.demonstration.stage import Stage
from gateway.model.errors import GatewayError


class Played:
    """A scene that was played: since when (seconds since 1970), and the record of its transfer."""

    def __init__(self, scene: Scene, begin: float, record: str) -> None:
        self.scene, self.begin, self.record = scene, begin, record

    @property
    def fields(self) -> dict[str, Any]:
        """What the record says."""
        found: dict[str, Any] = json.loads(self.record)
        return found

    @property
    def is_right(self) -> bool:
        """Whether the transfer was what it should be, and has succeeded."""
        return (self.fields["kind"], self.fields["outcome"]) == (self.scene.kind, "succeeded")


def show(kind: PhoneKind | None = None, keep: Path | None = None, *, isdn: bool = False, h323: bool = False) -> str:
    """Plays every scene and draws it; what did not go as it should, "" when all did.

    `kind` None takes PJSIP where it works. `keep` is a folder for all files. `isdn` plays between a phone and an
    exchange, which is libpri where that can be had; `h323` between a phone and another gateway over H.323. Raises
    GatewayError when something does not start, OSError when there is no such folder.
    """
    out = render.console()
    with _terminable(), _folder(keep) as folder:
        with _set(isdn=isdn, h323=h323)(folder, kind, out) as stage:
            played: list[Played] = []
            wrong = _play_all(stage, _scenes(isdn=isdn, h323=h323), played, out)
        for each, end in zip(played, [*(next_one.begin for next_one in played[1:]), inf], strict=False):
            _draw(out, each, end, stage)
        wrong = "; ".join(filter(None, (wrong, *stage.gateway.faults()[:1])))
        if not wrong and not (isdn or h323):
            out.print("\nrefergate demo --recorded shows the same attended transfer as ISDN, QSIG and H.323 say it")
        if keep:
            names = sorted(path.name for path in folder.iterdir())
            out.print(Text(f"\nIn {keep}: {', '.join(names)}"))
    return wrong


def _set(*, isdn: bool, h323: bool) -> Callable[[Path, PhoneKind | None, Console], Stage]:
    return _isdn_stage if isdn else _h323_stage if h323 else _stage


def _scenes(*, isdn: bool, h323: bool) -> Sequence[Scene]:
    return ISDN_SCENES if isdn else H323_SCENES if h323 else SCENES


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends what was started too."""
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with TemporaryDirectory(prefix="refergate-demo-") as folder:
        yield Path(folder)


def _stage(folder: Path, kind: PhoneKind | None, out: Console) -> Stage:
    if kind is not None:
        stage = Stage(folder, kind)
    elif PhoneKind.PJSIP.is_installed:
        stage = _stage_with_pjsip(folder, out)
    else:
        out.print("The pjsua2-python wheel is not installed: built-in phones take the place of PJSIP.")
        stage = Stage(folder, PhoneKind.BUILT_IN)
    out.print(Text(f"refergate serve between three softphones on loopback ({stage.phones_made_of})"))
    return stage


def _stage_with_pjsip(folder: Path, out: Console) -> Stage:
    try:
        return Stage(folder, PhoneKind.PJSIP)
    except PeerError as error:
        out.print(Text(f"{_first_line(error)}: built-in phones take the place of PJSIP."))
        return Stage(folder, PhoneKind.BUILT_IN)


def _isdn_stage(folder: Path, kind: PhoneKind | None, out: Console) -> Stage:
    phones = kind or (PhoneKind.PJSIP if PhoneKind.PJSIP.is_installed else PhoneKind.BUILT_IN)
    try:
        stage = IsdnStage(folder, phones, ExchangeKind.LIBPRI)
    except PeerError as error:
        out.print(Text(f"{_first_line(error)}: a built-in exchange takes the place of libpri."))
        stage = IsdnStage(folder, phones, ExchangeKind.BUILT_IN)
    made_of = f"{stage.phones_made_of}, {stage.exchange.kind} exchange"
    out.print(Text(f"refergate serve between a softphone and an ISDN exchange on loopback ({made_of})"))
    return stage


def _h323_stage(folder: Path, kind: PhoneKind | None, out: Console) -> Stage:
    stage = H323Stage(folder, kind or (PhoneKind.PJSIP if PhoneKind.PJSIP.is_installed else PhoneKind.BUILT_IN))
    out.print(Text(f"refergate serve between a softphone and the H.323 world on loopback ({stage.phones_made_of})"))
    return stage


def _play_all(stage: Stage, scenes: Sequence[Scene], played: list[Played], out: Console) -> str:
    """Plays until something goes wrong; what that was."""
    for scene in scenes:
        try:
            each = _play(stage, scene, len(played), out)
        except GatewayError as error:
            return _first_line(error)
        played.append(each)
        if not each.is_right:
            return f"{scene.title.lower()}: the record says {each.record}"
    return ""


def _play(stage: Stage, scene: Scene, before: int, out: Console) -> Played:
    out.print(Text(f"\n{scene.title}", style="bold"))
    begin = time.time()
    for step in scene.play(stage):
        out.print(Text(f"  {time.time() - begin:5.2f} s  {step}"))
    record = stage.gateway.wait_records(before + 1)[before]
    return Played(scene, begin, record)


def _draw(out: Console, played: Played, end: float, stage: Stage) -> None:
    story = steps(stage.gateway.capture, stage.names, played.begin, end)
    start = story[0].time if story else 0.0
    rungs = [Rung(step.time - start, *step[1:]) for step in story]
    key = ("━━ of the transfer", "bold")
    out.print(Text.assemble((f"\n{played.scene.title}", "bold"), ", as captured; ", key))
    for line in coloured(rungs, out.width, tuple(dict.fromkeys(stage.names.values()))):
        out.print(line, no_wrap=True)
    out.print(Text.assemble(("record ", "bold"), played.record), soft_wrap=True)


def _first_line(error: GatewayError) -> str:
    return str(error).splitlines()[0]
