"""The sentences that people read, collected from everywhere, and their translations.

python -m tests.house.messages          says what each language lacks
python -m tests.house.messages write    brings the catalogues of heliograph/locale up to date, and compiles them

Four sources: gettext calls in Python, `_()` and `{% trans %}` in templates, the docstrings of errors (an error's
docstring is its sentence, see core/errors.py) with the sentences given to errors where they are raised, and the titles
of filters.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[2] / "heliograph"
LOCALE = ROOT / "locale"
#: Commands and programs for those who run a network speak English; so do the errors of the API.
UNSPOKEN = {"ops", "embedded", "config", "api"}
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_NOTE = "Translators:"

Sentence: TypeAlias = str | tuple[str, str]
Found: TypeAlias = tuple[Sentence, str | None, list[str], str]  # sentence, context, notes, file


def sentences() -> Iterator[Found]:
    """Everything that pages and mails say."""
    sources = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] not in UNSPOKEN]
    for path in sources:
        yield from _called(path.read_text(), path)
    yield from _errors(sources)
    for path in sorted((ROOT / "web" / "templates").rglob("*.*")):
        yield from _shown(path.read_text(), path)
    for path in sorted((ROOT / "media" / "filters").glob("*.json")):
        yield json.loads(path.read_text())["title"], None, ["the name of a filter"], _name(path)


def _name(path: Path) -> str:
    return path.relative_to(ROOT.parent).as_posix()


def _called(source: str, path: Path) -> Iterator[Found]:
    """What is given to gettext."""
    for _, keyword, given, notes in extract_python(io.BytesIO(source.encode()), list(_KEYWORDS), [_NOTE], {}):
        yield from _given(keyword, given if isinstance(given, tuple) else (given,), notes, path)


def _shown(source: str, path: Path) -> Iterator[Found]:
    """What a template says. A mistake in one is an error here."""
    options = {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true", "silent": "false"}
    found = babel_extract(io.BytesIO(source.encode()), list(_KEYWORDS), [_NOTE], options)
    for _, keyword, given, notes in found:
        yield from _given(keyword, (given,) if isinstance(given, str) else tuple(given), notes, path)


def _given(
    keyword: str, arguments: Sequence[str | None], notes: Iterable[str], path: Path
) -> Iterator[Found]:
    """The sentence of one call, unless a variable is given: whoever made it has marked it."""
    context = None
    said: list[str] = []
    for place in _KEYWORDS[keyword] or (1,):
        index = place[0] if isinstance(place, tuple) else place
        text = arguments[index - 1] if index <= len(arguments) else None
        if text is None:
            return
        if isinstance(place, tuple):
            context = text
        else:
            said.append(text)
    clean = [note.removeprefix(_NOTE).strip() for note in notes]
    yield (said[0] if len(said) == 1 else (said[0], said[1])), context, clean, _name(path)


def _errors(sources: Iterable[Path]) -> Iterator[Found]:
    """The docstrings of errors, and the sentences they are raised with."""
    trees = {path: ast.parse(path.read_text()) for path in sources}
    kinds = error_kinds()
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in kinds:
                yield (ast.get_docstring(node) or "").split("\n")[0], None, [], _name(path)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds:
                told = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "fields")]
                for text in _literals(told):
                    yield text, None, [], _name(path)


@cache
def error_kinds() -> frozenset[str]:
    """The names of all errors with a sentence."""
    trees = [ast.parse(path.read_text()) for path in ROOT.rglob("*.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    kinds = {"HeliographError"}
    while True:
        more = {c.name for c in classes if {getattr(base, "id", "") for base in c.bases} & kinds} | kinds
        if more == kinds:
            return frozenset(kinds)
        kinds = more


def _literals(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Dict):
            yield from _literals(node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def template() -> Catalog:
    """What there is to translate."""
    catalog = Catalog(project="Heliograph", charset="utf-8")
    for sentence, context, notes, path in sentences():
        catalog.add(sentence, locations=[(path, 0)], auto_comments=notes, context=context)
    return catalog


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))


def catalogue(language: str) -> Catalog:
    """The translations into a language, as they are in the repository."""
    return read_po(io.BytesIO(_po(language).read_bytes()), locale=language)


def _po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as gettext loads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def _write(language: str) -> None:
    path = _po(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog = catalogue(language) if path.exists() else Catalog(locale=language, project="Heliograph")
    catalog.update(template(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    # Dates would differ with every run, and the history knows them.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    catalog.header_comment = f"# Heliograph in {catalog.locale_identifier}"
    with path.open("wb") as file:
        write_po(file, catalog, width=110, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    path.with_suffix(".mo").write_bytes(compiled(catalogue(language)))


def lacking(catalog: Catalog) -> list[str]:
    """The sentences without a translation."""
    return [str(message.id) for message in catalog if message.id and not _whole(message.string)]


def _whole(string: str | list[str] | tuple[str, ...]) -> bool:
    return bool(string) if isinstance(string, str) else all(string)


def main() -> None:
    if sys.argv[1:2] == ["write"]:
        for language in sys.argv[2:] or languages():
            _write(language)
    for language in languages():
        left = lacking(catalogue(language))
        print(f"{language}: {len(left)} sentences are not translated", *left, sep="\n  ")


if __name__ == "__main__":
    main()
