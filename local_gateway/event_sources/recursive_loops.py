"""Stops chains of invocations that come back to the same function again and again."""

from collections.abc import Mapping

from local_gateway.core.lambda_api.lineage import is_recursive_loop, loop_text
from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.event_sources.reporter import Reporter


class RecursiveLoops:
    """Decides for the functions that are served, by logical id; they may be replaced."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.functions: Mapping[str, LambdaFunction] = {}

    def stop(self, function: str, trace_id: str | None, api: str, name: str) -> bool:
        """Whether the next invocation must not happen, which is then said in a record."""
        served = self.functions.get(function)
        if served is None or not is_recursive_loop(served, trace_id):
            return False
        self._reporter.problem(api, name, GatewayError(loop_text(served)))
        return True
