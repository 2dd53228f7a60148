"""Starting the process of an execution environment."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local_gateway.core.model import LambdaFunction
from local_gateway.records import Observe
from local_gateway.runtime.process import EnvironmentProcess, LineSink, start_process
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.runtime.variables import environment_variables, log_stream_name

type RuntimeClient = Literal["awslambdaric", "bootstrap"]

_LAUNCHER = Path(__file__).parent / "child" / "launcher.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the environments of all functions share."""

    settings: RuntimeSettings
    observe: Observe
    region: str
    client: RuntimeClient


async def launch(
    function: LambdaFunction, around: Surroundings, api_address: str, on_line: LineSink
) -> EnvironmentProcess:
    """Start the launcher in the task root; raises OSError when that is impossible."""
    settings = around.settings
    return await start_process(
        [str(settings.python), "-P", str(_LAUNCHER), around.client, function.handler],
        directory=function.code,
        variables=environment_variables(
            function,
            region=around.region,
            api_address=api_address,
            log_stream=log_stream_name(time.strftime("%Y/%m/%d", time.gmtime())),
            python=settings.python,
            base=settings.base_environment,
        ),
        on_line=on_line,
        line_limit=settings.max_line_bytes,
    )
