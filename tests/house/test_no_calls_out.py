"""Nothing here asks other machines on a visitor's behalf: who may open a connection is in a list, with the reason.

So there is nothing that an address in a profile or a caption could be turned against (SSRF).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import heliograph

ROOT = Path(heliograph.__file__).parent

#: Modules that can open connections to where they are told.
_CLIENTS = ("urllib.request", "http.client", "smtplib", "ftplib", "socket", "ssl", "requests", "httpx",
            "aiohttp", "urllib3", "xmlrpc", "telnetlib", "poplib", "imaplib", "websockets")  # fmt: skip

#: Who imports one of them, and to whom they speak. None of these addresses comes from a request.
MAY = {
    "accounts/mail.py": "names the errors of the mail host; the connection is Django's, to HELIOGRAPH_MAIL",
    "core/outgoing.py": "where people say, if it is the open internet: every address checked, nobody uses it yet",
    "core/valkey.py": "Valkey, at HELIOGRAPH_VALKEY",
    "embedded/bootstrap/uv.py": "the package index of this machine, before anything is installed",
    "embedded/ports.py": "whether a port of this machine is free",
    "embedded/postgres.py": "a free port on loopback",
    "embedded/up.py": "its own /readyz, on loopback",
    "embedded/valkey.py": "its own Valkey",
    "gate/sockets.py": "sets up sockets that listen already; opens none",
    "media/cage/__main__.py": "the cage's Unix socket",
    "media/cage/broker.py": "the cage's Unix socket",
    "media/cage/child.py": "the descriptor that it was given",
    "media/cage/wire.py": "the cage's Unix socket",
    "media/cage_client.py": "the cage's Unix socket",
    "ops/doctor.py": "HELIOGRAPH_URL and this machine's /readyz, when the operator asks",
    "ops/sampler.py": "this machine's name",
    "sharding/worker.py": "this machine's name",
}


def _connecting() -> Iterator[str]:
    for path in sorted(ROOT.rglob("*.py")):
        if any(_is_client(name) for name in _imported(ast.parse(path.read_text()))):
            yield str(path.relative_to(ROOT))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _is_client(name: str) -> bool:
    return any(name == client or name.startswith(f"{client}.") for client in _CLIENTS)


def test_whoever_opens_a_connection_is_in_the_list() -> None:
    assert set(_connecting()) == set(MAY)


#: Who asks over HTTP besides: before there is anything else, or what the operator has named.
_ASK_BY_THEMSELVES = {"embedded/bootstrap/uv.py", "embedded/up.py", "ops/doctor.py"}


def test_there_is_one_way_out_over_http() -> None:
    """Whatever asks an address that somebody said goes through core/outgoing.py, which looks where it leads."""
    clients = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3", "websockets"}
    asking = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if any(
            name == it or name.startswith(f"{it}.")
            for name in _imported(ast.parse(path.read_text()))
            for it in clients
        )
    }
    assert asking - _ASK_BY_THEMSELVES == {"core/outgoing.py"}


def test_what_serves_people_asks_no_other_machine() -> None:
    """The doors, the deeds and the sights: mail goes by a job, everything else stays in the house."""
    inside = {
        path for path in MAY if path.split("/")[0] in ("api", "web", "flows", "pages", "graph", "engagement")
    }
    assert inside == set()


#: Who may call a text harmless; each line says why (ruff, S308).
MARKS = {"web/forged.py", "web/fragments.py", "web/look.py", "web/templating.py"}


def test_texts_are_never_run() -> None:
    """Neither as Python, nor as a shell's words, nor unpickled, nor as markup that nobody escaped."""
    forbidden = {"pickle", "marshal", "shelve", "dill", "yaml"}
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        tree, where = ast.parse(path.read_text()), str(path.relative_to(ROOT))
        found += [f"{where} imports {name}" for name in _imported(tree) if name.split(".")[0] in forbidden]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                shell = any(it.arg == "shell" and ast.unparse(it.value) != "False" for it in node.keywords)
                runs = name in ("eval", "exec", "os.system", "os.popen") or shell
                if runs or (name in ("mark_safe", "SafeString", "Markup") and where not in MARKS):
                    found.append(f"{where}:{node.lineno} calls {name}")
    assert found == []


_RAW = {
    "*.js": re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"),
    "*.html": re.compile(
        r"\|\s*safe\b|autoescape\s+false|Markup\(|<script(?![^>]*\bsrc=)|javascript:"
        r"|\son(?:click|load|error|submit|change|input|focus|blur|key\w+|mouse\w+|pointer\w+)="
    ),
}


def test_neither_templates_nor_scripts_let_a_text_be_markup() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for kind, pattern in _RAW.items()
        for path in sorted(ROOT.rglob(kind))
        for match in pattern.finditer(path.read_text())
    ]
    assert found == []


#: Who throws dice where nobody gains by guessing, and for what.
DICE = {
    "gate/application.py": "when those come again who are put off, so that not all do at once",
    "pages/landing.py": "which photos strangers are shown",
    "sharding/map.py": "in which shard somebody new lives",
    "sharding/worker.py": "when each of several workers does what comes round",
}
#: SHA-1 as a name that others made: Valkey's, of a script.
NAMES = {"core/valkey.py"}


def test_no_broken_hash_and_no_guessable_chance() -> None:
    """Neither MD5 nor SHA-1; and whatever must not be guessed comes from `secrets`."""
    throwing, hashing = set(), set()
    for path in sorted(ROOT.rglob("*.py")):
        tree, where = ast.parse(path.read_text()), str(path.relative_to(ROOT))
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if calls & {"hashlib.md5", "hashlib.sha1"}:
            hashing.add(where)
        if "random" in set(_imported(tree)):
            throwing.add(where)
    assert hashing == NAMES
    assert throwing == set(DICE)
