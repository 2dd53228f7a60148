"""The certificates that AWS's services are trusted by.

All endpoints of AWS's global regions have certificates of Amazon's five roots
(https://www.amazontrust.com/repository/, in `amazon_roots.pem`), which load in a tenth of the time
of the system's own list: docs/adr/0005-cold-start.md. The system's list is loaded only for a
server with another certificate, for example that of an `AWS_ENDPOINT_URL`.
"""

import ssl
from collections.abc import Callable
from pathlib import Path

_AMAZON_ROOTS = Path(__file__).with_name("amazon_roots.pem")


class TrustStore:
    """A TLS context with Amazon's roots, and the system's once they are needed."""

    def __init__(self) -> None:
        self.context = ssl.create_default_context(cafile=_AMAZON_ROOTS)
        self.has_system_roots = False

    def connected[Connection](self, connect: Callable[[], Connection]) -> Connection:
        """Connect; trust the system's roots too if none of Amazon's has signed the certificate."""
        if self.has_system_roots:
            return connect()
        try:
            return connect()
        except ssl.SSLCertVerificationError:
            self.load_system_roots()
            return connect()

    def load_system_roots(self) -> None:
        """Trust the system's roots too."""
        self.context.load_default_certs()
        self.has_system_roots = True
