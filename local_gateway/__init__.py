"""The local gateway: runs a SAM template's WebSocket and HTTP APIs as AWS would, on a laptop."""

__version__ = "0.1.0"
