"""Which holes are known in versions of Python packages: a question to a database that speaks OSV's protocol.

Asked by ourselves and not by pip-audit. To that tool a database that is away looks like a hole (a traceback and exit
code 1 at an unknown name or a refused connection), or like none (an index that answers 404); and its exceptions have no
end.

Source: the pages of OSV on /v1/querybatch (answers stand in the order of the questions; a question whose answer goes on
is asked again with its token) and on its schema ("fixed" in ranges of the type ECOSYSTEM).
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NoReturn
from urllib.parse import quote

from packaging.version import InvalidVersion, Version

PUBLIC = "https://api.osv.dev"
#: A version whose holes have been known for years. A database that knows none in it was asked in a way that it does not
#: understand, or is none: "no holes" of it would be worth nothing.
CANARY = ("jinja2", "2.4.1")

_BATCH = 1000  # questions that one request may hold
_PAGES = 20  # of one answer: a token that always leads to another is no end
_MOST_BYTES = 32 * 1024 * 1024  # OSV's own limit
#: "You asked wrongly." Any other error is said by an OSV that is ill, or by somebody else in its place: a gateway, an
#: index that does not know the question, a wall between us and it.
_OUR_MISTAKE = {400, 413, 415, 422}


class Away(Exception):
    """Nobody answers, or nobody who knows anything of holes."""


class Broken(Exception):
    """The answer is not one, or we asked wrongly."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    lock: str = ""  # the file that names it


@dataclass(frozen=True)
class Hole:
    package: Package
    names: tuple[str, ...]  # the same hole has one at each database: CVE, GHSA, PYSEC
    summary: str = ""
    mended_in: tuple[str, ...] = ()  # versions above the package's, lowest first


@dataclass
class Answer:
    """What was heard; holes can be in it also when `away` or `broken` say that the rest is missing."""

    holes: list[Hole] = field(default_factory=list)
    away: str | None = None
    broken: str | None = None


