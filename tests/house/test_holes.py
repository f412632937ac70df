"""A known hole in a package that we install stops CI, unless it was accepted for a while; not asking is told loudly."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.house import holes, osv
from tests.house.holes import Accepted, Verdict
from tests.house.osv import Package

TODAY = date(2026, 11, 30)
FRAMES = Package("sun-frames", "1.2.0", "requirements.lock")
MIRRORS = Package("mirrors", "3.0", "requirements.lock")
HOLE = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-1"],
    "summary": "A long name blinds it.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Sun_Frames"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "0a1b2c"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.9"}]},
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "1.0"}, {"fixed": "1.10.1"}, {"fixed": "1.9"}],
                },
            ],
        }
    ],
}


class _Osv(ThreadingHTTPServer):
    """A small database that speaks OSV's protocol."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.known: dict[tuple[str, str], list[str]] = {osv.CANARY: ["PYSEC-2014-8"]}
        self.entries: dict[str, dict[str, Any]] = {}
        self.page = 100  # ids of one package in one answer
        self.says: dict[str, tuple[int, bytes]] = {}  # by the beginning of a path, before what it knows
        self.ends_after = 100  # answers; then it says that it is busy
        self.slow = ""  # or "silent", or "byte by byte"
        self.hurry = threading.Event()

    def knows(self, package: Package, *entries: dict[str, Any]) -> None:
        self.known[package.name, package.version] = [entry["id"] for entry in entries]
        self.entries |= {entry["id"]: entry for entry in entries}

    def batch(self, question: dict[str, Any]) -> dict[str, Any]:
        assert question["package"]["ecosystem"] == "PyPI"
        ids = self.known.get((question["package"]["name"], question["version"]), [])
        begin = int(question.get("page_token", 0))
        result: dict[str, Any] = {}
        if page := ids[begin : begin + self.page]:
            result["vulns"] = [{"id": id, "modified": "2026-11-01T00:00:00Z"} for id in page]
        if begin + self.page < len(ids):
            result["next_page_token"] = str(begin + self.page)
        return result


class _Answers(BaseHTTPRequestHandler):
    server: _Osv

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"results": [self.server.batch(question) for question in asked["queries"]]})

    def do_GET(self) -> None:
        self._answer(self.server.entries.get(self.path.removeprefix("/v1/vulns/")))

    def _answer(self, known: object) -> None:
        if self.server.slow == "silent":
            self.server.hurry.wait(5)
        status, body = (404, b"{}") if known is None else (200, json.dumps(known).encode())
        for path, said in self.server.says.items():
            if self.path.startswith(path):
                status, body = said
        self.server.ends_after -= 1
        if self.server.ends_after < 0:
            status, body = 503, b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "application/json")
        self.send_header("Location", "/sign-in")
        self.end_headers()
        for byte in body if self.server.slow == "byte by byte" else ():
            self.server.hurry.wait(0.03)
            self.wfile.write(bytes([byte]))
        if self.server.slow != "byte by byte":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Osv]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with _Osv() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.hurry.set()
        server.shutdown()


def _look(database: _Osv | str, *excused: Accepted, seconds: float = 5) -> Verdict:
    address = database if isinstance(database, str) else database.address
    return holes.look([FRAMES, MIRRORS], excused, address, today=TODAY, seconds=seconds)


def _accepted(hole: str = "CVE-2026-1", until: date = TODAY) -> Accepted:
    return Accepted("sun-frames", hole, "Nobody here has a long name.", until)


def test_nothing_known_is_nothing_to_do(database: _Osv) -> None:
    assert _look(database) == Verdict(0, ("known holes: none in 2 packages, 0 accepted",))


def test_a_known_hole_fails_and_is_named_with_the_versions_that_mend_it(database: _Osv) -> None:
    database.knows(FRAMES, HOLE)
    found, verdict = _look(database).lines
    assert found == (
        "sun-frames 1.2.0 (requirements.lock): GHSA-aaaa-bbbb-cccc, CVE-2026-1: A long name blinds it. "
        "[mended in 1.9, 1.10.1]"
    )
    assert verdict == "KNOWN HOLES: 1 unmended, 0 accepted for too long."
    assert _look(database).code == 1


def test_a_hole_in_two_databases_is_one(database: _Osv) -> None:
    database.knows(FRAMES, HOLE, {"id": "PYSEC-2026-9", "aliases": ["CVE-2026-1"]})
    assert _look(database).lines[-1] == "KNOWN HOLES: 1 unmended, 0 accepted for too long."


def test_a_hole_that_was_withdrawn_is_none(database: _Osv) -> None:
    database.knows(FRAMES, HOLE | {"withdrawn": "2026-11-02T00:00:00Z"})
    assert _look(database).code == 0


