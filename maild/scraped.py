"""The listener for a monitoring system: one page, /metrics, and nothing else."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from maild.metrics import TYPE

PATIENCE = 5.0
"""Seconds that a client may be silent, and that it may take its time to read."""
AT_ONCE = 8

log = logging.getLogger("maild.metrics")


@contextlib.contextmanager
def scraped(host: str, port: int, page: Callable[[], str]) -> Iterator[str]:
    """Serve `page` as long as the block lasts; gives the place that is listened at. OSError where it is taken."""
    try:
        server = _server(host, port, page)
    except OSError as fault:
        raise OSError(f"listen.metrics: {host}:{port} cannot be listened at: {fault.strerror or fault}") from fault
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="metrics", daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _server(host: str, port: int, page: Callable[[], str]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version, sys_version = "maild", ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                body = page().encode("utf-8")
            except Exception:
                log.exception("the figures could not be counted")
                self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Who looks at the figures is no news."""

    class Server(ThreadingHTTPServer):
        daemon_threads, block_on_close = True, False
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        room = threading.BoundedSemaphore(AT_ONCE)

        def process_request(self, request: Any, client_address: Any) -> None:
            if self.room.acquire(blocking=False):
                super().process_request(request, client_address)
            else:
                self.shutdown_request(request)

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            try:
                super().process_request_thread(request, client_address)
            finally:
                self.room.release()

        def handle_error(self, *_: Any) -> None:
            """A client that went away in the middle is no news either."""

    return Server((host, port), Handler)
