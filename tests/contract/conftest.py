"""The bot in an environment like the template's, for the contracts that are kept by calling it."""

from tests.integration.sapa.conftest import (
    cloud,
    credentials,
    environment,
    moto,
    session,
    user_pool_id,
)

__all__ = ["cloud", "credentials", "environment", "moto", "session", "user_pool_id"]
