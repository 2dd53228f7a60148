"""A client of Sapa for devices, scripts and tests: log in, ask, stream answers, follow channels.

async with await login("https://chat.example.com", "ana", password) as session:
    async with session.connect("story") as story:
        async for part in await story.start({"words": 100}):
            print(part["message"], end="")
"""

from sapa_client.answers import Answer
from sapa_client.connection import Connection, Event
from sapa_client.errors import (
    AnswerError,
    AskError,
    ConnectionLostError,
    HandshakeError,
    LoginError,
    SapaClientError,
    SessionEndedError,
)
from sapa_client.session import Session, login

__all__ = [
    "Answer",
    "AnswerError",
    "AskError",
    "Connection",
    "ConnectionLostError",
    "Event",
    "HandshakeError",
    "LoginError",
    "SapaClientError",
    "Session",
    "SessionEndedError",
    "login",
]
