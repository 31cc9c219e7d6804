"""The folder that holds all data of an installation, owned by one running process at a time.

    <data_dir>/lock        who owns it: "<pid> <host>", empty when nobody does
    <data_dir>/postgres/   <data_dir>/journal/   <data_dir>/warehouse/   <data_dir>/imports/

The lock is the operating system's (flock), so it ends with its process however that dies; the text in the file only
tells people who holds it. Text without a lock is what a killed predecessor leaves behind.
"""

import fcntl
import os
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from justpaid.kernel.errors import EngineUnavailable

MIN_FREE_BYTES: Final = 512 * 1024 * 1024

log = structlog.get_logger(__name__)


class DataDirectory:
    """Use as a context manager, or `acquire` and `release`. `min_free_bytes`: refuse to start on a fuller disk."""

    def __init__(self, path: Path, *, min_free_bytes: int = MIN_FREE_BYTES) -> None:
        self.path = path.expanduser().absolute()
        self.postgres = self.path / "postgres"
        self.journal = self.path / "journal"
        self.warehouse = self.path / "warehouse"
        self.imports = self.path / "imports"
        self._min_free_bytes = min_free_bytes
        self._lock: int | None = None

    def acquire(self) -> None:
        """Make the folders and take the lock.

        Raises: EngineUnavailable if another process has it, if the folder can't be used, or if the disk is nearly full.
        """
        if self._lock is not None:
            return
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = self._take_lock()
            self._require_free_disk()
            for folder in (self.postgres, self.journal, self.warehouse, self.imports):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            self.release()
            raise EngineUnavailable(
                f"The data folder {self.path} can't be used: {error.strerror or error}"
                f"{f' ({error.filename})' if error.filename else ''}. "
                "Make it a folder that this user may write, or set JUSTPAID_DATA_DIR to another one."
            ) from error
        except EngineUnavailable:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back. Safe to repeat."""
        if self._lock is None:
            return
        os.ftruncate(self._lock, 0)
        os.close(self._lock)
        self._lock = None

    def _take_lock(self) -> int:
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid, host = _owner(lock)
            os.close(lock)
            raise EngineUnavailable(
                f"The data folder {self.path} is in use by process {pid} on {host}. "
                f"Stop that one first (kill {pid}), or set JUSTPAID_DATA_DIR to another folder."
            ) from error
        except OSError:
            os.close(lock)
            raise
        pid, host = _owner(lock)
        if pid:
            log.warning("recovered a lock that its process left behind", data_dir=str(self.path), pid=pid, host=host)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)
        return lock

    def _require_free_disk(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < self._min_free_bytes:
            raise EngineUnavailable(
                f"The disk of the data folder {self.path} has {free // 2**20} MiB free; JustPaid starts from "
                f"{self._min_free_bytes // 2**20} MiB. Free some, or set JUSTPAID_DATA_DIR to a folder on another disk."
            )

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def _owner(lock: int) -> tuple[str, str]:
    """Process id and host as the file tells; the id is empty if it tells none."""
    pid, _, host = os.pread(lock, 300, 0).decode(errors="replace").strip().partition(" ")
    return pid, host or "this machine"
