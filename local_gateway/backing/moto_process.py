"""The moto server as a program of its own: announces its port, ends when its parent does.

Run as a script: it imports moto and the standard library only. It listens on a free port of
127.0.0.1, prints the port as one line and then serves until standard input ends, which also
happens when the parent is killed.
"""

import logging
import os
import sys
import threading

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server


class QuietRequestHandler(MotoRequestHandler):
    """Keeps connections open between requests, and is silent about them."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Requests are not worth a line."""


def end_with_parent() -> None:
    """Wait for the end of standard input, then end the process at once."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve every moto backend until the parent is gone."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=QuietRequestHandler
    )
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    # moto prints about what it does not support; nobody reads the pipe from here on.
    sys.stdout = sys.stderr
    server.serve_forever()


if __name__ == "__main__":
    main()
