"""What the engines do by themselves yields to receipts and questions."""

import os
import sys
from pathlib import Path

import pytest

from justpaid.metering.schema import prepare_warehouse
from justpaid.platform.journal import open_journal
from justpaid.platform.warehouse import Warehouse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux schedules each thread by its niceness")

OWN = os.getpriority(os.PRIO_PROCESS, 0)


def niceness(thread_name: str) -> set[int]:
    threads = Path("/proc/self/task").iterdir()
    named = (thread for thread in threads if (thread / "comm").read_text().strip() == thread_name)
    return {os.getpriority(os.PRIO_PROCESS, int(thread.name)) for thread in named}


def test_large_compactions_yield(tmp_path: Path) -> None:
    journal = open_journal(str(tmp_path / "journal"))
    assert niceness("rocksdb:bottom") == {OWN + 5}
    assert niceness("rocksdb:low") == {OWN}  # without small ones look-ups become slower
    journal.close()


def test_merges_yield(warehouse: Warehouse) -> None:
    prepare_warehouse(warehouse)
    assert niceness("MergeMutate") == {OWN + 5}
