"""Templates as Python code: Jinja2, compiled once for each language, with everything that is fixed in its place.

A page has a hundred pieces that are the same whoever looks: sentences, icons, addresses of style sheets. They are
looked up while a template is compiled, not while it is rendered. `{{ _("Settings") }}` becomes a piece of text of the
Japanese templates, `{% trans %}Photo by {{ name }}{% endtrans %}` two pieces around a name, `{{ icon("sun") }}` its
markup; and an `{% include %}` is read where it stands, so that a part costs nothing by being one.

A name that nobody gave a template is an error, not an empty text. What may be left out is in `_LEFT_OUT`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.templatetags.static import static
from django.utils import translation
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from heliograph.web import demo, happened, look, times

_FOLDER = Path(__file__).with_name("templates")
_PLACE = re.compile(r"%\((\w+)\)s")

#: Functions whose answer is the same for a whole release: called while a template is compiled.
_FIXED: dict[str, Callable[..., Any]] = {
    "static": static,
    "icon": look.icon,
    "module_links": look.module_links,
}
#: Functions that are called for each page.
_ASKED = {
    "ago": look.ago,
    "avatar": look.avatar,
    "happened": happened.happened,
    "has_demo_photographs": demo.has_photographs,
    "likes_count": look.likes_count,
    "likes_line": look.likes_line,
    "may_look_around": demo.may_look_around,
    "moment": look.moment,
    "ngettext": look.counted,
    "rich": look.rich,
}
_FILTERS = {
    "code": look.code,
    "date": look.date,
    "day": times.day,
    "failure": look.failure,
    "host": look.host,
    "linebreaks": look.paragraphs,
    "short": look.short,
}
#: What a template need not be given, and what it means then.
_LEFT_OUT = {
    "avatar_mistake": "",
    "away": False,
    "classes": "",
    "eager": 0,
    "end": "",
    "here": "/",
    "me": 0,
    "modern": False,
    "mistake": "",
    "mistakes": (),
    "own": False,
    "place_name": "",
    "plain": False,
    "preview": None,
    "reason": "",
    "text": "",
    "unread": None,
    "words": "",
}


class Templates(Environment):
    """All templates in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(
            loader=FileSystemLoader(_FOLDER),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
        )
        self.language = language
        self.newstyle_gettext = True
        self.filters |= _FILTERS
        rtl = translation.get_language_info(language)["bidi"]
        self.globals |= {**_FIXED, **_ASKED, **_LEFT_OUT, "language": language, "rtl": rtl}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One dictionary: Jinja2's chain of two would be walked for every page."""
        return {**self.globals, **(d or {})}


class _Settling(CodeGenerator):
    """Writes the Python code of a template once what is fixed has been settled.

    The code is what one would write: `.` is an attribute and `[…]` an item, a call is a call, and a text is escaped
    without being wrapped. Jinja2's own tries both of the first, looks for arguments to add in each of the second, and
    keeps in mind of each third that it was escaped: 1.5 us for each name on a page.
    """

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        templates = cast(Templates, self.environment)
        with translation.override(templates.language):
            settled = _Fixed(templates).visit(node)
        self.writeline("from heliograph.web.look import text")
        super().visit_Template(settled, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        if forward_caller or node.dyn_args or node.dyn_kwargs:
            super().visit_Call(node, frame, forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for given in (*node.args, *node.kwargs):
            self.visit(given, frame)
            self.write(", ")
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write("text(")


Templates.code_generator_class = _Settling


class _Fixed(NodeTransformer):
    """Puts answers where questions were, in the language that is active."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        """The part itself; what it sets stays in it. An error in it is told at the line of the `include`."""
        if not isinstance(node.template, nodes.Const):
            return node
        name = node.template.value
        source, filename, _ = _loader(self._templates).get_source(self._templates, name)
        part = self._templates.parse(source, name, filename)
        part.set_lineno(node.lineno, override=True)
        return nodes.Scope(self.visit(part).body, lineno=node.lineno)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        """Its pieces are collected in a list and given on as one, not handed from function to function one by one."""
        self.generic_visit(node)
        whole = nodes.AssignBlock(nodes.Name("whole", "store"), None, node.body, lineno=node.lineno)
        node.body = [whole, nodes.Output([nodes.Name("whole", "load")], lineno=node.lineno)]
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        node.nodes = [piece for child in node.nodes for piece in _pieces(child)]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        fixed = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        if len(fixed) < len(node.args) or node.dyn_args or node.dyn_kwargs:
            return node
        if name in ("_", "gettext"):
            return _said(fixed[0], {given.key: given.value for given in node.kwargs}, node.lineno)
        if name in _FIXED and not node.kwargs:
            return nodes.Const(_FIXED[name](*fixed), lineno=node.lineno)
        return node


def _loader(templates: Templates) -> FileSystemLoader:
    return cast(FileSystemLoader, templates.loader)


def _pieces(node: nodes.Expr) -> list[nodes.Expr]:
    return node.nodes if isinstance(node, nodes.Concat) else [node]


def _said(sentence: str, given: dict[str, nodes.Expr], lineno: int) -> nodes.Expr:
    """The sentence in the active language, with the places in it filled."""
    texts = _PLACE.split(translation.gettext(sentence))
    pieces: list[nodes.Expr] = [
        given[text] if at % 2 else nodes.Const(Markup(text.replace("%%", "%")), lineno=lineno)  # noqa: S704 - ours
        for at, text in enumerate(texts)
        if text
    ]
    return pieces[0] if len(pieces) == 1 else nodes.Concat(pieces, lineno=lineno)


@cache
def _remembered(language: str) -> Templates:
    return Templates(language)


def templates(language: str | None = None) -> Templates:
    """The templates in a language; the active one by default. While debugging, as the files are now."""
    language = language or translation.get_language() or settings.LANGUAGE_CODE
    return Templates(language) if settings.DEBUG else _remembered(language)


def names() -> list[str]:
    """All templates."""
    return [path.relative_to(_FOLDER).as_posix() for path in sorted(_FOLDER.rglob("*.*"))]


def warm() -> None:
    """Compile every template in the first language: a mistake in one stops the start, not the first visitor."""
    ready = templates(settings.LANGUAGE_CODE)
    for name in names():
        ready.get_template(name)
