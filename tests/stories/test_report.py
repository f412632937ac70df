"""Reporting a photo, a comment or somebody: who may, what is kept, and how the operator reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from heliograph.accounts import reports
from heliograph.accounts.models import Report
from heliograph.core import environment
from heliograph.core.errors import Limited
from heliograph.flows import comment, delete_photo, report
from heliograph.ops.commands.reports import command
from heliograph.sharding.ids import short_code
from heliograph.web import report_views
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of, text_of

RunJobs = Callable[..., Any]


def test_somebody_reports_a_photo_and_is_thanked(alice: Somebody, bob: Somebody) -> None:
    photo = album.post(alice.id, caption="Buy my pills")
    place = f"/p/{short_code(photo)}/report"
    browser = browser_of(bob)
    assert f'href="{place}"' in browser.get(f"/p/{short_code(photo)}").content.decode()
    assert "Report this photo" in text_of(browser.get(place))
    sent = browser.post(place, {"reason": "spam", "words": " Every day \r\n again "})
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{place}?thanks=1")
    thanks = text_of(browser.get(sent.headers["Location"]))
    assert "Thank you" in thanks
    assert "alice is not told" in thanks
    [row] = Report.objects.all()
    assert (row.reporter_id, row.kind, row.thing_id, row.owner_id) == (bob.id, "photo", photo, alice.id)
    assert (row.reason, row.words, row.seen) == ("spam", "Every day \n again", "Buy my pills")


def test_a_comment_and_a_person_are_reported(alice: Somebody, bob: Somebody, run_jobs: RunJobs) -> None:
    photo = album.post(alice.id)
    said = comment.add(bob.id, photo, "something mean")
    run_jobs()
    browser = browser_of(alice)
    place = f"/p/{short_code(photo)}/comments/{said}/report"
    assert place in browser.get(f"/p/{short_code(photo)}").content.decode()
    assert browser.post(place, {"reason": "harassment"}).status_code == 303
    assert "/@bob/report" in browser.get("/@bob").content.decode()
    assert browser.post("/@bob/report", {"reason": "other"}).status_code == 303
    kept = {(row.kind, row.thing_id, row.owner_id, row.seen) for row in Report.objects.all()}
    assert kept == {("comment", said, bob.id, "something mean"), ("person", bob.id, bob.id, "Bob")}


def test_each_person_has_one_report_of_each_thing_and_the_last_words_count(
    alice: Somebody, bob: Somebody, carol: Somebody
) -> None:
    photo = album.post(alice.id)
    for person in (bob, carol):
        report.send(person.id, report.photo(person.id, photo), reason="spam", words="first")
    reports.close(Report.objects.get(reporter=bob.id).pk)
    report.send(bob.id, report.photo(bob.id, photo), reason="hate", words="worse")
    assert [(row.reporter_id, row.words) for row in reports.unread(10)] == [
        (carol.id, "first"),
        (bob.id, "worse"),
    ]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "choose one of the reasons"),
        ({"reason": "because"}, "choose one of the reasons"),
        ({"reason": "spam", "words": "x" * 501}, "at most 500 characters"),
        ({"reason": "spam", "words": "a\0b"}, "cannot be shown"),
    ],
)
def test_a_form_that_does_not_fit_keeps_what_was_written(
    fields: dict[str, str], says: str, alice: Somebody, bob: Somebody
) -> None:
    place = f"/p/{short_code(album.post(alice.id))}/report"
    answer = browser_of(bob).post(place, fields)
    assert answer.status_code == 400
    assert says in text_of(answer)
    assert fields.get("words", "")[:100].replace("\0", "") in answer.content.decode().replace("\0", "")
    assert not Report.objects.exists()


def test_what_one_does_not_see_or_owns_cannot_be_reported(
    alice: Somebody, bob: Somebody, carol: Somebody, dave: Somebody
) -> None:
    hers, private, gone = album.post(alice.id), album.post(carol.id), album.post(alice.id)
    delete_photo.delete(alice.id, gone)

    def sent(who: Somebody | None, place: str) -> int:
        answer = browser_of(who).post(f"{place}/report", {"reason": "spam"}, HTTP_ACCEPT="application/json")
        return int(answer.status_code)

    assert sent(dave, f"/p/{short_code(hers)}") == 404
    assert sent(dave, "/@alice") == 404
    assert sent(bob, f"/p/{short_code(private)}") == 404
    assert sent(bob, f"/p/{short_code(gone)}") == 404
    assert sent(bob, f"/p/{short_code(hers)}/comments/{hers}") == 404
    assert sent(None, f"/p/{short_code(hers)}") == 401
    own = browser_of(alice).post(f"/p/{short_code(hers)}/report", {"reason": "spam"})
    assert (own.status_code, "This is yours" in text_of(own)) == (400, True)
    assert not Report.objects.exists()
    # A private person has a name and a face for everybody.
    assert browser_of(bob).post("/@carol/report", {"reason": "spam"}).status_code == 303


def test_every_reason_has_words() -> None:
    assert tuple(report_views._REASONS) == reports.REASONS


def test_nobody_reports_without_end(alice: Somebody, bob: Somebody) -> None:
    thing = report.photo(bob.id, album.post(alice.id))
    for _ in range(environment.get().reports_per_hour):
        report.send(bob.id, thing, reason="spam")
    with pytest.raises(Limited):
        report.send(bob.id, thing, reason="spam")


def test_the_operator_reads_and_closes_them(alice: Somebody, bob: Somebody) -> None:
    run = CliRunner().invoke
    assert "Nobody has reported anything." in run(command, []).output
    photo = album.post(alice.id, caption="\N{LEFT-TO-RIGHT MARK}odd")
    report.send(bob.id, report.photo(bob.id, photo), reason="stolen", words="It is\nmine")
    told = run(command, []).output
    number = told.split()[0]
    for words in ("photo of @alice: stolen", f"http://testserver/p/{short_code(photo)}", "@bob: It is mine"):
        assert words in told
    assert "there stood:  odd" in told
    assert run(command, ["close", number]).output == f"Report {number} is closed.\n"
    assert "Nobody has reported anything." in run(command, []).output
    assert isinstance(run(command, ["close", number]).exception, reports.NoReport)
