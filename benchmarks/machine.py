"""The machine's facts, and what a tree of processes takes of it."""

import os
import platform
import statistics
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil

MIB: Final = 1 << 20
_SAMPLE_S: Final = 0.5


def facts(folder: Path) -> dict[str, Any]:
    """`folder`: where the data will lie, for the speed of its disk."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "fsync_ms": _fsync_ms(folder),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return told.stdout.strip()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _fsync_ms(folder: Path) -> float:
    """The median of 4 KiB appended and synced."""
    probe = folder / "fsync-probe"
    times = []
    with probe.open("wb", buffering=0) as file:
        for _ in range(30):
            file.write(bytes(4096))
            started = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    probe.unlink()
    return round(statistics.median(times) * 1000, 2)


def disk_bytes(folder: Path) -> int:
    """Blocks that the files below `folder` take; files may come and go meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


class ProcessTree:
    """A server process and all below it, PostgreSQL's included, sampled while the `with` block runs.

    Memory is resident memory with shared pages counted once: PostgreSQL's processes share their buffers.
    """

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.memory: list[int] = []
        self.cpu_seconds = 0.0

    def __enter__(self) -> "ProcessTree":
        self._cpu_before = self._cpu()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self.cpu_seconds = round(self._cpu() - self._cpu_before, 2)

    def _sample(self) -> None:
        while True:
            self.memory.append(self._memory())
            if self._stopping.wait(_SAMPLE_S):
                return

    def figures(self) -> dict[str, Any]:
        quarter = max(1, len(self.memory) // 4)
        second = self.memory[quarter : 2 * quarter] or self.memory
        return {
            "cpu_seconds": self.cpu_seconds,
            "memory_peak_mib": max(self.memory) // MIB,
            # Equal where memory is flat under load.
            "memory_second_quarter_mib": round(statistics.mean(second) / MIB),
            "memory_last_quarter_mib": round(statistics.mean(self.memory[-quarter:]) / MIB),
        }

    def _processes(self) -> list[psutil.Process]:
        return [self._root, *self._root.children(recursive=True)]

    def _memory(self) -> int:
        private, shared = 0, 0
        for process in self._processes():
            try:
                info = process.memory_info()
            except psutil.NoSuchProcess:
                continue
            private += info.rss - info.shared
            shared = max(shared, info.shared)
        return private + shared

    def _cpu(self) -> float:
        total = 0.0
        for process in self._processes():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if process != self._root:
                continue
            total += times.children_user + times.children_system
        return total
