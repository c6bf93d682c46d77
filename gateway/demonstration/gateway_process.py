"""`refergate serve` as a process of its own, in a folder that takes its configuration, records, log and capture."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from gateway.demonstration.json_peer import PATIENCE
from gateway.demonstration.phone import environment
from gateway.model.errors import GatewayError

_PAUSE = 0.02


class GatewayProcess:
    """The running gateway; leaving the `with` block ends it. Raises GatewayError when it does not come up."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.configuration = folder / "gateway.yaml"
        self.capture = folder / "signalling.pcap"
        self.log = folder / "gateway.log"
        self._records = folder / "transfers.jsonl"
        whole = {**settings, "records": str(self._records), "drain": 1}
        self.configuration.write_text(yaml.safe_dump(whole, sort_keys=False))
        self._process = self._started()

    def wait_records(self, count: int) -> list[str]:
        """The first `count` lines of the records. Raises GatewayError when there are not so many in time."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            lines = self._records.read_text().splitlines() if self._records.exists() else []
            if len(lines) >= count:
                return lines[:count]
            time.sleep(_PAUSE)
        raise GatewayError(f"no record of transfer {count}", where="gateway")

    def faults(self) -> list[str]:
        """What the log has of errors within the gateway."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [str(entry.get("reason")) for entry in map(json.loads, lines) if entry.get("event") == "fault"]

    def stop(self) -> None:
        """Ends it, in kindness if it lets us."""
        for end in (self._process.terminate, self._process.terminate, self._process.kill):
            if self._process.poll() is None:
                end()
                try:
                    self._process.wait(4)
                except subprocess.TimeoutExpired:
                    continue
        if self._process.stdout:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _started(self) -> "subprocess.Popen[str]":
        words = ["serve", "-c", str(self.configuration), "--capture", str(self.capture), "--log", "json"]
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "cli", *words]
            started = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment(), cwd=self.log.parent
            )
        assert started.stdout is not None
        try:
            readable, _, _ = select.select([started.stdout], [], [], PATIENCE)
            if readable and started.stdout.readline() == "ready\n":
                return started
        except BaseException:
            started.kill()
            raise
        started.kill()
        started.wait()
        said = self.log.read_text().strip().splitlines()
        raise GatewayError(f"did not start: {said[-1] if said else 'it said nothing'}", where="gateway")
