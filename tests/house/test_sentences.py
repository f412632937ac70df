"""Every sentence that people read goes through gettext: templates, views and scripts are searched for others."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

WEB = Path(__file__).resolve().parents[2] / "heliograph" / "web"

#: Words that are the same in every language: the name, and keys of the keyboard.
NAMES = {"Heliograph", "j", "k", "l", "c", "u"}
#: Attributes that are read to people.
READ = {"alt", "title", "placeholder", "aria-label", "content", "label"}
#: Values of `content` that are for machines.
MACHINES = re.compile(r"noindex|width=device-width.*|#[0-9a-f]{6}|\d+|https://")
GETTEXT = {"gettext", "gettext_noop", "gettext_lazy", "ngettext", "ngettext_lazy", "_"}

_BLOCK = re.compile(r"{%-?\s*trans\b.*?{%-?\s*endtrans\s*-?%}", re.DOTALL)
_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_JINJA = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
_SENTENCE = re.compile(r"[A-Z][^<>{}=/]* [^<>{}=/]*|.*[a-z]{2}[.!?]$")
_JS_STRING = re.compile(r""""((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`""")


class _Reader(HTMLParser):
    """Collects what a page says beside its translated parts."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self._note(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            spoken = name in READ or (name.startswith("data-") and " " in (value or ""))
            if spoken and value and not MACHINES.fullmatch(value):
                self._note(value)

    def _note(self, text: str) -> None:
        words = [word for word in re.split(r"[\s·@()]+", text) if re.search(r"[^\W\d_]", word)]
        if any(word not in NAMES for word in words):
            self.said.append(" ".join(text.split()))


def untranslated(template: str) -> list[str]:
    """What a template says without asking gettext."""
    reader = _Reader()
    reader.feed(_TAG.sub("", _BLOCK.sub("", template)))
    return reader.said + _literals(template)


def _literals(template: str) -> list[str]:
    """Sentences in the expressions of a template that are not given to gettext."""
    tree = _JINJA.parse(template)
    calls = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in GETTEXT]
    asked = {id(argument) for call in calls for argument in call.args}
    return [
        const.value
        for const in tree.find_all(nodes.Const)
        if isinstance(const.value, str) and id(const) not in asked and _SENTENCE.fullmatch(const.value)
    ]


def literal_sentences(source: str) -> list[str]:
    """Sentences in Python code that are neither docstrings nor given to gettext."""
    tree = ast.parse(source)
    excused: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            excused.add(id(node.value))
        name = getattr(getattr(node, "func", None), "id", None) or getattr(
            getattr(node, "func", None), "attr", None
        )
        logs = name in {"info", "warning", "error", "exception", "debug"}
        if isinstance(node, ast.Call) and (name in GETTEXT or logs):
            excused.update(id(argument) for argument in ast.walk(node))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in excused
        and _SENTENCE.fullmatch(node.value)
    ]


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.html")), ids=lambda path: path.name)
def test_templates_say_nothing_by_themselves(path: Path) -> None:
    assert untranslated(path.read_text()) == []


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.py")), ids=lambda path: path.name)
def test_views_say_nothing_by_themselves(path: Path) -> None:
    assert literal_sentences(path.read_text()) == []


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.js")), ids=lambda path: path.name)
def test_scripts_say_nothing_by_themselves(path: Path) -> None:
    code = re.sub(r"^\s*(//|\*|/\*).*$|\s//\s.*$", "", path.read_text(), flags=re.MULTILINE)
    found = [next(filter(None, match.groups()), "") for match in _JS_STRING.finditer(code)]
    assert [text for text in found if re.match(r"[A-Z][a-z]+ [a-z]", text)] == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("<p>Hello there</p>", ["Hello there"]),
        ('<img alt="A dog">', ["A dog"]),
        ('<i data-failed="It broke down."></i>', ["It broke down."]),
        ('<p>{{ _("Hello") }} {{ name }} · Heliograph</p>', []),
        ("{% trans a=b %}Hello {{ a }}{% pluralize %}Hellos{% endtrans %}", []),
        ('<p>{{ "Hello there" }}</p>', ["Hello there"]),
        ('<p>{% set label = "Hello there" %}</p>', ["Hello there"]),
        ('{{ _("Hello %(name)s", name="You there") }}', ["You there"]),
        ('<a class="{{ "on" if here else "off" }}" href="{{ static("css/a b.css") }}">', []),
    ],
)
def test_the_search_finds_what_is_planted(planted: str, found: list[str]) -> None:
    assert untranslated(planted) == found


def test_the_search_finds_planted_code() -> None:
    assert literal_sentences('x = "Hello there"') == ["Hello there"]
    assert literal_sentences('"""A docstring."""\nx = gettext("Hello there")') == []
