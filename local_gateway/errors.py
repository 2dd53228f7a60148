"""The base of every error that ends the local gateway with one line instead of a traceback."""


class GatewayError(Exception):
    """Something a person can put right; its text is one clear line: what, where, remedy."""
