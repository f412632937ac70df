"""Every sentence reaches the translators, and what they wrote fits."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house import messages

_PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
_SPEAKING = [
    path
    for path in sorted(messages.ROOT.rglob("*.py"))
    if path.relative_to(messages.ROOT).parts[0] not in messages.UNSPOKEN | {"sharding"}
]


@pytest.mark.parametrize(
    "sentence",
    [
        "The file is incomplete or damaged.",  # the docstring of an error
        "Choose a name.",  # given to an error
        "Skip to the content",  # of a template
        ("%(number)s like", "%(number)s likes"),
        "Amber",  # a filter
    ],
)
def test_every_kind_of_source_is_collected(sentence: messages.Sentence) -> None:
    assert sentence in {found[0] for found in messages.sentences()}


@pytest.mark.parametrize("path", _SPEAKING, ids=lambda path: path.name)
def test_no_error_is_given_a_sentence_that_cannot_be_translated(path: Path) -> None:
    tree = ast.parse(path.read_text())
    kinds = messages.error_kinds()
    made = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds
        for argument in node.args[:1]
        if isinstance(argument, ast.JoinedStr | ast.BinOp)
    ]
    assert made == []


@pytest.mark.parametrize("language", messages.languages())
def test_places_in_a_sentence_are_those_of_its_translation(language: str) -> None:
    for message in messages.catalogue(language):
        if not message.id:
            continue
        wanted = set(_PLACES.findall(message.id if isinstance(message.id, str) else message.id[1]))
        for text in [message.string] if isinstance(message.string, str) else message.string:
            assert not text or set(_PLACES.findall(text)) == wanted, message.id


@pytest.mark.parametrize("language", messages.languages())
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    folder = messages.LOCALE / language / "LC_MESSAGES"
    assert (folder / "django.mo").read_bytes() == messages.compiled(messages.catalogue(language))


@pytest.mark.parametrize("language", messages.languages())
def test_every_sentence_is_translated(language: str) -> None:
    catalogue = messages.catalogue(language)
    known = {(message.id, message.context) for message in catalogue}
    missing = [m.id for m in messages.template() if m.id and (m.id, m.context) not in known]
    assert missing + messages.lacking(catalogue) == [], "python -m tests.house.messages write, then translate"
