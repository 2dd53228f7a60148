"""Tell a story, word by word."""

import time
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sapa.processes.business_process import Stream, business_process


class Language(StrEnum):
    """The languages of the story."""

    INDONESIAN = "id"
    ENGLISH = "en"


_STORY = {
    Language.ENGLISH: (
        "Long ago the crocodile and the mouse-deer shared a river. The crocodile was strong and "
        "always hungry; the mouse-deer was small and always thinking. One dry afternoon the fruit "
        "on the other bank was ripe, and there was no bridge."
    ),
    Language.INDONESIAN: (
        "Dahulu kala buaya dan kancil hidup di satu sungai. Buaya kuat dan selalu lapar; kancil "
        "kecil dan selalu berpikir. Pada suatu sore di musim kemarau buah di seberang sudah masak, "
        "tetapi tidak ada jembatan."
    ),
}


@business_process
def story(
    language: Language = Language.INDONESIAN,
    words: Annotated[int, Field(ge=1, le=2000)] = 100,
    per_second: Annotated[float, Field(ge=0.1, le=1000)] = 5.0,
) -> Stream[str]:
    """Tell a story word by word; it goes on while you reload the page."""
    tale = _STORY[language].split()
    for number in range(words):
        yield f"{tale[number % len(tale)]} "
        time.sleep(1 / per_second)
