"""The composition root: from settings to a running gateway, and back down."""

import asyncio
from contextlib import AsyncExitStack

from local_gateway.backing.moto_server import MotoServer
from local_gateway.backing.provisioning import provision
from local_gateway.core.limits import Limits
from local_gateway.core.model import Application
from local_gateway.core.stage import Stage
from local_gateway.errors import GatewayError
from local_gateway.ready_hook import hook_variables, run_ready_hook
from local_gateway.runtime.lambda_runtime import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.server.dispatch import Dispatcher
from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.invocations import Invocations
from local_gateway.server.listener import Listener, bind
from local_gateway.server.ports import Sources
from local_gateway.server.websocket_api import WebSocketStageServer
from local_gateway.settings import GatewaySettings
from local_gateway.template.application import build_application
from local_gateway.template.loading import load_template
from local_gateway.terminal import Terminal
