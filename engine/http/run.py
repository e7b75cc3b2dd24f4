"""Serving as the whole of a process: until a signal says to stop."""

from __future__ import annotations

import signal
import threading

from engine.errors import RekindleError
from engine.http.server import Server


class ServingFailed(RekindleError):
    """The web service has ended by itself."""

    hint = "The log says why"


def serve(server: Server) -> None:
    """Serve until SIGTERM or SIGINT; then stop cleanly. Raises ServingFailed when it ends by itself."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server.start()
        while server.alive and not stop.wait(1):
            pass
        ended = not stop.is_set()
    finally:
        server.stop()
    if ended:
        raise ServingFailed("the web service has ended")
