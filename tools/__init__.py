"""Programs for those who work on the repository; nothing here is deployed or installed."""

import sys
from pathlib import Path

# Lambda's layer: what it does is measured and counted here.
sys.path.append(str(Path(__file__).parents[1] / "layers/sapa"))
