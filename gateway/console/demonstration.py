"""`refergate demo`: a bundled capture, its transfer on the recorded side and on every other side."""

from pathlib import Path

from rich.text import Text

from gateway.capture.replay import replay
from gateway.console import render
from gateway.engine.rewriting import rewrite
from gateway.model.errors import GatewayError
from gateway.resources import folder
from gateway.translators import dialect_names

CAPTURE = "sip_attended_numbers.pcap"


def show(capture: Path | None = None) -> None:
    """Prints the transfers of `capture` (the bundled one when None) in every dialect. Raises GatewayError."""
    path = capture or folder("pcaps") / CAPTURE
    report = replay(path)
    out = render.console()
    out.print(Text.assemble("Replaying ", (str(path.name), "bold"), f": {report.packets} packets"))
    if not report.transfers:
        raise GatewayError("no transfer in this capture", where=str(path))
    render.replay(report)
    recorded = report.transfers[0]
    for name in dialect_names():
        if name not in (recorded.dialect, "teams"):
            out.print(Text(f"\nThe same transfer in {name}", style="bold"))
            out.print(render.rewritten_panel(rewrite(recorded, name), out.width))
