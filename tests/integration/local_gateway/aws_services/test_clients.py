"""Clients of moto use nothing of the developer's AWS configuration."""

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer


def test_the_developers_aws_configuration_does_not_interfere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-another-machine")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with MotoServer.start() as server:
        clients = MotoClients(server.endpoint_url, "eu-west-1")
        assert clients.client("sqs").list_queues().get("QueueUrls", []) == []
        clients.client("cognito-idp").create_user_pool(PoolName="x")
