"""A minimal HTTP server in a process of its own: it reads each request whole and answers all of them alike."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Exchange(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer, self._held = answer, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            _, _, length = head.partition(b"content-length:")
            whole = end + 4 + (int(length.split(b"\r\n", 1)[0]) if length else 0)
            if len(self._held) < whole:
                return
            self._held = self._held[whole:]
            self._transport.write(self._answer)
            if b"\r\nconnection: close" in head:
                self._transport.close()


async def _serve(answer: bytes, certificate: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Exchange(answer), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def http_server(status: str, headers: dict[str, str], body: str = "", certificate: str = "") -> Iterator[str]:
    """The server's address. ``status``: such as ``202 Accepted``; every request gets this one answer.

    ``certificate``: a PEM file with its key, to speak HTTPS.
    """
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    answer = "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body])
    command = [sys.executable, "-m", "benchmarks.http_server", answer, certificate]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http{'s' if certificate else ''}://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1].encode(), sys.argv[2]))
