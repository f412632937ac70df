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

from heliograph.accounts.models import Person, PersonWord

LONGEST_QUERY: Final = 100  # characters; what comes after is not looked at
LONGEST_WORD: Final = 30  # characters
_MOST_LOOKED_AT: Final = 1_000  # people who share the longest word of a question of several
_MOST_WORDS: Final = 12  # of one person
_MOST_ASKED: Final = 4  # words of one question that are looked at
_WORD: Final = re.compile(r"[^\W_]+")
#: Ends the range of everything that begins with a word: no folded word has a greater letter.
_LAST: Final = "\U0010ffff"


def fold(text: str) -> str:
    """A text as names are compared: without accents and capitals, in the plainest letters."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST_QUERY].casefold())
    return "".join(char for char in plain if unicodedata.category(char)[0] != "M")


def words_of(username: str, full_name: str) -> list[str]:
    """What somebody is found by."""
    pieces = [username, *_WORD.findall(username), *_WORD.findall(fold(full_name))]
    return list(dict.fromkeys(piece[:LONGEST_WORD] for piece in pieces))[:_MOST_WORDS]


def asked_words(query: str) -> list[str]:
    """The beginnings of words that a question names; none when it names nothing that a name could hold."""
    folded = fold(query).strip().removeprefix("@")
    found = []
    for piece in folded.split()[:_MOST_ASKED]:
        # `maria.g` is the beginning of a username; `o'hara` and `smith-jones` are two words each.
        whole = re.fullmatch(r"[a-z0-9._]+", piece) is not None
        found += [
            piece.strip(".") if whole else word for word in ([piece] if whole else _WORD.findall(piece))
        ]
    return [word[:LONGEST_WORD] for word in found if word][:_MOST_ASKED]


def keep(person_id: int, username: str, full_name: str) -> None:
    """Write down what somebody is found by now; in the transaction that wrote their face."""
    wanted = set(words_of(username, full_name))
    known = set(PersonWord.objects.filter(person_id=person_id).values_list("word", flat=True))
    if known - wanted:
        PersonWord.objects.filter(person_id=person_id, word__in=known - wanted).delete()
    new = [PersonWord(person_id=person_id, word=word) for word in sorted(wanted - known)]
    if new:
        PersonWord.objects.bulk_create(new, ignore_conflicts=True)


def beginning_with(asked: list[str], *, count: int, among: Collection[int] | None = None) -> list[int]:
    """People all of whose `asked` words begin a word of their name, alphabetically; at most `count`.

    `among`: only these. Suspended people are among them: whoever shows faces leaves them out. A word costs one
    question to the directory, which reads no more than `_MOST_LOOKED_AT` rows; of several words, the longest is
    asked first, and of more people than that the alphabetically first are looked at.
    """
    if not asked or (among is not None and not among):
        return []
    first, *others = sorted(asked, key=len, reverse=True)
    rows = PersonWord.objects.filter(**_range(first))
    if among is not None:
        rows = rows.filter(person_id__in=list(among))
    most = _MOST_LOOKED_AT if others else 2 * count  # somebody may be found by two of their words
    ordered = rows.order_by("word", "person_id").values_list("person_id", flat=True)
    found = list(dict.fromkeys(ordered[:most]))
    for other in others:
        too = PersonWord.objects.filter(person_id__in=found, **_range(other))
        kept = set(too.values_list("person_id", flat=True))
        found = [id for id in found if id in kept]
    return found[:count]


def newest_public(count: int) -> list[int]:
    """Who has come last, of those whose photos are everybody's. An id says when it was made."""
    newest = Person.objects.order_by("-id").values_list("id", "private", "state")[: 2 * count]
    return [id for id, private, state in newest if not private and state == "active"][:count]


def named(username: str) -> int | None:
    """Whoever is called exactly this."""
    found = Person.objects.filter(username=username, state="active").values_list("id", flat=True)
    return found.first()


def _range(word: str) -> dict[str, str]:
    return {"word__gte": word, "word__lt": word + _LAST}
