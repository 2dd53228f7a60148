"""Forgetting connections that are gone, many at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sapa.errors import SapaError
from sapa.observability import logger

_THREADS = 8


def forget_all(
    connection_ids: Iterable[str], channel: str, forget: Callable[[str, str], None]
) -> None:
    """Forget each connection that was found to be gone in a channel.

    One that cannot be forgotten now is found again with the channel's next event, or expires.
    """

    def attempt(connection_id: str) -> None:
        logger.info("gone", connection_id=connection_id)
        try:
            forget(connection_id, channel)
        except SapaError as error:
            logger.warning("not forgotten", connection_id=connection_id, error=str(error))

    ids = list(connection_ids)
    if ids:
        with ThreadPoolExecutor(min(_THREADS, len(ids))) as pool:
            list(pool.map(attempt, ids))
