"""A file of plans is read as it is written: no number becomes a float, no word a number."""

from pathlib import Path
from typing import Any

import pytest

from justpaid.cli.failures import USAGE, CommandFailed
from justpaid.cli.yaml_file import read_yaml, write_yaml


def read(folder: Path, text: str) -> Any:
    file = folder / "plans.yaml"
    file.write_text(text)
    return read_yaml(file)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.002", "0.002"),
        ("0.10", "0.10"),
        ("100000000000000000000.000000000001", "100000000000000000000.000000000001"),
        ("1e3", "1e3"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("no", "no"),
        ("on", "on"),
        ("nullable", "nullable"),
        ("trueish", "trueish"),
        ("2026-05-01", "2026-05-01"),
        ("'true'", "true"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_a_scalar_stays_what_it_is(tmp_path: Path, written: str, value: Any) -> None:
    assert read(tmp_path, f"a: {written}\n") == {"a": value}


def test_keys_are_text_and_parts_can_be_shared(tmp_path: Path) -> None:
    text = "base: &base {model: flat, amount: 1}\n2024:\n  <<: *base\n  amount: 2\ntrue: x\n"
    assert read(tmp_path, text) == {
        "base": {"model": "flat", "amount": "1"},
        "2024": {"model": "flat", "amount": "2"},
        "true": "x",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "plans.yaml:3:1: 'a' is there twice."),
        ("a: [1, 2\nb: 3\n", "plans.yaml:2:"),
        ("a: !!python/object:os.system x\n", "plans.yaml:1:4: could not determine a constructor"),
        ("[a, b]: 1\n", "plans.yaml:1:1: a key must be a text."),
        ("a: 1\n---\nb: 2\n", "plans.yaml:2:1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=r"plans\.yaml") as failed:
        read(tmp_path, text)
    assert said in failed.value.message
    assert failed.value.exit_code == USAGE


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="can't be read: No such file"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "plans.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(CommandFailed, match="is not UTF-8"):
        read_yaml(tmp_path / "plans.yaml")


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    document = {"b": ["0.002", "no", "true", "1:30", True, None, "Grüße"], "a": {"x": {}}}
    written = write_yaml(document)
    assert read(tmp_path, written) == document
    assert "'0.002'" in written
