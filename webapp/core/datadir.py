"""One run to a data folder: its lock, and the folder itself."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from webapp.core import undertaker

POLL_SECONDS = 0.1


class DataDirBusy(Exception):
    """The data folder cannot be used now; str() is the one line to show."""


@contextlib.contextmanager
def locked(data_dir: Path, wait: float) -> Iterator[int]:
    """Make the data folder and hold its lock; yields the lock's descriptor.

    Args:
        wait: seconds to wait when its holder was killed; the undertaker of that run keeps the lock until
            all is ended.

    Raises:
        DataDirBusy: another run has it, or it cannot be written to.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DataDirBusy(f"cannot write to the data folder {data_dir} ({error.strerror})") from error
    with os.fdopen(handle, "r+") as file:
        deadline = time.monotonic() + wait
        while not _try_lock(file):
            file.seek(0)
            holder = file.read().strip()
            if (holder and _alive(int(holder))) or time.monotonic() > deadline:
                raise DataDirBusy(f"another run (process {holder}) already uses {data_dir}")
            time.sleep(POLL_SECONDS)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: int) -> bool:
    return bool(undertaker.command_of(pid))  # a zombie has none
