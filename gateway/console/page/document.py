"""Puts the page together: template, style, script, an index of the transfers, and each transfer packed.

The index is plain JSON and small. A transfer with all its messages is compressed and is unpacked by the script when
somebody looks at it, so that a page of ten thousand transfers opens as fast as one of three.
"""

import re
import zlib
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

from gateway.console.page.contents import as_index, as_transfer
from gateway.diagnosis.case import Case, Diagnosis

_FOLDER = Path(__file__).parent
_SCRIPTS = ("elements", "report", "drawing", "message", "case", "index", "start")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def page(diagnosis: Diagnosis) -> str:
    """The HTML of the page; it holds whatever a message may say, and no character that UTF-8 has not."""
    style, script = _style(), _script()
    parts = {
        "title": escape(f"{Path(diagnosis.capture).name}: transfers").encode("utf-8", "replace").decode(),
        "policy": f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "report": _json(as_index(diagnosis)),
        "cases": "\n".join(_packed(number, case) for number, case in enumerate(diagnosis.cases, 1)),
    }
    return _PLACE.sub(lambda place: parts[place[1]], _read("page.html"))


def _packed(number: int, case: Case) -> str:
    octets = zlib.compress(_json(as_transfer(case)).encode("ascii"))
    return f'<script type="text/plain" id="transfer-{number}">{b64encode(octets).decode("ascii")}</script>'


def _json(document: Any) -> str:
    """ASCII in which no markup can begin or end (a script element ends at the first `</script`)."""
    return dumps(document, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def _digest(text: str) -> str:
    """The source expression by which Content Security Policy lets this very text in, and no other."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}"


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _style() -> str:
    return _read("page.css")


@cache
def _script() -> str:
    """One strict function around all parts: nothing of it is global."""
    parts = "\n".join(_read(f"{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'
