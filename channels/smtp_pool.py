"""Connections to one mail server, kept for the next e-mail, for any number of threads."""

from __future__ import annotations

import smtplib
import ssl
from threading import BoundedSemaphore, Lock

from channels.base import Outcome, Retry
from channels.smtp_session import Mail, Server, Session, not_connected


class Pool:
    """At most so many connections at once; a thread too many waits for one."""

    def __init__(self, server: Server, size: int) -> None:
        self._server = server
        self._room = BoundedSemaphore(size)
        self._lock = Lock()
        self._kept: list[Session] = []  # the one used last at the end
        self._context: ssl.SSLContext | None = None
        self._name: str | None = None  # looked up once: a name server may be slow

    def send(self, mail: Mail) -> Outcome:
        """Hand over one e-mail. It goes over a second connection only where the first was a kept one that the
        server had given up before it answered anything, so that nothing was sent."""
        with self._room:
            kept = self._take()
            if kept is not None:
                outcome = self._over(kept, mail)
                if not (kept.was_stale and isinstance(outcome, Retry)):
                    return outcome
            try:
                made = self._open()
            except (OSError, smtplib.SMTPException) as error:
                return not_connected(error)
            return self._over(made, mail)

    def close(self) -> None:
        """Close what is idle. The pool can still be used."""
        with self._lock:
            kept, self._kept = self._kept, []
        for session in kept:
            session.quit()

    def _over(self, session: Session, mail: Mail) -> Outcome:
        outcome = session.send(mail)
        if session.usable:
            with self._lock:
                self._kept.append(session)
        return outcome

    def _take(self) -> Session | None:
        """A kept connection that is still good."""
        while True:
            with self._lock:
                if not self._kept:
                    return None
                session = self._kept.pop()
            if session.is_fit():
                return session
            session.drop()

    def _open(self) -> Session:
        with self._lock:
            if self._context is None and self._server.security != "none":
                self._context = ssl.create_default_context()  # the system's certificates, read once
        made = Session.open(self._server, self._context, self._name)
        self._name = made.name
        return made
