"""Logs: one line an event on standard error, as key=value on a terminal and as JSON otherwise.

No personal data reaches a log. What identifies a person there is the number of the identity and the ref of
a touch; values under personal keys are masked, and so is whatever looks like an e-mail address, a phone
number or a password in a URL, in any value at any depth. Lines of other libraries take the same way.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from engine import settings
from engine.errors import origin

MASK = "[masked]"

_PERSONAL_KEYS = frozenset(
    """email phone name first_name last_name full_name to to_name recipient address postal_address linkedin
    person body text html subject payload message_text comment disposition_note password token api_key secret
    signing_key""".split()
)
_PERSONAL_ENDINGS = ("_email", "_phone", "_address", "_first_name", "_last_name", "_password", "_token")

#: libraries whose information lines carry addresses or are noise
_NOISY = (
    "alembic",
    "apscheduler",
    "asyncio",
    "python_http_client",
    "sqlalchemy",
    "twilio",
    "urllib3",
    "uvicorn",
)

_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_PASSWORD = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
# ten to fifteen digits with the usual separators; not inside a longer word, path or number
_PHONE = re.compile(r"(?<![\w./:-])\+?\(?\d(?:[ ().-]{0,2}\d){9,14}(?![\w/:-])")


def configure(*, verbosity: int = 0, stream: TextIO | None = None) -> None:
    """Send logs to ``stream`` (standard error). ``verbosity``: -2 errors, -1 warnings, 0 information,
    1 everything."""
    out = stream or sys.stderr
    level = {-2: logging.ERROR, -1: logging.WARNING, 0: logging.INFO}.get(max(-2, verbosity), logging.DEBUG)
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _exception,
                without_personal_data,
                _renderer(out),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(out: TextIO) -> Processor:
    if out.isatty():
        return structlog.dev.ConsoleRenderer(colors=not settings.no_color(), pad_event_to=0)
    return structlog.processors.JSONRenderer()


def _exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception as its kind and place; its text and trace only when the user asked for them."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = origin(error)
        if settings.debug():
            event["trace"] = "".join(traceback.format_exception(error))
    return event


def without_personal_data(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor: the same event with everything personal masked."""
    return _masked_items(event)


def _masked_items(items: Mapping[str, object]) -> dict[str, object]:
    return {k: MASK if _is_personal(str(k)) and v is not None else masked(v) for k, v in items.items()}


def _is_personal(key: str) -> bool:
    return key in _PERSONAL_KEYS or key.endswith(_PERSONAL_ENDINGS)


def masked(value: object) -> object:
    """The value with whatever looks like an address or a password masked, at any depth."""
    if isinstance(value, str):
        return _PHONE.sub(MASK, _EMAIL.sub(MASK, _PASSWORD.sub(MASK, value)))
    if isinstance(value, Mapping):
        return _masked_items(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(v) for v in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))
