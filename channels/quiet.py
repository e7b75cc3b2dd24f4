"""Libraries that write URLs into the log, kept from it: a path may be a secret, or a person's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = (
    "apprise",
    "requests",
    "urllib3",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
_calling: ContextVar[bool] = ContextVar("calling", default=False)


class _NotNow(logging.Filter):
    """Drops what is said while a call of ours is under way; what others do with the same library is theirs."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _calling.get()


for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_NotNow())


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that the libraries of a call say within reaches a log."""
    token = _calling.set(True)
    try:
        yield
    finally:
        _calling.reset(token)
