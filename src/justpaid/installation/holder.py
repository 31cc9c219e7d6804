"""Whether a process holds a data directory now."""

import fcntl
import os
from pathlib import Path


def is_held(data_dir: Path) -> bool:
    """Asks the lock itself: what its file says may be left over from a process that was killed."""
    try:
        lock = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
