"""The servers under test, each a process of its own over a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from benchmarks.machine import disk_bytes

KEY: Final = "sk_test_benchmark_0123456789"
_START_S: Final = 300.0
_STOP_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Kind:
    """`command` gets data folder and port. `stores`: what of the data folder grows with events."""

    name: str
    command: tuple[str, ...]
    deduplicates: bool = True
    meters: bool = True
    stores: tuple[str, ...] = ("",)


JUSTPAID: Final = Kind(
    "JustPaid",
    ("-c", "from justpaid.cli import main; main()", "serve", "--data-dir", "{data}", "--port", "{port}"),
    stores=("journal", "warehouse"),
)
BASELINE: Final = Kind("baseline", ("-m", "benchmarks.baseline", "{data}", "{port}"))
LIMIT: Final = Kind("limit", ("-m", "benchmarks.limit", "{data}", "{port}"), deduplicates=False, meters=False)


class Server:
    """Started by the constructor; `start_s` is how long it took until /readyz answered."""

    def __init__(self, kind: Kind, data: Path) -> None:
        self.kind = kind
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._log = (data.parent / f"{data.name}.log").open("ab")
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *(part.format(data=data, port=port) for part in kind.command)],
            env=_environment(),
            stdout=self._log,
            stderr=self._log,
        )
        self.client = httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=1800, trust_env=False
        )
        try:
            self._until_ready()
        except BaseException:
            self.kill()
            raise
        self.start_s = round(time.perf_counter() - started, 2)

    def _until_ready(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if self.client.get("/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        said = Path(self._log.name).read_text(errors="replace")[-3000:]
        raise RuntimeError(f"{self.kind.name} did not become ready. It said:\n{said}")

    def stop(self) -> None:
        """In order: what it holds is written out."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def kill(self) -> None:
        """SIGKILL to the server and to all that it started."""
        if self.process.poll() is not None:
            return
        tree = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for process in tree:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(tree, timeout=10)
        self.process.wait()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.client.get(path, params=parameters)
        answer.raise_for_status()
        return answer.json()

    def define_meters(self, meters: Sequence[dict[str, Any]]) -> None:
        for meter in meters:
            self.client.post("/v1/meters", json=meter).raise_for_status()

    def until_rolled_up(self) -> None:
        """Wait until the rollup of every meter covers the past, too."""
        while any(
            meter.get("rollup", {}).get("status") == "building" for meter in self.get("/v1/meters", limit=100)["data"]
        ):
            time.sleep(0.2)

    def total(self, meter: str) -> int:
        """What the meter says of everyone, ever."""
        answer = self.get("/v1/usage", meter=meter, **{"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"})
        return int(answer["data"][0]["value"]) if answer["data"] else 0

    def failed_checks(self) -> list[str]:
        """The server's own recount of everything; empty when all is well."""
        return [f"{check['name']}: {check['detail']}" for check in self.get("/v1/checks")["data"] if not check["ok"]]

    def disk(self) -> dict[str, int]:
        return {name or "all": disk_bytes(self.data / name) for name in self.kind.stores}


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUSTPAID_", "DATABASE_URL"))}
    root = str(Path(__file__).parent.parent)
    return kept | {
        "JUSTPAID_BOOTSTRAP_API_KEY": KEY,
        "JUSTPAID_LOG_LEVEL": "warning",
        "JUSTPAID_BILLING_INTERVAL_S": "0",  # a run that comes by itself would bill what is measured
        "PYTHONPATH": root,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
