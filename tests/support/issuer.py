"""An issuer of JSON Web Tokens: its OpenID configuration and keys over HTTP, and its tokens."""

import functools
import http.server
import json
import threading
import time
from types import TracebackType
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


@functools.cache
def _key(key_id: str) -> RSAKey:
    """A key, made once: that takes a while."""
    return RSAKey.generate_key(2048, {"kid": key_id})


class Issuer:
    """Serves its keys until the end of its `with` block."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.keys_document: object = None
        self._keys = {"first": _key("first")}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests.append(self.path)
                content = json.dumps(issuer.document(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}/tenant"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def document(self, path: str) -> Any:
        """What is at a path."""
        if path == "/tenant/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if self.keys_document is not None:
            return self.keys_document
        return KeySet(list(self._keys.values())).as_dict(private=False)

    def add_key(self, key_id: str) -> None:
        """Publish another key."""
        self._keys[key_id] = _key(key_id)

    def token(self, key_id: str = "first", **changes: Any) -> str:
        """A token that is valid for an hour."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": "app", "sub": "ana", "iat": now, "exp": now + 3600}
        header = {"alg": "RS256", "kid": key_id}
        return jwt.encode(header, claims | changes, self._keys[key_id])
