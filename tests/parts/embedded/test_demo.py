"""The demo's papers and its refusals: every photograph has an owner, and nobody else's network gets strangers."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from heliograph.accounts import names
from heliograph.embedded import filling, options
from heliograph.embedded.data import Data
from heliograph.embedded.demo import cast
from heliograph.embedded.demo.ledger import Ledger
from heliograph.embedded.lines import Printer
from heliograph.embedded.options import Options
from heliograph.embedded.refusal import CannotStart
from heliograph.engagement import words
from heliograph.media import captions, filters
from heliograph.media.places import spots
from heliograph.web import demo_views

PHOTOS = cast.picture("x").parent
LICENCES = {"CC0 1.0", "CC BY 2.0", "CC BY 3.0", "CC BY 4.0", "CC BY-SA 3.0", "CC BY-SA 4.0", "Public domain"}
HERE = {"HELIOGRAPH_URL": "http://127.0.0.1:8000"}


def test_every_photograph_is_credited_and_is_the_one_that_was_credited() -> None:
    works = {work["file"]: work for work in demo_views.credits()}
    assert set(works) == {path.name for path in PHOTOS.iterdir()}
    for name, work in works.items():
        assert hashlib.sha256((PHOTOS / name).read_bytes()).hexdigest() == work["sha256"], name
        assert work["licence"] in LICENCES
        assert work["licence"] == "Public domain" or work["licence_url"].startswith(
            "https://creativecommons.org/"
        )
        assert work["author"] and work["title"] and work["source"].startswith("https://") and work["package"]


def test_all_photographs_together_are_small_and_each_is_used() -> None:
    assert sum(path.stat().st_size for path in PHOTOS.iterdir()) < 5_000_000
    whole = cast.load()
    used = [shot.file for shot in whole.shots] + [m.face for m in whole.members.values() if m.face]
    assert sorted(used) == sorted(path.stem for path in PHOTOS.iterdir())


def test_everything_that_is_said_may_be_said() -> None:
    whole = cast.load()
    for member in whole.members.values():
        assert names.username(member.name) == member.name
        assert names.full_name(member.full_name) == member.full_name
    assert 30 in map(len, whole.members)
    for shot in whole.shots:
        assert shot.alt
        captions.parse(shot.caption)
        captions.alt_text(shot.alt)
        assert shot.filter in filters.names()
        assert shot.at is None or spots.reduced(shot.level, *shot.at).name
        for text in (shot.caption, *(said for _, said in shot.comments)):
            assert set(captions.parse(text).mentions) <= whole.members.keys()
        for _, said in shot.comments:
            words.parse(said)


def test_only_those_who_may_see_a_private_person_say_something_there() -> None:
    whole = cast.load()
    [private] = [member for member in whole.members.values() if member.private]
    may = {private.name, *whole.lets_in(private)}
    asked = {member.name for member in whole.members.values() if private.name in member.follows}
    assert asked - may, "somebody still waits"
    for shot in whole.shots:
        if shot.by == private.name:
            assert {name for name, _ in shot.comments} | set(whole.likers(shot)) <= may


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_it_is_refused_where_others_could_come_in(host: str) -> None:
    with pytest.raises(CannotStart, match="for this machine alone"):
        options.parse(["--demo", "--host", host])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.4.5"])
def test_it_is_for_this_machine(host: str) -> None:
    assert options.parse(["--demo", "--host", host]).demo


@pytest.mark.parametrize(
    "told", [{"HELIOGRAPH_URL": "https://photos.example.org"}, {"HELIOGRAPH_TRUSTED_PROXIES": "127.0.0.1"}]
)
def test_it_is_refused_behind_a_proxy(told: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="for this machine alone"):
        filling.knob(Options(demo=True), Data(tmp_path), {**HERE, **told})


def test_it_is_refused_beside_people_and_not_beside_its_own(tmp_path: Path) -> None:
    data = Data(tmp_path / "data")
    data.open()
    with pytest.raises(CannotStart, match="signed up"):
        filling.move_in(data, people=True)
    assert not data.demo
    filling.move_in(data, people=False)
    filling.move_in(data, people=True)
    data.succeeded()
    data.close()
    again = Data(tmp_path / "data")
    again.open()
    assert again.demo
    again.close()


def test_a_demo_that_moves_to_a_public_address_lets_nobody_look_around(tmp_path: Path) -> None:
    data = Data(tmp_path)
    assert filling.knob(Options(), data, HERE) == "no"
    data.open()
    data.becomes_demo()
    assert filling.knob(Options(), data, HERE) == "open"
    assert filling.knob(Options(host="0.0.0.0"), data, HERE) == "credits"
    assert filling.knob(Options(), data, {"HELIOGRAPH_URL": "https://photos.example.org"}) == "credits"
    data.close()


def test_a_deed_is_done_when_its_line_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "demo.done"
    ledger = Ledger(path)
    ledger.done("photo kingfisher", 7)
    with path.open("a") as file:
        file.write("photo dolphin 8")  # and then somebody pulled the plug
    ledger = Ledger(path)
    assert ledger.id("photo kingfisher") == 7
    assert "photo dolphin" not in ledger
    ledger.done("photo fig", 9)
    assert Ledger(path).id("photo fig") == 9


def test_without_a_terminal_progress_is_a_few_lines() -> None:
    out = io.StringIO()
    printer = Printer(out)
    for done in range(278):
        printer.bar("demo", done, 277, "photos")
    assert out.getvalue().count("\n") == 11
    assert "\r" not in out.getvalue()


def test_on_a_terminal_it_is_a_bar_below_the_lines(monkeypatch: Any) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    printer = Printer(out)
    printer.bar("demo", 10, 100, "photos")
    printer.ours("hello")
    printer.no_bar()
    lines = out.getvalue().split("\r\033[K")
    assert lines[1].endswith("photos")
    assert lines[2].startswith("       up | hello\n")
    assert lines[-1] == ""
