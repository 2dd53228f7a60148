"""boto3 clients for the moto server, which ignore the developer's AWS configuration."""

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

_ACCESS_KEY = "local"
_SECRET_KEY = "local"  # noqa: S105 - moto accepts anything
_NOT_CONFIGURED = (None, None, None, None)


class MotoClients:
    """Makes clients of one endpoint and region, with credentials that open nothing."""

    def __init__(self, endpoint_url: str, region: str) -> None:
        self._endpoint_url = endpoint_url
        # A profile, a configuration file or a proxy of the developer must not interfere.
        core = botocore.session.Session(
            session_vars={
                "profile": _NOT_CONFIGURED,
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        self._session = boto3.Session(
            aws_access_key_id=_ACCESS_KEY,
            aws_secret_access_key=_SECRET_KEY,
            region_name=region,
            botocore_session=core,
        )

    def client(self, service: str, *, connections: int = 10) -> Any:
        """A client that does not retry: an error of moto is not going to pass.

        It keeps up to `connections` open.
        """
        # Not empty, because an empty map would be replaced by the environment's proxies.
        no_proxy = {"no": "proxy"}
        config = Config(
            retries={"total_max_attempts": 1},
            proxies=no_proxy,
            max_pool_connections=connections,
        )
        return self._session.client(
            service,  # type: ignore[call-overload] # the stubs know names, not a variable
            endpoint_url=self._endpoint_url,
            config=config,
        )
