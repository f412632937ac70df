"""What people may be called.

A username is ASCII: `[a-z0-9._]{1,30}`, no dot at either end, no two dots together. What is typed is folded
first (NFKC, lower case, no spaces around), at sign-up, at sign-in and in addresses alike: a telephone's keyboard
writes a capital first letter, and a Japanese one full-width letters. Folding can make nobody look like somebody
else, because whatever is left must be ASCII.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from heliograph.accounts import store
from heliograph.core import texts
from heliograph.core.errors import Invalid

LONGEST_USERNAME = 30  # characters
LONGEST_FULL_NAME = 60  # characters
_LONGEST_TYPED = 200  # characters; NFKC can make eighteen of one

_USERNAME = re.compile(r"[a-z0-9._]{1,30}")

_WORDS = """
about account accounts activity admin administrator all anonymous api app apps archive assets auth avatar
avatars block blocked blog camera comment comments compose contact count crosspost cursor dashboard delete
developer developers direct discover docs e edit email embed error events everybody everyone explore export
faq favicon.ico feed feedback feeds filters find follow followers following follows forgotten geographies
geography graphql guest guidelines health healthz heliograph help home host hosting i image images import
inbox info invitations invite jobs join js json language legal like liked likes link list lists livez locale
location locations login logout m mail main manifest manifest.json manifest.webmanifest map maps me media
mention mentions messages messaging metrics mobile moderation moderator mute nearby new news none
notification notifications null oauth oembed official offline operator ops owner p page pages password people person
photo photos ping places policies popular post postmaster posts press privacy private profile public push
readyz realtime recent register relationship relationships report reports requests reset robots robots.txt
root rss rules s save saved saves search secure security self sensors service session sessions settings
setup share shortcode signin signout signup sitemap sitemap.xml somebody staff static status store stories
stream subscription subscriptions support suspend suspended sw.js system tag tags team terms thread threads
timeline tos trending undefined upload uploads user username users v1 v2 verify video videos web webhook
webhooks webmaster welcome well-known www you
"""

#: No username may be one of these: the first segment of every address, so that `/name` stays free for both,
#: and words with a meaning in the API or in the mouth of an impostor. A test keeps it complete (test_names.py).
RESERVED = frozenset(_WORDS.split())


def fold(typed: str) -> str:
    """What was typed as it is compared and kept; "" when it is far too long to be a name."""
    if len(typed) > _LONGEST_TYPED:
        return ""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def username(typed: str) -> str:
    """The username that was meant; Invalid (field `username`) when nobody can be called that."""
    name = fold(typed)
    if not name and not typed.strip():
        raise _refused("username", _("Choose a name."))
    if len(name or typed) > LONGEST_USERNAME:
        raise _refused("username", _("A name has at most 30 characters."))
    if not _USERNAME.fullmatch(name):
        raise _refused("username", _("A name is made of the letters a to z, digits, dots and underscores."))
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise _refused("username", _("A dot stands between two other characters."))
    if name in RESERVED:
        raise _refused("username", _("This name is taken. Choose another one."))
    return name


def of_nobody(person_id: int) -> str:
    """What is left of a name when its account is gone: nobody can choose it, sign in with it, or ask for its page."""
    return f"~{person_id:x}"


def taken() -> Invalid:
    """The error of a name that somebody has: the same sentence as for a reserved one."""
    return _refused("username", _("This name is taken. Choose another one."))


def full_name(typed: str) -> str:
    """The name to be shown: any script, one line; "" when nothing of it can be seen. Invisible commands are taken out.

    Controls and the marks that turn the direction of what follows are dropped (they would reach beyond the
    name), joiners stay: families of emoji and several scripts need them.
    """
    if len(typed) > 10 * LONGEST_FULL_NAME:
        raise _refused("full_name", _("This has at most 60 characters."))
    kept = "".join(" " if char in "\t\r\n" else char for char in typed if not _commands(char))
    name = " ".join(unicodedata.normalize("NFC", kept).split())
    if len(name) > LONGEST_FULL_NAME:
        raise _refused("full_name", _("This has at most 60 characters."))
    if texts.UNREADABLE in name:
        raise _refused(
            "full_name", _("A part of this text did not arrive as it was written. Type it once more.")
        )
    return "" if texts.blank(name) else name


def _commands(char: str) -> bool:
    if char in "\t\r\n":
        return False
    return (
        unicodedata.category(char) in ("Cc", "Cs", "Co")
        or char in "\u202a\u202b\u202c\u202d\u202e"
        or ("\u2066" <= char <= "\u2069" or char in "\u2028\u2029\ufeff")
    )


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: sentence})


def id_of(reader: store.Directory, typed: str) -> int | None:
    """Who is called so, whatever their state; one round trip."""
    return store.named(reader, fold(typed))
