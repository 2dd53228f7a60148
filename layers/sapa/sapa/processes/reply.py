"""The first bot: it answers greetings in Indonesian."""

from sapa.processes.business_process import business_process

_REPLIES = {
    "Hai!": "Halo!",
    "Bagaimana kabarmu?": "Hebat! Bagaimana denganmu?",
}


@business_process
def reply(message: str) -> str:
    """Answer a greeting; any other message comes back unchanged.

    Balas sapaan; pesan lain dikembalikan apa adanya.
    """
    return _REPLIES.get(message, message)
