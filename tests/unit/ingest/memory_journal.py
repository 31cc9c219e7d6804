"""A journal in memory: what ingest needs of the port, and a lever to make it fail."""

import threading

from justpaid.ingest import decode_block
from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.journal import Encode, Entries, Refusal, Refused, Verdict


class MemoryJournal:
    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[bytes, int]] = {}
        self.blocks: list[bytes] = []
        self.groups: list[int] = []
        self.failing = False
        self.backlog = 0
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()

    def commit(self, entries: Entries, encode: Encode) -> Verdict:
        self.entered.set()
        self.open.wait(10)
        if self.failing:
            raise EngineUnavailable("the disk is full")
        first = len(self.kept)
        accepted: list[int] = []
        refused: dict[int, Refused] = {}
        for row, (key, digest) in enumerate(zip(entries.keys, entries.digests, strict=True)):
            if key in self.kept:
                there, sequence = self.kept[key]
                refused[row] = Refused(Refusal.DUPLICATE if there == digest else Refusal.CONFLICT, sequence)
                continue
            self.kept[key] = digest, len(self.kept)
            accepted.append(row)
        if accepted:
            self.blocks.append(encode(accepted, first))
        self.groups.append(len(entries))
        return Verdict(first, accepted, refused)

    def backlog_bytes(self) -> int:
        return self.backlog

    def ids(self) -> list[str]:
        return [row for block in self.blocks for row in decode_block(block).column("id").to_pylist()]
