"""A real name server in this process, for what a receiving server asks DNS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
from dnslib import QTYPE, RR, TXT
from dnslib.server import DNSServer

#: (name, timeout in seconds) -> the TXT record there, as dkimpy wants to be given it
Ask = Callable[..., bytes]


class _Zone:
    def __init__(self, records: Mapping[str, str]) -> None:
        self._records = records

    def resolve(self, request: Any, handler: Any) -> Any:
        reply = request.reply()
        text = self._records.get(str(request.q.qname).rstrip("."), "").encode()
        if text:
            parts = [text[at : at + 255] for at in range(0, len(text), 255)]
            reply.add_answer(RR(request.q.qname, QTYPE.TXT, rdata=TXT(parts)))
        return reply


@contextmanager
def name_server(records: Mapping[str, str]) -> Iterator[Ask]:
    """Asks a server on 127.0.0.1 that has these TXT records by name."""
    server = DNSServer(_Zone(records), address="127.0.0.1", port=0)
    server.start_thread()
    port = server.server.socket.getsockname()[1]

    def ask(name: bytes, timeout: float = 5) -> bytes:
        query = dns.message.make_query(name.decode(), dns.rdatatype.TXT)
        answer = dns.query.udp(query, "127.0.0.1", port=port, timeout=timeout)
        return b"".join(part for rrset in answer.answer for rr in rrset for part in rr.strings)

    try:
        yield ask
    finally:
        server.stop()
        server.server.server_close()
