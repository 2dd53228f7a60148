"""The environment variables of an execution environment.

Names and reserved variables: Lambda developer guide, configuration-envvars. The gateway's own
environment is not inherited: a handler that needs the developer's variables or credentials would
fail when it is deployed.
"""

import os
import secrets
import sys
from collections.abc import Mapping

from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.languages.language import Language

VERSION = "$LATEST"

DUMMY_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIALOCALGATEWAY0000",
    "AWS_SECRET_ACCESS_KEY": "local-gateway",
    "AWS_SESSION_TOKEN": "local-gateway",
}


def service_variables(aws_endpoint_url: str, region: str) -> dict[str, str]:
    """The variables that send every call of an SDK to the AWS services of this run."""
    return {
        "AWS_ENDPOINT_URL": aws_endpoint_url,
        # SDKs put a bucket's name in front of a host name, which may not resolve, but not of an
        # address.
        "AWS_ENDPOINT_URL_S3": aws_endpoint_url.replace("//localhost:", "//127.0.0.1:"),
        # On AWS an SDK without an endpoint asks for a host that does not exist. It must do so here,
        # too: the AWS services of this run would accept posts to any connection.
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"https://execute-api.{region}.amazonaws.com",
    }


# It does not exist, as in Lambda. Without HOME, `~` would be the developer's, and SDKs would read
# its configuration and credentials.
_HOME = "/home/sbx_user1051"


def environment_variables(
    function: LambdaFunction,
    language: Language,
    *,
    region: str,
    api_address: str,
    log_stream: str,
    base: Mapping[str, str],
) -> dict[str, str]:
    """All variables; Lambda's win over the function's, which win over `base` and the defaults."""
    variables = {
        "PATH": os.pathsep.join(["/usr/local/bin", *os.defpath.split(os.pathsep)]),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": _HOME,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        **_windows_variables(),
        **base,
        **function.environment,
    }
    variables |= language.variables(function, variables)
    for name, dummy in DUMMY_CREDENTIALS.items():
        variables[name] = base.get(name, dummy)
    return variables | {
        **function.logging,
        "_HANDLER": function.handler,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": VERSION,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "LAMBDA_TASK_ROOT": str(function.code),
    }


def log_stream_name(date: str) -> str:
    """`YYYY/MM/DD/[version]` and 32 hexadecimal digits; `date` is its first part."""
    return f"{date}/[{VERSION}]{secrets.token_hex(16)}"


def _windows_variables() -> dict[str, str]:
    if sys.platform == "win32":
        # Sockets do not work without SYSTEMROOT there, and `~` comes from USERPROFILE.
        return {"SYSTEMROOT": r"C:\Windows", "USERPROFILE": r"C:\nonexistent"}
    return {}
