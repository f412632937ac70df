"""Templates: what is fixed is settled while they are compiled, and what nobody gave is a mistake."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from jinja2 import UndefinedError
from markupsafe import Markup

from heliograph.web import templating
from tests.house import messages

LANGUAGES = ["en", *messages.languages()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templating.names())
def test_every_template_can_be_compiled(name: str, language: str) -> None:
    templating.templates(language).get_template(name)


def _in_japanese(source: str, **values: object) -> str:
    return templating.templates("ja").from_string(source).render(values)


def test_a_sentence_is_in_the_language_of_its_templates_whatever_is_spoken_here() -> None:
    with translation.override("en"):
        assert _in_japanese('{{ _("Settings") }}') == "設定"


def test_a_sentence_is_looked_up_once() -> None:
    """It is a piece of text of the code: whoever renders asks gettext nothing."""
    code = templating.templates("ja").compile('<b>{{ _("Settings") }}</b>{{ icon("sun") }}', raw=True)
    assert "<b>設定</b><svg" in code and "gettext" not in code


def test_places_in_a_sentence_are_filled_and_escaped() -> None:
    source = "{% trans name=who %}Photo by {{ name }}{% endtrans %}"
    assert _in_japanese(source, who="<b>") == "&lt;b&gt;さんの写真"


def test_a_plural_counts() -> None:
    source = "{% trans n=count %}photo{% pluralize n %}photos{% endtrans %}"
    english = templating.templates("en").from_string(source)
    assert [english.render(count=count) for count in (0, 1, 2)] == ["photos", "photo", "photos"]


def test_texts_are_escaped_also_in_attributes() -> None:
    made = _in_japanese('<a title="{{ text }}">{{ text }}</a>', text="\"'<&")
    assert made == '<a title="&quot;&#x27;&lt;&amp;">&quot;&#x27;&lt;&amp;</a>'


class _Loud:
    """Neither a text nor markup: its words are escaped like any others."""

    def __str__(self) -> str:
        return "<loud>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<b>", "&lt;b&gt;"),
        (7, "7"),
        (None, "None"),
        (True, "True"),
        (Markup("<b>"), "<b>"),
        (mark_safe("<b>"), "<b>"),
        (gettext_lazy("Settings"), "Settings"),
        (_Loud(), "&lt;loud&gt;"),
    ],
)
def test_whatever_is_no_markup_is_escaped(value: object, shown: str) -> None:
    with translation.override("en"):
        assert templating.templates("en").from_string("{{ it }}").render(it=value) == shown


def test_a_dot_is_an_attribute_and_brackets_are_an_item() -> None:
    value = {"items": "an item"}
    assert _in_japanese("{{ it['items'] }}", it=value) == "an item"
    assert _in_japanese("{{ it.items()|length }}", it=value) == "1"
    with pytest.raises(AttributeError):
        _in_japanese("{{ it.nothing }}", it=value)


def test_a_part_sees_what_is_around_it_and_keeps_what_it_sets() -> None:
    source = '{% for person in people %}{% include "web/parts/more.html" %}{{ label }};{% endfor %}'
    made = _in_japanese(source, people=[1, 2], label="More", next="?after=<")
    assert made.count('href="?after=&lt;"') == 2 and made.endswith("More;")


def test_a_name_that_nobody_gave_is_a_mistake() -> None:
    with pytest.raises(UndefinedError):
        _in_japanese("{% if nobody_gave_this %}{% endif %}")


def test_while_debugging_templates_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    assert templating.templates("en") is templating.templates("en")
    monkeypatch.setattr(settings, "DEBUG", True)
    assert templating.templates("en") is not templating.templates("en")
