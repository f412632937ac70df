"""Scripts run where the network is tried: on a phone at home, by an address without https."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "heliograph" / "web" / "static" / "js"
#: Browsers offer these with https alone, without a word elsewhere: the script ends there.
HTTPS_ALONE = ("randomUUID", "crypto.subtle")


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.js")), ids=lambda path: path.name)
def test_scripts_use_nothing_that_only_https_has(path: Path) -> None:
    code = "\n".join(line.partition("//")[0] for line in path.read_text().splitlines() if "/**" not in line)
    assert [name for name in HTTPS_ALONE if name in code] == []


#: What turns a key that somebody else chose into a property of every object.
_POLLUTING = re.compile(
    r"__proto__|\bfor\s*\((?:const|let|var)\s+\w+\s+in\b|[\w)\]]\[[^\]\"'\d][^\]]*\]\s*(?:\?\?|\|\|)?=[^=]"
    r"|Object\.assign\([^;]*JSON\.parse|\.\.\.\s*JSON\.parse|Object\.(?:setPrototypeOf|defineProperty)"
)


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.js")), ids=lambda path: path.name)
def test_nothing_is_written_under_a_key_that_somebody_else_chose(path: Path) -> None:
    """Prototype pollution: what is looked up is in Maps or in objects with fixed keys; what was parsed is only read."""
    assert _POLLUTING.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "code",
    [
        "kept[name] = value", "a.b[c.d] ??= {}", "for (const key in said) {", "x.__proto__ = y",
        "Object.assign(options, JSON.parse(text))", "const all = { ...JSON.parse(text) }",
    ],
)  # fmt: skip
def test_that_rule_sees_what_it_is_for(code: str) -> None:
    assert _POLLUTING.search(code)


#: Who hears messages, and why nobody else can send them.
_HEARS = {
    "away.js": "a BroadcastChannel, which is of one origin, and the service worker of this site",
    "worker.js": "pages that it controls; it looks at the origin all the same",
}


def test_messages_come_from_this_site_alone() -> None:
    """No window listens, none is spoken to whoever it belongs to, and the worker looks where a message comes from."""
    said = {path.name: path.read_text() for path in sorted(SCRIPTS.rglob("*.js"))}
    hearing = {
        name for name, code in said.items() if re.search(r"addEventListener\(\s*[\"']message|onmessage", code)
    }
    assert hearing == set(_HEARS)
    for code in said.values():
        assert not re.search(
            r"(?:^|window\.|[\s;])addEventListener\(\s*[\"']message", code.replace("self.add", "worker.add")
        )
        assert not re.search(
            r"(?:parent|opener|top|contentWindow)\.postMessage|postMessage\([^)]*[\"']\*[\"']", code
        )
    (handler,) = re.findall(r"self\.addEventListener\(\"message\".*?\n\}\);", said["worker.js"], re.DOTALL)
    assert "event.origin === self.location.origin" in handler
