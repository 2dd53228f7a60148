"""The base of every error that ends the local gateway with one line instead of a traceback."""


class GatewayError(Exception):
    """Something that the user can fix; the text is one line: what, where, remedy."""
