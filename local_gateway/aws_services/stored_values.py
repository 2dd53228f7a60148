"""Parameters and secrets in moto, which dynamic references name."""

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local_gateway.aws_services.clients import MotoClients
from local_gateway.template.intrinsics.dynamic_references import StoredValue


@dataclass(frozen=True, slots=True)
class StoredValues:
    """Reads the values that the template's own resources hold."""

    clients: MotoClients

    def look_up(self, stored: StoredValue) -> str | None:
        """The value; None if it does not exist."""
        try:
            if stored.service == "ssm":
                return self._parameter(stored)
            return self._secret(stored)
        except (ClientError, BotoCoreError):
            return None

    def _parameter(self, stored: StoredValue) -> str:
        name = f"{stored.name}:{stored.version}" if stored.version else stored.name
        answer = self.clients.client("ssm").get_parameter(Name=name)
        return str(answer["Parameter"]["Value"])

    def _secret(self, stored: StoredValue) -> str:
        version = {"VersionId": stored.version} if stored.version else {}
        stage = {"VersionStage": stored.stage} if stored.stage else {}
        client = self.clients.client("secretsmanager")
        answer = client.get_secret_value(SecretId=stored.name, **version, **stage)
        return str(answer["SecretString"])
