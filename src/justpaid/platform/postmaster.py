"""The main process of a PostgreSQL server, which may be our child or one that a killed predecessor left behind."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

_POLL_S: Final = 0.03
_NO_PID: Final = 2**31 - 1  # above every system's limit

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Postmaster:
    """`process` is None for one that is not our child."""

    pid: int
    process: "subprocess.Popen[bytes] | None" = None

    def is_running(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        return "postgres" in _command_line(self.pid)

    def signal(self, number: signal.Signals) -> None:
        try:
            if self.is_running():
                os.kill(self.pid, number)
        except ProcessLookupError:
            pass  # it ended by itself in between

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within the time."""
        deadline = time.monotonic() + timeout_s
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True


def marker(data: Path) -> str:
    """A command line argument of no effect by which the server over `data` is told from any other.

    The number of the folder, not its path: one folder can be reached by several paths, and be moved.
    """
    return f"justpaid.data_inode={data.stat().st_ino}"


def running_postmaster(data: Path) -> Postmaster | None:
    """The server that runs over this data folder, by its `postmaster.pid`."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    command_line = _command_line(pid)
    if "postgres" in command_line and command_line.split()[-1] == marker(data):
        return Postmaster(pid)
    return None


def disown_stale_pid(data: Path) -> None:
    """Let a start succeed over the `postmaster.pid` of a server that died, when `running_postmaster` found none.

    PostgreSQL refuses to start while the process of that number lives, even as a zombie, or as another program that was
    given the number since, as happens after a restart of the machine or the container. The rest of the file has to
    stay: by it PostgreSQL finds backends of the dead server that still run, and waits for them.
    """
    file = data / "postmaster.pid"
    if not file.exists():
        return
    pid, _, rest = file.read_text().partition("\n")
    if pid == str(_NO_PID):
        return
    log.warning("the PostgreSQL server did not stop cleanly; it will recover", path=str(data), pid=pid)
    owner = file.stat()
    edited = data / "postmaster.pid.disowned"
    edited.write_text(f"{_NO_PID}\n{rest}")
    os.chown(edited, owner.st_uid, owner.st_gid)
    edited.chmod(0o600)
    edited.replace(file)


def _command_line(pid: int) -> str:
    """Empty for a process that is gone or a zombie. Needs no rights over the process, unlike its other traits."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if os.path.exists("/proc/self"):
            return ""
    command = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
