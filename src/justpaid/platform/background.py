"""Work that an engine does by itself, in threads of its own inside this process, and that can wait.

Merges and large compactions lay out anew what is stored; nobody waits for them, but receipts and questions wait for a
processor. Linux schedules each thread by its own niceness.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_THREADS: Final = Path("/proc/self/task")
#: Added to the process's own niceness. It leaves a third of the weight of others: some progress is made also while the
#: processors are busy, so that what is put off stays bounded.
_NICER: Final = 5


def defer(thread_name: str) -> None:
    """Let this process's threads of that name yield to others; where it can't be done, nothing happens."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    for thread in _THREADS.glob("*"):
        with suppress(OSError):  # it may end meanwhile
            if (thread / "comm").read_text().strip() == thread_name:
                os.setpriority(os.PRIO_PROCESS, int(thread.name), own + _NICER)
