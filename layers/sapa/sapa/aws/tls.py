"""Who vouches that a server is the AWS service it says it is.

All endpoints of AWS's global regions have certificates of Amazon's five roots
(https://www.amazontrust.com/repository/, in `amazon_roots.pem`), which are read in a tenth of the
time that the machine's own list takes: docs/adr/0005-cold-start.md. What these do not vouch for,
an `AWS_ENDPOINT_URL` of another kind, is asked of the machine's list.
"""

import ssl
from pathlib import Path

_AMAZON_ROOTS = Path(__file__).with_name("amazon_roots.pem")


class Authorities:
    """A TLS context that knows Amazon's roots, and the machine's once they are needed."""

    refusal = ssl.SSLCertVerificationError
    """What connecting raises to a server for which none of them vouches."""

    def __init__(self) -> None:
        self.context = ssl.create_default_context(cafile=_AMAZON_ROOTS)
        self.are_all_known = False

    def learn_others(self) -> None:
        """Trust whom the machine trusts, too; twice is fine."""
        self.context.load_default_certs()
        self.are_all_known = True
