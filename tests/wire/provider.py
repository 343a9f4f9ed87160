"""A provider of tokens on loopback, as Google's and Microsoft's are: it takes a form, and answers in JSON."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs


class Provider:
    """Gives a new access token for the refresh token that is good now; tells a server whose a token is.

    `asked` are the forms that came to the token's place; `moves` changes the refresh token with each answer; `answer`,
    where it is set, is said in place of a token: status and body.
    """

    def __init__(self, user: str, refresh: str = "refresh-1") -> None:
        self.user, self.refresh = user, refresh
        self.moves = False
        self.asked: list[dict[str, str]] = []
        self.good: dict[str, str] = {user: "none yet"}
        self.answer: tuple[int, bytes, dict[str, str]] | None = None
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, body, headers = provider._answer(self.path, {name: value[0] for name, value in form.items()})
                with suppress(ConnectionError):
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="provider")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/token"

    @property
    def judge(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/introspect"

    def _answer(self, path: str, form: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        if path == "/introspect":
            known = {"active": "true", "username": self.user}
            found = known if form.get("token") in self.good.values() else {"active": "false"}
            return 200, json.dumps(found).encode(), {"Content-Type": "application/json"}
        self.asked.append(form)
        if self.answer is not None:
            return self.answer
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") != self.refresh:
            return 400, b'{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}', {}
        access = f"access-{len(self.asked)}"
        self.good[self.user] = access
        told = {"access_token": access, "expires_in": 3599, "token_type": "Bearer"}
        if self.moves:
            self.refresh = told["refresh_token"] = f"refresh-{len(self.asked) + 1}"
        return 200, json.dumps(told).encode(), {"Content-Type": "application/json"}
