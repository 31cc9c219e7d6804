"""One process owns a data folder; a killed owner does not block the next; a folder that can't be used says so."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.data_directory import DataDirectory

OWNER = """
import sys
from pathlib import Path
from justpaid.platform.data_directory import DataDirectory
DataDirectory(Path(sys.argv[1])).acquire()
print("mine", flush=True)
sys.stdin.read()
"""


def start_owner(path: Path) -> "subprocess.Popen[bytes]":
    """A process that holds the folder until it is killed."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"mine\n"
    return owner


def kill(owner: "subprocess.Popen[bytes]") -> None:
    owner.kill()
    owner.communicate()


def test_it_makes_its_folders_for_its_user_only(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "new" / "data") as directory:
        for folder in (directory.path, directory.postgres, directory.journal, directory.warehouse):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert directory.warehouse == tmp_path / "new" / "data" / "warehouse"


def test_a_second_process_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    try:
        with pytest.raises(EngineUnavailable, match=rf"in use by process {owner.pid} .*JUSTPAID_DATA_DIR"):
            DataDirectory(tmp_path).acquire()
        assert owner.poll() is None
    finally:
        kill(owner)


def test_a_refused_process_leaves_the_lock_with_its_owner(tmp_path: Path) -> None:
    with DataDirectory(tmp_path):
        for _ in range(2):
            with pytest.raises(EngineUnavailable, match=f"in use by process {os.getpid()} "):
                DataDirectory(tmp_path).acquire()


def test_the_lock_of_a_killed_process_is_recovered_and_told(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    kill(owner)
    with capture_logs() as logged, DataDirectory(tmp_path):
        pass
    assert [(line["log_level"], line["pid"]) for line in logged] == [("warning", str(owner.pid))]


def test_after_an_orderly_end_there_is_nothing_to_recover(tmp_path: Path) -> None:
    with DataDirectory(tmp_path):
        pass
    with capture_logs() as logged, DataDirectory(tmp_path):
        pass
    assert logged == []


@pytest.mark.parametrize("below", ["", "folder", "folder/deeper"])
def test_a_path_that_is_no_folder_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EngineUnavailable, match=r"can't be used: .*JUSTPAID_DATA_DIR"):
        DataDirectory(tmp_path / "file" / below).acquire()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EngineUnavailable, match=r"can't be used: Permission denied .*JUSTPAID_DATA_DIR"):
        DataDirectory(tmp_path).acquire()


def test_a_full_disk_is_refused_and_the_lock_given_back(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"MiB free.*Free some"):
        DataDirectory(tmp_path, min_free_bytes=2**62).acquire()
    with DataDirectory(tmp_path, min_free_bytes=0):
        pass
