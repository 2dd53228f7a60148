"""Tell the tale of the mouse-deer and the crocodiles, word by word."""

import time
from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from itertools import cycle, islice
from typing import Annotated

from pydantic import Field

from sapa.processes.business_process import Stream, business_process


class Language(StrEnum):
    """The languages of the tale."""

    INDONESIAN = "id"
    ENGLISH = "en"


_TALES = {
    Language.INDONESIAN: """
        Dahulu kala buaya dan kancil hidup di satu sungai. Buaya kuat dan selalu lapar; kancil kecil
        dan selalu berpikir. Pada suatu sore di musim kemarau, kancil melihat pohon jambu di
        seberang. Buahnya merah, masak, dan harum sekali. Tetapi tidak ada jembatan, airnya dalam,
        dan di bawah permukaan tampak punggung-punggung yang kasar.

        "Selamat sore, Buaya!" seru kancil dari tepi. "Keluarlah, ada kabar gembira!" Seekor buaya
        tua membuka satu mata. "Kabar apa, anak kecil? Kami belum makan sejak kemarin." Kancil
        berdiri tegak. "Raja akan membagi daging kepada semua buaya di sungai ini. Aku disuruh
        menghitung kalian, supaya tidak ada yang kurang. Panggillah saudara-saudaramu, dan
        berbarislah dari tepi ini sampai ke tepi sana!"

        Buaya tua tertawa senang, lalu memukul air dengan ekornya tiga kali. Dari hulu dan dari
        hilir mereka datang: yang besar, yang kurus, yang masih muda. Mereka berbaris rapat, moncong
        di samping moncong, sampai sungai itu penuh. "Jangan bergerak," kata kancil, "nanti aku
        salah hitung, dan kalian harus menunggu sampai bulan depan."

        Lalu ia melompat ke punggung yang pertama. "Satu!" Ia melompat lagi. "Dua! Tiga! Empat!"
        Buaya-buaya itu diam dan menahan napas, karena masing-masing sudah membayangkan bagiannya.
        "Sembilan! Sepuluh!" Pada hitungan kedua belas kancil sudah berada di seberang, di bawah
        pohon jambu yang harum.

        "Mana dagingnya?" tanya buaya tua. Kancil menggigit sebuah jambu dan mengunyahnya
        pelan-pelan. "Dagingnya ada pada raja," jawabnya, "dan raja tidak tahu apa-apa. Terima
        kasih untuk jembatannya!" Buaya-buaya itu marah besar dan mengibaskan ekor mereka, tetapi
        kancil sudah hilang di antara pohon-pohon. Sejak hari itu buaya tidak percaya lagi kepada
        siapa pun yang datang untuk menghitung, dan kancil mencari sungai lain kalau ia haus.
    """,
    Language.ENGLISH: """
        Long ago the crocodiles and the mouse-deer shared a river. The crocodiles were strong and
        always hungry; the mouse-deer was small and always thinking. One afternoon in the dry season
        the mouse-deer saw a rose-apple tree on the other bank. Its fruit was red and ripe, and the
        wind carried the smell across. But there was no bridge, the water was deep, and rough backs
        showed just below the surface.

        "Good afternoon, Crocodile!" called the mouse-deer. "Come out, there is good news!" An old
        crocodile opened one eye. "What news, little one? We have not eaten since yesterday." The
        mouse-deer stood up straight. "The king will give meat to every crocodile in this river. He
        has sent me to count you, so that nobody goes without. Call your brothers and sisters, and
        lie in a row from this bank to the other!"

        The old crocodile laughed with joy and struck the water three times with his tail. From
        upstream and downstream they came: the big ones, the thin ones, and the young. They lay side
        by side until the river was full. "Do not move," said the mouse-deer, "or I lose count, and
        you will have to wait until next month."

        Then he jumped on the first back. "One!" He jumped again. "Two! Three! Four!" The crocodiles
        lay still and held their breath, for each of them was already dreaming of dinner. "Nine!
        Ten!" At the count of twelve the mouse-deer was on the other bank, under the tree.

        "Where is the meat?" asked the old crocodile. The mouse-deer bit into a rose apple and
        chewed for a while. "The king has it," he answered, "and the king knows nothing of this.
        Thank you for the bridge!" The crocodiles beat the water in anger, but the mouse-deer had
        gone between the trees. Since that day crocodiles trust nobody who comes to count them, and
        the mouse-deer looks for another river when he is thirsty.
    """,
}


@business_process
def story(
    language: Language = Language.INDONESIAN,
    per_second: Annotated[float, Field(ge=0.1, le=1000)] = 4.0,
    words: Annotated[int, Field(ge=1, le=2000)] | None = None,
) -> Stream[str]:
    """Tell a tale word by word; it goes on while you reload the page.

    At four words a second it takes about a minute, longer than API Gateway waits for a reply.
    `words` ends it after so many; if the tale has fewer, it begins again.
    """
    tale = _TALES[language].split()
    spoken = tale if words is None else islice(cycle(tale), words)
    yield from paced((f"{word} " for word in spoken), 1 / per_second, pause=time.sleep)


def paced(
    texts: Iterator[str], seconds: float, *, pause: Callable[[float], None]
) -> Generator[str]:
    """The texts with pauses of so many seconds between them."""
    yield from islice(texts, 1)
    for text in texts:
        pause(seconds)
        yield text
