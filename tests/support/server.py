"""`justpaid serve` as a process of its own, for tests that kill it."""

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import httpx

KEY = "sk_test_serve_0123456789"
START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 30


class Server:
    """`justpaid serve` over a folder, on a free port."""

    def __init__(self, data_dir: Path, *options: str, **environment: str) -> None:
        self.data_dir = data_dir
        self.log: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from justpaid.cli import main; main()", "serve", "--port", "0", *options],
            env=clean_environment() | {"JUSTPAID_DATA_DIR": str(data_dir)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address = ""

    def until_ready(self) -> "Server":
        watchdog = threading.Timer(START_TIMEOUT_S, self.process.kill)
        watchdog.start()
        assert self.process.stderr is not None
        try:
            for line in self.process.stderr:
                self.log.append(_parsed(line))
                if self.log[-1]["event"] == "ready":
                    self.address = self.log[-1]["address"]
                    return self
        finally:
            watchdog.cancel()
        raise AssertionError(f"not ready within {START_TIMEOUT_S} s, or ended: {self.log}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> tuple[int, str]:
        """Exit code and what it said since it was ready (or at all)."""
        _, said = self.process.communicate(timeout=STOP_TIMEOUT_S)
        return self.process.returncode, said

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)

    def postgres_pid(self) -> int | None:
        try:
            return int((self.data_dir / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])
        except FileNotFoundError:
            return None


def set_up(data_dir: Path) -> None:
    """Put there what a server leaves that was started once and stopped. Making PostgreSQL's folder takes two seconds,
    copying it a tenth of one."""
    subprocess.run(["cp", "--archive", "--no-target-directory", str(_set_up_once()), str(data_dir)], check=True)


@functools.cache
def _set_up_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="justpaid-set-up-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    server = Server(folder / "data").until_ready()
    server.signal(signal.SIGTERM)
    server.ended()
    return folder / "data"


def clean_environment() -> dict[str, str]:
    own = ("JUSTPAID_", "DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {"JUSTPAID_BOOTSTRAP_API_KEY": KEY, "JUSTPAID_LOG_FORMAT": "json"}


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return {"event": line}
    return parsed