@pytest.mark.parametrize("name", ["GHSA-aaaa-bbbb-cccc", "CVE-2026-1"])
def test_an_accepted_hole_passes_and_its_reason_is_told(database: _Osv, name: str) -> None:
    database.knows(FRAMES, HOLE)
    reason, verdict = _look(database, _accepted(name)).lines
    assert reason == f"sun-frames: {name} is accepted until 2026-11-30: Nobody here has a long name."
    assert verdict == "known holes: none in 2 packages, 1 accepted"
    assert _look(database, _accepted(name)).code == 0


def test_it_is_accepted_for_that_package_alone(database: _Osv) -> None:
    database.knows(FRAMES, HOLE)
    database.knows(MIRRORS, HOLE)
    verdict = _look(database, _accepted())
    assert verdict.code == 1
    assert [line for line in verdict.lines if line.startswith("mirrors 3.0")]


def test_what_was_accepted_until_yesterday_fails(database: _Osv) -> None:
    database.knows(FRAMES, HOLE)
    verdict = _look(database, _accepted(until=TODAY - timedelta(days=1)))
    assert verdict.code == 1
    assert "sun-frames: CVE-2026-1 was accepted until 2026-11-29, and no longer" in verdict.lines
    assert verdict.lines[-1] == "KNOWN HOLES: 1 unmended, 1 accepted for too long."


def test_an_accepted_hole_that_is_gone_is_told(database: _Osv) -> None:
    assert (
        _look(database, _accepted()).lines[0] == "sun-frames: CVE-2026-1 is gone: take it out of holes.toml"
    )


def test_answers_that_go_on_are_read_to_their_end(database: _Osv) -> None:
    database.page = 1
    database.knows(FRAMES, *({"id": f"PYSEC-2026-{n}"} for n in range(3)))
    assert _look(database).lines[-1] == "KNOWN HOLES: 3 unmended, 0 accepted for too long."


def _told_that_nobody_looked(verdict: Verdict) -> bool:
    return verdict.code == 0 and verdict.lines[-1].startswith(
        "KNOWN HOLES WERE NOT LOOKED FOR in 2 packages: "
    )


def test_a_database_that_is_away_is_told_and_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as deaf:  # has the port, and does not listen
        deaf.bind(("127.0.0.1", 0))
        for address in (f"http://127.0.0.1:{deaf.getsockname()[1]}", "https://osv.invalid"):
            verdict = _look(address)
            assert _told_that_nobody_looked(verdict)
            assert address in verdict.lines[-1]


@pytest.mark.parametrize("status", [404, 403, 503, 500, 302, 200])
def test_who_answers_in_its_place_is_no_database(database: _Osv, status: int) -> None:
    """An index, a wall, a gateway, a network that wants somebody to sign in."""
    database.says["/"] = status, b"<html>"
    assert _told_that_nobody_looked(_look(database))


@pytest.mark.parametrize("slow", ["silent", "byte by byte"])
def test_a_slow_database_is_waited_for_no_longer_than_was_said(database: _Osv, slow: str) -> None:
    database.slow = slow
    assert _told_that_nobody_looked(_look(database, seconds=0.1))  # by itself it ends later, and well


@pytest.mark.parametrize(
    "said",
    [
        (200, b"Welcome"), (200, b"[]"), (200, b"{}"), (200, b'{"results": []}'),
        (200, b'{"results": [1, 2, 3]}'), (200, b'{"results": [{"vulns": [{}]}, {}, {}]}'),
        (400, b'{"code": 3}'),
    ],
)  # fmt: skip
def test_a_broken_answer_fails(database: _Osv, said: tuple[int, bytes]) -> None:
    database.says["/"] = said
    verdict = _look(database)
    assert verdict.code == 2
    assert verdict.lines[-1].startswith("KNOWN HOLES WERE NOT LOOKED FOR in 2 packages: asking http")


def test_who_has_never_heard_of_an_old_hole_is_not_believed(database: _Osv) -> None:
    database.known.clear()
    assert _look(database).code == 2


def test_what_is_no_address_fails() -> None:
    assert _look("osv.invalid").code == 2


@pytest.mark.parametrize("said", [(503, b""), (500, b""), (200, b"[]"), (200, b'{"affected": [7]}')])
def test_a_hole_is_one_also_when_nothing_more_is_heard_of_it(database: _Osv, said: tuple[int, bytes]) -> None:
    database.knows(FRAMES, HOLE)
    database.says["/v1/vulns/"] = said
    assert _look(database).code == 1
    assert "GHSA-aaaa-bbbb-cccc: (nothing more was heard of it: " in _look(database).lines[0]


