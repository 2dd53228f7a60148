"""Benchmarks: what the bot and the local gateway cost, as ratios to references of the same run."""

import sys
from pathlib import Path

# Lambda's layer: the fan-out's sender is measured in this process.
sys.path.append(str(Path(__file__).parents[2] / "layers/sapa"))
