"""Metrics as log lines, from which CloudWatch takes the values.

Source: CloudWatch user guide, "Specification: Embedded metric format". Powertools' metrics take
five times as long, a sixth of what a reply takes beside its post: docs/performance.md.
"""

import json
import sys
import time

# Of metrics in a line, and of values of a metric.
MAX_ENTRIES = 100

_encode = json.JSONEncoder(separators=(",", ":")).encode


class EmbeddedMetrics:
    """Collects values and writes them as one line to standard output.

    All have one dimension, `service`.
    """

    def __init__(self, *, namespace: str, service: str) -> None:
        self._namespace = namespace
        self._service = service
        self._units: dict[str, str] = {}
        self._values: dict[str, list[float]] = {}

    def add(self, name: str, unit: str, value: float) -> None:
        """Note a value in a unit of CloudWatch; a line that is full is written at once."""
        self._units[name] = unit
        values = self._values.setdefault(name, [])
        values.append(value)
        if max(len(values), len(self._values)) >= MAX_ENTRIES:
            self.flush()

    def flush(self) -> None:
        """Write what was added since the last line, if anything was."""
        if not self._values:
            return
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [["service"]],
            "Metrics": [{"Name": name, "Unit": unit} for name, unit in self._units.items()],
        }
        line = {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            "service": self._service,
            **self._values,
        }
        self._units, self._values = {}, {}
        sys.stdout.write(f"{_encode(line)}\n")
