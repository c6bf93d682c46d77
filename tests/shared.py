"""Recordings that lie beside the repository in `../shared`; a clone without them skips what needs them."""

from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def folder(name: str) -> Path:
    """The folder `name` of the shared material, or a skip that says it is not there."""
    path = _SHARED / name
    if not path.is_dir():
        pytest.skip(f"recordings not here: ../shared/{name}")
    return path


def captures(name: str) -> list[Path]:
    """All captures in that folder; an empty list when it is not there (for parametrize)."""
    path = _SHARED / name
    return sorted(file for file in path.glob("*.pcap*")) if path.is_dir() else []


def or_skipped(found: list[Path]) -> list[Any]:
    """The captures to parametrize with; when there are none, one that is skipped and says why."""
    return list(found) or [pytest.param(Path("none"), marks=pytest.mark.skip("recordings not here: ../shared/pcaps"))]
