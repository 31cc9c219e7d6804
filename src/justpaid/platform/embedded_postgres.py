"""A PostgreSQL server of our own, from the wheel, below the data folder.

    <folder>/data/         what initdb made; also holds the socket
    <folder>/server.log    what the server says

It listens on a Unix socket only, and trusts who connects: the socket lies in `data`, which no other user may enter
(0700), so that a password would protect nothing more. The server outlives a killed JustPaid and the next start adopts
it; it is never started twice over the same data.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import quote

import psycopg
import structlog

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.postgres_runtime import MAJOR_VERSION, PostgresRuntime, find_runtime
from justpaid.platform.postmaster import Postmaster, disown_stale_pid, marker, running_postmaster

DATABASE: Final = "justpaid"
SUPERUSER: Final = "postgres"
PORT: Final = 5432  # no TCP: it names the socket file

START_TIMEOUT_S: Final = 120.0
_STOP_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.03
_LOG_KEPT_BYTES: Final = 10 * 1024 * 1024
_SOCKET_PATH_LIMIT: Final = 103  # sockaddr_un.sun_path: 108 bytes on Linux, 104 on macOS and BSD, with a final zero

_INITDB: Final = (
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    # Sorting that is the same on every machine and after every upgrade of its C library.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--data-checksums",
    "--auth-local=trust",
    "--auth-host=reject",
)
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_directories": ".",  # relative to the data folder, however long its path
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "cluster_name": "justpaid",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "min_wal_size": "80MB",
    "max_wal_size": "512MB",
    "autovacuum": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """Not thread-safe. The caller holds the lock of the data folder: one process at a time starts and stops it."""

    def __init__(self, folder: Path, *, start_timeout_s: float = START_TIMEOUT_S) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.log_file = self.folder / "server.log"
        self._start_timeout_s = start_timeout_s
        self._postmaster: Postmaster | None = None
        self._shortcut: Path | None = None
        self._refusal = "it has not been asked"

    def start(self) -> str:
        """Start or adopt the server, wait for its recovery, and give the address of the database `justpaid`.

        The address is a libpq URL, `postgresql://postgres@/justpaid?host=…&port=…`.
        Raises: EngineUnavailable, with the end of the server's log and a remedy.
        """
        try:
            self._check_version()
            runtime = find_runtime(self.data)
            self._initialise(runtime)
            self._rotate_log()
            self._shorten_socket_path()
            self._run_until_ready(runtime)
            self._create_database()
        except OSError as error:
            self.stop()
            raise EngineUnavailable(
                f"The folder {self.folder} can't be used: {error}. "
                "Make it a folder that this user may write, or set JUSTPAID_DATA_DIR to another one."
            ) from error
        except psycopg.Error as error:
            self.stop()
            raise self._failure(f"could not make the database {DATABASE}: {error}", self._log_since(0)) from error
        except BaseException:
            self.stop()
            raise
        return self._url(DATABASE)

    def visit(self) -> str:
        """The address of the server that another process runs over this folder. `stop` then leaves it running.

        Raises: EngineUnavailable if none answers.
        """
        self._shorten_socket_path()
        if not self._answers():
            self.stop()
            raise EngineUnavailable(f"The PostgreSQL server of {self.folder} does not answer: {self._refusal}")
        return self._url(DATABASE)

    def stop(self) -> None:
        """End the server: open transactions roll back, all data is flushed. Safe to repeat."""
        if self._postmaster is not None:
            for how, timeout_s in ((signal.SIGINT, _STOP_TIMEOUT_S), (signal.SIGQUIT, 10.0)):
                self._postmaster.signal(how)
                if self._postmaster.wait(timeout_s):
                    break
                log.warning("PostgreSQL does not stop", pid=self._postmaster.pid, after=how.name, waited_s=timeout_s)
            self._postmaster = None
        if self._shortcut is not None:
            shutil.rmtree(self._shortcut, ignore_errors=True)
            self._shortcut = None

    def _check_version(self) -> None:
        version_file = self.data / "PG_VERSION"
        version = version_file.read_text().strip() if version_file.exists() else str(MAJOR_VERSION)
        if version != str(MAJOR_VERSION):
            raise EngineUnavailable(
                f"The data in {self.data} were written by PostgreSQL {version}; this is {MAJOR_VERSION}. "
                f"Dump them with version {version} and load them into a new data folder."
            )

    def _initialise(self, runtime: PostgresRuntime) -> None:
        """Make `data` under another name and rename it when it is whole, so that a half-made one is never used."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in self.folder.glob("initialising-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if self.data.exists():
            return
        log.info("making a new PostgreSQL data folder", path=str(self.data))
        made = Path(tempfile.mkdtemp(prefix="initialising-", dir=self.folder))
        if runtime.user is not None:
            os.chown(made, runtime.user.uid, runtime.user.gid)
        with runtime.spawn(
            "initdb", [*_INITDB, "-D", runtime.data_argument(made)], cwd=made, output=subprocess.PIPE
        ) as process:
            said, _ = process.communicate()
        if process.returncode != 0:
            shutil.rmtree(made, ignore_errors=True)
            raise EngineUnavailable(
                f"PostgreSQL could not make its data folder {self.data}. Look at what initdb said, or set DATABASE_URL "
                f"to a PostgreSQL server.\n{_last_lines(said.decode(errors='replace'))}"
            )
        made.rename(self.data)

    def _rotate_log(self) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_KEPT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    def _run_until_ready(self, runtime: PostgresRuntime) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while True:
            self._postmaster = running_postmaster(self.data)
            if self._postmaster is not None:
                log.info("adopting the PostgreSQL server of a predecessor", pid=self._postmaster.pid)
                own_log_from = None
            else:
                disown_stale_pid(self.data)
                own_log_from = self.log_file.stat().st_size if self.log_file.exists() else 0
                self._postmaster = self._launch(runtime)
            if self._wait_until_ready(self._postmaster, deadline):
                return
            if own_log_from is None or running_postmaster(self.data) is not None:
                continue  # the predecessor's was on its way out, or on its way in
            said = self._log_since(own_log_from)
            if "pre-existing shared memory block" not in said or time.monotonic() > deadline:
                self._postmaster = None
                raise self._failure("ended while starting", said)
            # Its postmaster was killed, and a backend is still busy; it ends with what it does.
            log.warning("waiting for what a killed PostgreSQL server left running", path=str(self.data))
            time.sleep(1)

    def _launch(self, runtime: PostgresRuntime) -> Postmaster:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        settings += ["-c", marker(self.data)]  # the last argument: `running_postmaster` looks for it there
        with self.log_file.open("ab") as output:
            process = runtime.spawn(
                "postgres", ["-D", runtime.data_argument(self.data), *settings], cwd=self.data, output=output
            )
        return Postmaster(process.pid, process)

    def _wait_until_ready(self, postmaster: Postmaster, deadline: float) -> bool:
        """False if the server ended instead.  Raises: EngineUnavailable at the deadline."""
        next_report = time.monotonic() + 5
        while True:
            if not postmaster.is_running():
                return False
            if self._answers():
                return True
            now = time.monotonic()
            if now > deadline:
                # It goes on: a recovery that is stopped has to begin again. The next start adopts it.
                self._postmaster = None
                raise self._failure(
                    f"(process {postmaster.pid}) was not ready within {self._start_timeout_s:g} s and goes on trying; "
                    f"start again later. It last said: {self._refusal}",
                    self._log_since(0),
                )
            if now > next_report:
                log.info("waiting for PostgreSQL, which may be recovering", pid=postmaster.pid)
                next_report = now + 5
            time.sleep(_POLL_S)

    def _answers(self) -> bool:
        """Whether a server over just this data takes connections."""
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=5) as connection:
                row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
                return row is not None and row[0] == (self.data / "postmaster.pid").read_text()
        except (psycopg.OperationalError, FileNotFoundError) as error:
            self._refusal = str(error)
            return False

    def _create_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _shorten_socket_path(self) -> None:
        """Where the path of the socket is too long for the operating system, reach it by a link in a short folder."""
        if len(os.fsencode(self._socket_folder() / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH_LIMIT:
            return
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere")
        base = runtime if os.access(runtime, os.W_OK) and len(os.fsencode(runtime)) < 60 else Path("/tmp")  # noqa: S108
        # mkdtemp: a fresh name and 0700, so that nobody can put a socket of theirs in its place.
        self._shortcut = Path(tempfile.mkdtemp(prefix="justpaid-", dir=base))
        (self._shortcut / "pg").symlink_to(self.data)

    def _socket_folder(self) -> Path:
        return self.data if self._shortcut is None else self._shortcut / "pg"

    def _url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self._socket_folder()), safe='/')}&port={PORT}"

    def _log_since(self, offset: int) -> str:
        with self.log_file.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    def _failure(self, what: str, said: str) -> EngineUnavailable:
        return EngineUnavailable(
            f"The embedded PostgreSQL {what}. Look at what it said ({self.log_file}), or set DATABASE_URL to a "
            f"PostgreSQL server.\n{_last_lines(said)}"
        )

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _last_lines(text: str, count: int = 20) -> str:
    return "\n".join(text.rstrip().splitlines()[-count:])
