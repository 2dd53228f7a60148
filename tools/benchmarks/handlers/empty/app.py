"""The reference of the cold starts: imports nothing, does nothing."""


def lambda_handler(event: object, context: object) -> None:
    """Answer `null`."""
