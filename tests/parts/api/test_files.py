"""Files come in multipart forms, on disk, up to their limit."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from heliograph.api import body
from heliograph.core import environment
from tests.parts.api.fake import ask


def post(data: bytes, **extra: Any) -> Any:
    return ask(
        "POST", "/uploads", data=data, content_type=MULTIPART_CONTENT, CONTENT_TYPE=MULTIPART_CONTENT, **extra
    )


def part(name: str, content: bytes, filename: str | None = "a.jpg") -> bytes:
    shown = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def test_a_file_arrives_with_its_fields_in_any_order() -> None:
    expected = {"length": 200_000, "first": "ffd8ffe0", "note": "sea"}
    photo, note = part("photo", b"\xff\xd8\xff\xe0" + b"x" * 199_996), part("note", b"sea", None)
    assert post(photo + note + END).data == expected
    assert post(note + photo + END).data == expected


def test_no_file_is_named() -> None:
    assert post(part("note", b"sea", None) + END).meta["fields"] == {"photo": "photo is missing."}


def test_a_text_is_no_file() -> None:
    assert post(part("photo", b"sea", None) + END).status == 400
    answer = ask("POST", "/uploads", data=b'{"photo": "x"}', content_type="application/json")
    assert answer.meta["fields"] == {"photo": "photo must be a file in a multipart form."}


def test_other_files_are_not_kept() -> None:
    data = part("other", b"x" * 1000) + part("photo", b"sea!") + END
    assert post(data).data["length"] == 4
    assert ask("POST", "/media/12", data=data, content_type=MULTIPART_CONTENT).status == 200


def test_a_file_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    env = replace(environment.get(), upload_max_bytes=5000)
    monkeypatch.setattr(environment, "get", lambda: env)
    assert post(part("photo", b"x" * 5000) + END).status == 200
    answer = post(part("photo", b"x" * 5001) + END)
    assert (answer.status, answer.meta["error_code"]) == (413, "too_large")
    # What is said to be far too large is not even read.
    answer = post(b"", CONTENT_LENGTH=str(100 * 1024 * 1024))
    assert (answer.status, answer.meta["error_code"]) == (413, "too_large")


def test_a_file_that_ends_early_is_refused() -> None:
    whole = part("photo", b"x" * 100_000) + END
    answer = post(b"", CONTENT_LENGTH=str(len(whole)), **{"wsgi.input": BytesIO(whole[:50_000])})
    assert (answer.status, answer.meta["error_code"]) == (400, "interrupted")


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 300],
)
def test_a_form_without_a_boundary_is_refused(content_type: str) -> None:
    assert ask("POST", "/uploads", data=b"x" * 100, content_type=content_type).status == 400


def test_a_slow_upload_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    env = replace(environment.get(), upload_deadline_seconds=-1)
    monkeypatch.setattr(environment, "get", lambda: env)
    answer = post(part("photo", b"x" * 100) + END)
    assert (answer.status, answer.meta["error_code"]) == (408, "too_slow")


def test_a_trickle_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "_GRACE_SECONDS", -1)
    env = replace(environment.get(), upload_minimum_rate=10**12)
    monkeypatch.setattr(environment, "get", lambda: env)
    assert post(part("photo", b"x" * 100) + END).status == 408


def test_the_files_of_a_call_are_closed_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = body.tempfile.TemporaryFile
    monkeypatch.setattr(body.tempfile, "TemporaryFile", lambda dir: opened.append(real()) or opened[-1])
    twice = part("photo", b"a") + part("photo", b"bc")
    assert post(twice + END).data["length"] == 2
    assert post(twice).data["length"] == 1  # the last part has no end
    assert post(twice + part("note", b"\0", None) + END).status == 400
    assert len(opened) == 6
    assert all(file.closed for file in opened)


def test_bad_connections_cannot_take_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    env = replace(environment.get(), uploads_at_once=1)
    monkeypatch.setattr(environment, "get", lambda: env)
    with body._slot():
        answer = post(part("photo", b"x") + END)
    assert (answer.status, answer.meta["error_code"]) == (503, "busy")
    assert post(part("photo", b"x") + END).status == 200


def test_a_file_for_which_the_disk_has_no_room_may_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body.tempfile, "TemporaryFile", lambda dir: open("/dev/full", "w+b"))  # noqa: SIM115
    for size in (10, 500_000):
        answer = post(part("photo", b"x" * size) + END)
        assert (answer.status, answer.meta["error_code"]) == (507, "no_room")