def normal(name: str) -> str:
    """A package's name as OSV and the locks have it: `Foo_Bar` is `foo-bar`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def ask(database: str, packages: Sequence[Package], seconds: float) -> Answer:
    """Everything that the database at this address knows of these packages, within so many seconds.

    In a thread, since neither looking up a name nor an answer that comes byte by byte heeds a socket's timeout.
    """
    asking = _Asking(database, seconds)
    ended: list[Answer] = []

    def work() -> None:
        try:
            asking.everything(packages)
            ended.append(Answer())
        except Away as error:
            ended.append(Answer(away=str(error)))
        except Broken as error:
            ended.append(Answer(broken=str(error)))
        except Exception as error:
            ended.append(Answer(broken=f"its answer is not as OSV describes it: {error!r}"))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    answer = ended[0] if ended else Answer(away=f"no whole answer within {seconds:g} seconds")
    answer.holes = list(asking.heard)
    return answer


class _Asking:
    def __init__(self, database: str, seconds: float) -> None:
        self.database = database.rstrip("/")
        self.seconds = seconds
        #: As soon as a hole is known it is here: by its id alone, later with what is said of it.
        self.heard: list[Hole] = []

    def everything(self, packages: Sequence[Package]) -> None:
        if not self.database.startswith(("https://", "http://")):
            raise Broken("that is no address")
        canary = Package(*CANARY)
        known = False
        for package, id in self._ids([canary, *packages]):
            known |= package is canary
            if package is not canary:
                self.heard.append(Hole(package, (id,)))
        if not known:
            raise Broken(
                f"it knows no hole in {canary.name} {canary.version}: it is none, or was asked wrongly"
            )
        told = [described for hole in self.heard if (described := self._described(hole))]
        self.heard = _merged(told)

    def _ids(self, packages: Sequence[Package]) -> Iterator[tuple[Package, str]]:
        """The ids of the holes of each package, page after page."""
        waiting = [(package, _question(package)) for package in packages]
        for _ in range(_PAGES):
            further = []
            for begin in range(0, len(waiting), _BATCH):
                asked = waiting[begin : begin + _BATCH]
                results = self._batch([question for _, question in asked])
                for (package, question), result in zip(asked, results, strict=True):
                    yield from ((package, _text(vuln["id"])) for vuln in result.get("vulns") or ())
                    if token := result.get("next_page_token"):
                        further.append((package, {**question, "page_token": token}))
            if not further:
                return
            waiting = further
        raise Broken(f"its answer has more than {_PAGES} pages")

    def _batch(self, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        said = self._said("/v1/querybatch", {"queries": questions})
        results = said.get("results")
        if not isinstance(results, list) or len(results) != len(questions):
            raise Broken(f"{len(questions)} questions, and no list of as many answers")
        return results

    def _described(self, hole: Hole) -> Hole | None:
        """The hole with what is said of it; None if it was withdrawn. Also a hole of which nothing is said is one."""
        try:
            said = self._said("/v1/vulns/" + quote(hole.names[0], safe=""))
            if said.get("withdrawn"):
                return None
            aliases = [_text(alias) for alias in said.get("aliases") or ()]
            summary = _text(said.get("summary") or said.get("details") or "").strip().partition("\n")[0]
            mended = _mended_in(hole.package, said)
        except (Away, Broken, AttributeError, LookupError, TypeError, ValueError) as error:
            return Hole(hole.package, hole.names, f"(nothing more was heard of it: {error})")
        return Hole(hole.package, (*hole.names, *aliases), summary, mended)

    def _said(self, path: str, question: object = None) -> dict[str, Any]:
        data = None if question is None else json.dumps(question).encode()
        request = urllib.request.Request(
            self.database + path, data, {"Content-Type": "application/json", "User-Agent": "heliograph"}
        )
        try:
            with _OPENER.open(request, timeout=self.seconds) as response:
                if response.headers.get_content_type() == "text/html":
                    raise Away("somebody else answers there, with a page")
                body = response.read(_MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                kind = Broken if error.code in _OUR_MISTAKE else Away
                raise kind(f"it answers {error.code} to {path}") from error
        except urllib.error.URLError as error:
            raise Away(str(error.reason)) from error
        except (OSError, http.client.IncompleteRead) as error:
            # Reset, silent, or cut off in the middle.
            raise Away(str(error) or type(error).__name__) from error
        try:
            said = json.loads(body)
        except ValueError as error:
            raise Broken(f"its answer to {path} is no JSON") from error
        if not isinstance(said, dict):
            raise Broken(f"its answer to {path} is no object")
        return said


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """OSV redirects nobody; a network that wants somebody to sign in first does, and would be asked instead."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> NoReturn:
        raise Away(f"somebody else answers there, with a redirect ({code})")


_OPENER = urllib.request.build_opener(_NoRedirects)


def _question(package: Package) -> dict[str, Any]:
    return {"package": {"name": package.name, "ecosystem": "PyPI"}, "version": package.version}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Broken(f"{value!r} stands where a text should")
    return value


def _mended_in(package: Package, entry: dict[str, Any]) -> tuple[str, ...]:
    ours = Version(package.version)
    return tuple(str(version) for version in sorted(set(_fixes(package.name, entry))) if version > ours)


def _fixes(name: str, entry: dict[str, Any]) -> Iterator[Version]:
    for affected in entry.get("affected") or ():
        of = affected.get("package") or {}
        if of.get("ecosystem") != "PyPI" or normal(str(of.get("name"))) != name:
            continue
        for span in affected.get("ranges") or ():
            if span.get("type") == "ECOSYSTEM":
                for event in span.get("events") or ():
                    try:
                        yield Version(event["fixed"])
                    except (KeyError, InvalidVersion):
                        continue


def _merged(holes: Sequence[Hole]) -> list[Hole]:
    """Each hole once, whichever databases it is in: what shares a name is the same one."""
    merged: list[Hole] = []
    for hole in holes:
        same = [it for it in merged if it.package == hole.package and set(it.names) & set(hole.names)]
        for other in same:
            merged.remove(other)
            hole = _one(other, hole)
        merged.append(hole)
    return merged


def _one(a: Hole, b: Hole) -> Hole:
    names = tuple(dict.fromkeys((*a.names, *b.names)))
    mended = sorted({*a.mended_in, *b.mended_in}, key=Version)
    return Hole(a.package, names, a.summary or b.summary, tuple(mended))