def test_what_was_heard_before_the_database_went_away_counts(database: _Osv) -> None:
    database.knows(FRAMES, {"id": "PYSEC-2026-1"}, {"id": "PYSEC-2026-2"})
    database.page = 1
    database.ends_after = 1
    verdict = _look(database)
    assert verdict.code == 1
    assert verdict.lines[0].startswith("sun-frames 1.2.0 (requirements.lock): PYSEC-2026-1: ")
    assert "1 unmended" in verdict.lines[-1]
    assert "is away (it answers 503 to /v1/querybatch)" in verdict.lines[-1]


def test_a_database_moves_no_terminal(database: _Osv) -> None:
    database.knows(FRAMES, HOLE | {"summary": "Red\x1b[31m\rknown holes: none"})
    assert all(line.isprintable() for line in _look(database).lines)


def test_every_package_of_every_lock_is_asked_about() -> None:
    asked = holes.packages()
    named = {(it.name, it.lock) for it in asked}
    assert {
        ("django", "requirements.lock"),
        ("setuptools", "requirements-build.lock"),
        ("pytest", "requirements-test.lock"),
        ("uv", "heliograph/embedded/bootstrap/uv.py"),
    } <= named
    pinned = [
        line
        for lock in holes.LOCKS
        for line in (holes.ROOT / lock).read_text().splitlines()
        if "==" in line and not line.startswith("#")
    ]
    assert len(asked) == len({line.split()[0] for line in pinned}) + 1


def test_a_line_of_a_lock_that_names_no_version_is_not_passed_over(tmp_path: Path) -> None:
    for lock in holes.LOCKS:
        (tmp_path / lock).write_text(
            "Sun_Frames[wide]==1.2.0 ; python_version < '4' \\\n    --hash=sha256:00\n"
        )
    assert holes.packages(tmp_path)[:-1] == [FRAMES]
    (tmp_path / "requirements-test.lock").write_text("mirrors @ https://mirrors.example/mirrors.whl\n")
    with pytest.raises(osv.Broken, match="mirrors @"):
        holes.packages(tmp_path)


def test_what_is_accepted_has_a_reason_and_an_end(tmp_path: Path) -> None:
    file = tmp_path / "holes.toml"
    whole = {"package": '"sun-frames"', "hole": '"CVE-2026-1"', "reason": '"None."', "until": "2026-12-31"}

    def written(**other: str) -> list[Accepted]:
        fields = {**whole, **other}
        file.write_text(
            "[[accepted]]\n" + "\n".join(f"{key} = {value}" for key, value in fields.items() if value)
        )
        return holes.accepted(file)

    assert written() == [Accepted("sun-frames", "CVE-2026-1", "None.", date(2026, 12, 31))]
    for wrong in ({"reason": ""}, {"reason": '" "'}, {"until": ""}, {"until": '"soon"'}, {"because": '"x"'}):
        with pytest.raises(osv.Broken, match=r"holes\.toml"):
            written(**wrong)


def test_the_list_of_what_is_accepted_can_be_read() -> None:
    assert all(it.package in {package.name for package in holes.packages()} for it in holes.accepted())


def test_the_command_asks_about_what_we_install(database: _Osv, capsys: pytest.CaptureFixture[str]) -> None:
    (django,) = (it for it in holes.packages() if it.name == "django")
    assert holes.main(["--database", database.address]) == 0
    database.knows(django, HOLE)
    assert holes.main(["--database", database.address]) == 1
    assert f"\ndjango {django.version} (requirements.lock): GHSA-aaaa-bbbb-cccc" in capsys.readouterr().out


def _ci(folder: Path, said: str, code: int) -> subprocess.CompletedProcess[str]:
    """The real .ci/run, whose tools all are content but for the one that asks about holes."""
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(holes.ROOT / ".ci" / "run", folder / ".ci" / "run")
    scripts = {
        "bin/develop": f"echo '{folder}/tools/python'",
        "tools/python": f'case "$2" in tests.house.holes) echo "a line"; echo "{said}"; exit {code};; esac',
        "bin/test": "echo '=== 7 passed in 1.00s ==='",
    }
    for name in (*scripts, ".ci/try-up", "tools/ruff", "tools/mypy", "tools/lint-imports"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{scripts.get(name, '')}\n")
        (folder / name).chmod(0o755)
    return subprocess.run([folder / ".ci" / "run"], capture_output=True, text=True, check=False)


def test_ci_says_at_its_end_what_came_of_asking(tmp_path: Path) -> None:
    run = _ci(tmp_path, "KNOWN HOLES WERE NOT LOOKED FOR", 0)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-3:] == [
        "KNOWN HOLES WERE NOT LOOKED FOR",
        "fault matrix: === 7 passed in 1.00s ===",
        "=== 7 passed in 1.00s ===",
    ]


@pytest.mark.parametrize("code", [1, 2])
def test_ci_fails_at_a_hole_and_when_asking_is_broken(tmp_path: Path, code: int) -> None:
    run = _ci(tmp_path, "KNOWN HOLES", code)
    assert run.returncode == code
    assert "passed" not in run.stdout
