"""Benchmarks: what the bot and the local gateway cost, as ratios to references of the same run."""
