"""Files that hold people's names and addresses: nobody else can read them, not even while they are written."""

from __future__ import annotations

import os
import stat

#: for whoever owns the file, and nobody else
MODE = 0o600


def private(path: str, flags: int) -> int:
    """An ``opener`` for ``open``. A file that was there is closed to others before anything is written to it."""
    file = os.open(path, flags, MODE)
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):  # a pipe or a terminal is not ours to close
            os.fchmod(file, MODE)
    except OSError:
        os.close(file)
        raise
    return file
