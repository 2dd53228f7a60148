"""The bot of the first hour."""

from sapa.processes.business_process import business_process

_REPLIES = {
    "Hai!": "Halo!",
    "Bagaimana kabarmu?": "Hebat! Bagaimana denganmu?",
}


@business_process
def reply(message: str) -> str:
    """Balas sapaan; pesan lain dikembalikan apa adanya."""
    return _REPLIES.get(message, message)
