"""Logs are one line an event on standard error, from ours and from libraries alike, and never hold a secret."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from justpaid.platform.settings import LogFormat
from justpaid.platform.telemetry import configure_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, processors = root.handlers, root.level, structlog.get_config()["processors"]
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.configure(processors=processors)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_ours_and_the_libraries_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    structlog.get_logger("justpaid.here").info("issued", invoice="inv_1", total="41.94")
    logging.getLogger("library").warning("retry %d", 2, extra={"after_s": 5})
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["invoice"], ours["total"], ours["level"]) == ("issued", "inv_1", "41.94", "info")
    assert (theirs["event"], theirs["logger"], theirs["after_s"]) == ("retry 2", "library", 5)
    assert ours["timestamp"].endswith("Z")


def test_less_than_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "json")
    structlog.get_logger("justpaid.here").info("no")
    logging.getLogger("library").info("no")
    structlog.get_logger("justpaid.here").warning("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"]


def test_without_a_terminal_auto_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "auto")
    structlog.get_logger("justpaid.here").info("started")
    assert [line["event"] for line in lines(capsys)] == ["started"]


@pytest.mark.parametrize("format", ["json", "console"])
def test_no_secret_is_logged(capsys: pytest.CaptureFixture[str], format: LogFormat) -> None:
    configure_logging("info", format)
    log = structlog.get_logger("justpaid.here")
    log.info("key sk_live_hush-hush", api_key="hush", headers={"Authorization": "Bearer hush"}, keys=["sk_test_hush"])
    log.info("connecting", url="postgresql://u:hu:sh@db/bill", tokens=1847)
    logging.getLogger("library").warning("to %s", "postgresql://u:hush@db/bill")
    try:
        raise ValueError("bad key sk_test_hush")
    except ValueError:
        log.exception("failed")
    said = capsys.readouterr().err
    assert "hush" not in said
    assert "hu:sh" not in said
    assert "sk_live_***" in said
    assert "1847" in said
    assert "ValueError" in said
