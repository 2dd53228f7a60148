"""What SAM CLI would run: `samcli_functions.py TEMPLATE ENV_VARS`, in SAM's own environment.

Prints, by logical id, what `sam local invoke --template TEMPLATE --env-vars ENV_VARS` mounts and
the environment variables that it gives the container, as SAM's own code works them out. Everything
up to the container is SAM's; only the container engine is not asked for.
"""

import json
import sys
from pathlib import Path

from samcli.commands.local.cli_common.invoke_context import InvokeContext
from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider


def main() -> None:
    template, variables = sys.argv[1:]
    stacks, _ = SamLocalStackProvider.get_stacks(template)
    provider = SamFunctionProvider(
        stacks, use_raw_codeuri=True, ignore_code_extraction_warnings=True
    )
    directory = str(Path(template).resolve().parent)
    runner = LocalLambdaRunner(
        local_runtime=None,
        function_provider=provider,
        cwd=directory,
        real_path=directory,
        env_vars_values=InvokeContext._get_env_vars_value(variables),
    )
    found = {}
    for function in provider.get_all():
        config = runner.get_invoke_config(function)
        found[function.function_id] = {
            "code": config.code_abs_path,
            "handler": config.handler,
            "architecture": config.architecture,
            "timeout": config.timeout,
            "memory": config.memory,
            "layers": [str(Path(directory, layer.codeuri)) for layer in config.layers],
            "variables": config.env_vars.resolve(),
        }
    sys.stdout.write(json.dumps(found))


main()
