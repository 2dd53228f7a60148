"""`sam local` beside a run: what its containers are told, and what its user is."""

from urllib.parse import urlsplit

from local_gateway.aws_services.server import MotoServer
from local_gateway.core.model import Application
from local_gateway.errors import GatewayError
from local_gateway.sam_local.build import HOST, TEMPLATE, VARIABLES, SamLocalBuild
from local_gateway.server.bound_ports import Places
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal


class Containers:
    """Keeps the files of `--sam-local` as the run is."""

    def __init__(
        self,
        settings: GatewaySettings,
        build: SamLocalBuild,
        terminal: Terminal,
        places: Places,
        aws: MotoServer,
    ) -> None:
        self._settings = settings
        self._build = build
        self._terminal = terminal
        self._places = places
        self._aws = aws

    def write(self, application: Application) -> None:
        """Write the files; raises `GatewayError`."""
        aws_port = urlsplit(self._aws.endpoint_url).port
        ports = [self._places.port(at) for at, _ in enumerate(self._places)]
        self._build.write(application, self._aws.endpoint_url, [*ports, aws_port or 0])

    def write_again(self, application: Application) -> None:
        """The same after a change; what is wrong is a warning."""
        try:
            self.write(application)
        except GatewayError as error:
            self._terminal.warn(str(error))

    def say_how(self) -> None:
        """Print the command that `--lambda-endpoint` waits for."""
        url = self._settings.lambda_endpoint
        self._terminal.say(f"Waiting for {url}; in another terminal: {self.start_lambda}")

    @property
    def start_lambda(self) -> str:
        """`sam local start-lambda` with all that it needs."""
        port = urlsplit(self._settings.lambda_endpoint or "").port
        options = f"{self.options} --warm-containers LAZY"
        return f"sam local start-lambda {options}{f' --port {port}' if port else ''}"

    @property
    def options(self) -> str:
        """What every command of `sam local` needs."""
        directory = self._settings.sam_local
        return (
            f"--template {directory}/{TEMPLATE} --env-vars {directory}/{VARIABLES} "
            f"--add-host {HOST}:host-gateway"
        )

    def say_where(self) -> None:
        """Print what `sam local invoke` needs, and whether containers reach this machine."""
        self._terminal.say(f"In a container: sam local invoke FUNCTION -e EVENT {self.options}")
        if self._settings.bridge is None:
            self._terminal.warn(
                "no address for containers but loopback, which only Docker Desktop leads them to; "
                "with another engine name the address of its bridge with --bridge"
            )


def containers_of(
    settings: GatewaySettings, terminal: Terminal, places: Places, aws: MotoServer
) -> Containers | None:
    """The files of `--sam-local`, if it is given."""
    if settings.sam_local is None:
        return None
    build = SamLocalBuild(settings.sam_local, settings.parameter_overrides)
    return Containers(settings, build, terminal, places, aws)
