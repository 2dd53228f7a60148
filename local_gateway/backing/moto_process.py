"""The moto server as a program of its own: announces its port, ends when its parent does.

Run as a script: it imports moto and the standard library only. It listens on a free port of
127.0.0.1, prints the port as one line and then serves until standard input ends, which also
happens when the parent is killed.
"""

import importlib
import logging
import os
import sys
import threading

# What most templates need; imported while the parent translates its template.
_EARLY_MODULES = (
    "moto.dynamodb.urls",
    "moto.dynamodb.models",
    "moto.cognitoidp.urls",
    "moto.cognitoidp.models",
)


def forget_aws_configuration() -> None:
    """Drop the developer's AWS settings, which moto would read with its own boto3."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:  # noqa: TID251
        del os.environ[name]  # noqa: TID251
    os.environ["AWS_CONFIG_FILE"] = os.devnull  # noqa: TID251
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull  # noqa: TID251


def end_with_parent() -> None:
    """Wait for the end of standard input, then end the process at once."""
    sys.stdin.buffer.read()
    os._exit(0)


def load_early_modules() -> None:
    """Import what the first requests would import one after the other."""
    for name in _EARLY_MODULES:
        importlib.import_module(name)


def main() -> None:
    """Serve every moto backend until the parent is gone."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    forget_aws_configuration()
    # Only now: moto reads the environment when it is imported.
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

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=QuietRequestHandler
    )
    threading.Thread(target=load_early_modules, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    # moto prints about what it does not support; nobody reads the pipe from here on.
    sys.stdout = sys.stderr
    server.serve_forever()


if __name__ == "__main__":
    main()
