"""`python -m local_gateway`."""

import sys

from local_gateway.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
