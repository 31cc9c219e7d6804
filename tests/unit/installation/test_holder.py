"""Only a living holder counts, not what a killed one left in the file."""

from pathlib import Path

from justpaid.installation import is_held
from justpaid.platform.data_directory import DataDirectory


def test_held_while_a_process_has_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none")
    with DataDirectory(tmp_path, min_free_bytes=0):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_what_a_killed_process_left_is_no_holder(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("4711 somewhere\n")
    assert not is_held(tmp_path)
