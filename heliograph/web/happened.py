"""What happened, in a sentence: names are links, what people wrote is escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from heliograph.pages.activity import Sentence
from heliograph.pages.cards import PersonCard
from heliograph.web.look import short

_SAID = 100  # characters of a comment


def happened(sentence: Sentence) -> SafeString:
    """`bob, carol and 12 others liked your photo.`"""
    number = len(sentence.actors) + sentence.others
    said = sentence.comment.text if sentence.comment else ""
    quoted = format_html('<bdi class="said">{}</bdi>', Truncator(" ".join(said.split())).chars(_SAID))
    return format_html(
        _SENTENCES[sentence.kind](number, said), who=_who(sentence.actors, sentence.others), said=quoted
    )


def _who(actors: Sequence[PersonCard], others: int) -> SafeString:
    names = [
        format_html('<a class="name" href="/@{0}"><bdi>{0}</bdi></a>', person.username) for person in actors
    ]
    if others:
        # Translators: who did something: "bob, carol and 12 others"
        pattern = ngettext("{names} and {number} other", "{names} and {number} others", others)
        return format_html(pattern, names=_joined(names), number=short(others))
    if len(names) == 2:
        # Translators: who did something: "bob and carol"
        return format_html(gettext("{one} and {two}"), one=names[0], two=names[1])
    return _joined(names)


def _joined(names: list[SafeString]) -> SafeString:
    joined = names[0]
    for name in names[1:]:
        # Translators: between the names of a list that goes on
        joined = format_html(gettext("{before}, {name}"), before=joined, name=name)
    return joined


def _liked(number: int, said: str) -> str:
    return ngettext("{who} liked your photo.", "{who} liked your photo.", number)


def _commented(number: int, said: str) -> str:
    if number == 1:
        return gettext("{who} commented: {said}")
    return ngettext("{who} commented on your photo: {said}", "{who} commented on your photo: {said}", number)


def _mentioned(number: int, said: str) -> str:
    return gettext("{who} mentioned you: {said}") if said else gettext("{who} mentioned you with a photo.")


def _followed(number: int, said: str) -> str:
    return gettext("{who} follows you.")


def _let_in(number: int, said: str) -> str:
    return gettext("{who} let you in. You see their photos now.")


_SENTENCES: dict[str, Callable[[int, str], str]] = {
    "like": _liked,
    "comment": _commented,
    "mention": _mentioned,
    "follow": _followed,
    "approval": _let_in,
}
