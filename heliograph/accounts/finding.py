"""People found by the beginning of their name, or of any word of it, in the directory's copy of faces.

Each person has a few rows of words: the username, its pieces between dots and underscores, and the words of the
full name, folded (no accents, no capitals). A question is a range of one b-tree, cut off by a limit: it costs the
same with a thousand people and with ten million. An index of trigrams would also find the middle of words, and
would read every row that shares a common beginning to do so (docs/decisions/0012-finding-people.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from heliograph.accounts import store

LONGEST_QUERY: Final = 100  # characters; what comes after is not looked at
LONGEST_WORD: Final = 30  # characters
_MOST_LOOKED_AT: Final = 1_000  # people who share the longest word of a question of several
_MOST_WORDS: Final = 24  # of one person
_MOST_ASKED: Final = 4  # words of one question that are looked at
_WORD: Final = re.compile(r"[^\W_]+")
_LIKE_A_USERNAME: Final = re.compile(r"[a-z0-9._]+")
#: Ends the range of everything that begins with a word: no folded word has a greater letter.
_LAST: Final = "\U0010ffff"


def fold(text: str) -> str:
    """A text as names are compared: without accents and capitals, in the plainest letters."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST_QUERY].casefold())
    # Once more: letters of mathematics have their capitals only now. Marks are accents, Cf joins and directs.
    return "".join(
        char for char in plain.casefold() if unicodedata.category(char) not in ("Mn", "Mc", "Me", "Cf")
    )


def words_of(username: str, full_name: str) -> list[str]:
    """What somebody is found by. Words that look like usernames (`j.r.r.`, `anna_lena`) also as a whole, as they are
    asked for."""
    named = fold(full_name)
    whole = [piece.strip(".") for piece in named.split() if _LIKE_A_USERNAME.fullmatch(piece)]
    pieces = filter(None, [username, *whole, *_WORD.findall(named), *_WORD.findall(username)])
    return list(dict.fromkeys(piece[:LONGEST_WORD] for piece in pieces))[:_MOST_WORDS]


def asked_words(query: str) -> list[str]:
    """The beginnings of words that a question names; none when it names nothing that a name could hold."""
    folded = fold(query).strip().removeprefix("@")
    found = []
    for piece in folded.split()[:_MOST_ASKED]:
        # `maria.g` is the beginning of a username; `o'hara` and `smith-jones` are two words each.
        whole = _LIKE_A_USERNAME.fullmatch(piece) is not None
        found += [
            piece.strip(".") if whole else word for word in ([piece] if whole else _WORD.findall(piece))
        ]
    return [word[:LONGEST_WORD] for word in found if word][:_MOST_ASKED]


def keep(tx: store.DirectoryTx, person_id: int, username: str, full_name: str) -> None:
    """Write down what somebody is found by now; in the transaction that wrote their face."""
    store.keep_words(tx, person_id, words_of(username, full_name))


def likeliest(reader: store.Directory, asked: list[str], *, count: int, among: Collection[int]) -> list[int]:
    """People all of whose `asked` words begin a word of their name: whoever is called exactly so, then those who
    are `among`, at most `count`, then everybody, twice as many and ten; alphabetically.

    Suspended people are among them: whoever shows faces leaves them out, and so wants more than are shown. A word costs
    one question to the directory, which reads no more than `_MOST_LOOKED_AT` rows for each group; of several words, the
    longest is asked first, and of more people than that the alphabetically first are looked at.
    """
    if not asked:
        return []
    first, *others = sorted(asked, key=len, reverse=True)
    many = 2 * count + 10
    limits = (_MOST_LOOKED_AT, _MOST_LOOKED_AT) if others else (2 * count, 2 * many)  # two words, one person
    exact = "" if others else first
    rows = sorted(store.beginning(reader, *_range(first), among=among, exact=exact, limits=limits))
    found = {id for _, _, id in rows}
    for other in others:
        found = store.also(reader, *_range(other), among=found)
    groups = [
        list(dict.fromkeys(id for at, _, id in rows if at == place and id in found)) for place in range(3)
    ]
    return list(dict.fromkeys([*groups[0], *groups[1][:count], *groups[2][:many]]))


def newest_public(reader: store.Directory, count: int) -> list[int]:
    """Who has come last, of those whose photos are everybody's. An id says when it was made."""
    return store.newest_public(reader, count)


def _range(word: str) -> tuple[str, str]:
    return word, word + _LAST
