"""What this network is: who runs it, by which rules, and what it is made of. For everybody, also without an account."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from heliograph import __version__
from heliograph.core import environment
from heliograph.web.rendering import render
from heliograph.web.session import PageRequest, open_to_all


class Work(NamedTuple):
    """Somebody else's work that this is made with."""

    name: str
    licence: str
    address: str


MADE_WITH = (
    Work("Django", "BSD-3-Clause", "https://www.djangoproject.com/"),
    Work("Jinja", "BSD-3-Clause", "https://jinja.palletsprojects.com/"),
    Work("MarkupSafe", "BSD-3-Clause", "https://markupsafe.palletsprojects.com/"),
    Work("PostgreSQL", "PostgreSQL", "https://www.postgresql.org/"),
    Work("Valkey", "BSD-3-Clause", "https://valkey.io/"),
    Work("Granian", "BSD-3-Clause", "https://github.com/emmett-framework/granian"),
    Work("Psycopg", "LGPL-3.0", "https://www.psycopg.org/"),
    Work("Procrastinate", "MIT", "https://procrastinate.readthedocs.io/"),
    Work("libvips", "LGPL-2.1", "https://www.libvips.org/"),
    Work("pyvips", "MIT", "https://github.com/libvips/pyvips"),
    Work("Pillow", "MIT-CMU", "https://python-pillow.org/"),
    Work("simplejpeg", "MIT", "https://github.com/jfolz/simplejpeg"),
    Work("libjpeg-turbo", "BSD-3-Clause", "https://libjpeg-turbo.org/"),
    Work("NumPy", "BSD-3-Clause", "https://numpy.org/"),
    Work("hiredis", "MIT", "https://github.com/redis/hiredis-py"),
    Work("orjson", "MPL-2.0", "https://github.com/ijl/orjson"),
    Work("WhiteNoise", "MIT", "https://whitenoise.readthedocs.io/"),
    Work("Brotli", "MIT", "https://github.com/google/brotli"),
    Work("zlib-ng", "Zlib", "https://github.com/zlib-ng/zlib-ng"),
    Work("PyNaCl", "Apache-2.0", "https://pynacl.readthedocs.io/"),
    Work("libsodium", "ISC", "https://doc.libsodium.org/"),
    Work("GeoNames", "CC-BY-4.0", "https://www.geonames.org/"),
    Work("Natural\N{NO-BREAK SPACE}Earth", "public domain", "https://www.naturalearthdata.com/"),
)


@require_safe
@open_to_all
def about(request: PageRequest) -> HttpResponse:
    """The page about this network; what only its operator can know is told by knobs."""
    env = environment.get()
    known = {
        "host": urlsplit(env.url).netloc,
        "operator": env.operator,
        "contact": env.contact,
        "contact_address": _address(env.contact),
        "rules": env.rules,
        "source": env.source if _is_link(env.source) else "",
        "version": __version__,
        "made_with": MADE_WITH,
    }
    return render(request, "web/about.html", known)


def _address(contact: str) -> str:
    """Where the contact leads: a page, or a mail; empty when it is neither."""
    if _is_link(contact):
        return contact
    return f"mailto:{contact}" if "@" in contact and " " not in contact else ""


def _is_link(text: str) -> bool:
    return text.startswith(("https://", "http://"))
