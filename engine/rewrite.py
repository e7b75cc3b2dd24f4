"""A file's text replaced as a whole: whoever reads it meanwhile sees the old one or the new one, never a half."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from errno import EACCES
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` in the place of what the file holds; its mode stays, and a link still leads to it.

    Bytes that were read as surrogates are written as they were. Raises OSError, and then the file is unharmed.
    """
    target = path.resolve()
    effective = os.access in os.supports_effective_ids
    if not os.access(target, os.W_OK, effective_ids=effective):  # else its folder alone would decide
        raise PermissionError(EACCES, os.strerror(EACCES), str(path))
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, beside)
        _keep_owner(target, beside)
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _keep_owner(target: Path, beside: str) -> None:
    """Root writes for others; nobody else can give a file away, nor has to."""
    before = target.stat()
    if hasattr(os, "chown") and before.st_uid != os.geteuid():
        with suppress(PermissionError):
            os.chown(beside, before.st_uid, before.st_gid)
