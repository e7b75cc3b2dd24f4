"""A minimal mail server in a process of its own: it reads each mail whole, keeps none, and says how many there were."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Conversation(asyncio.Protocol):
    def __init__(self, offers: str, delay: float) -> None:
        lines = ["mail.example", *offers.split(), "8BITMIME", "SIZE 50000000"]
        hello = "".join(f"250-{line}\r\n" for line in lines[:-1]).encode() + b"250 SIZE 50000000\r\n"
        self._usual = {b"EHLO": hello, b"DATA": b"354 go on\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}
        self._held, self._in_body, self._delay = b"", False, delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say(b"220 mail.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        answers = []
        while True:
            end = self._held.find(b"\r\n.\r\n" if self._in_body else b"\r\n")
            if end < 0:
                break
            if self._in_body:
                self._held, self._in_body = self._held[end + 5 :], False
                answers.append(b"250 2.0.0 Ok: queued as 4XyZ123\r\n")
                continue
            verb, self._held = self._held[:4].upper(), self._held[end + 2 :]
            self._in_body = verb == b"DATA"
            answers.append(self._usual.get(verb, b"250 2.1.0 Ok\r\n"))
        if answers:
            self._say(b"".join(answers))

    def _say(self, answer: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def _serve(offers: str, delay: float, certificate: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Conversation(offers, delay), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def smtp_server(offers: str = "PIPELINING", delay: float = 0, certificate: str = "") -> Iterator[int]:
    """The server's port on 127.0.0.1. ``delay``: seconds before each answer, as a network has; ``certificate``: a
    PEM file with its key, to encrypt from the first byte."""
    command = [sys.executable, "-m", "benchmarks.smtp_server", offers, str(delay), certificate]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
