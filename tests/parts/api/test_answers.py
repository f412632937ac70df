"""What every answer has: the envelope, its headers, compression where it helps."""

from __future__ import annotations

import gzip

import pytest

from heliograph.api import answers
from tests.parts.api.fake import ask


def test_success_is_an_integer() -> None:
    assert ask("GET", "/media/12").body == {"meta": {"code": 200}, "data": {"id": "12"}}
    assert ask("POST", "/sessions?username=erin", token=None).status == 200


def test_a_long_answer_is_compressed_for_those_who_can_read_it() -> None:
    answer = ask("GET", "/long", token=None, HTTP_ACCEPT_ENCODING="br, gzip;q=0.5")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert len(answer.raw) < 200 < len(gzip.decompress(answer.raw))


@pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"])
def test_others_get_it_as_it_is(accepts: str) -> None:
    answer = ask("GET", "/long", token=None, HTTP_ACCEPT_ENCODING=accepts)
    assert "Content-Encoding" not in answer.headers


def test_a_short_answer_is_never_compressed() -> None:
    assert "Content-Encoding" not in ask("GET", "/media/12", HTTP_ACCEPT_ENCODING="gzip").headers


def test_nobody_keeps_an_answer() -> None:
    assert ask("GET", "/media/12").headers["Cache-Control"] == "no-store"


def test_the_limit_of_compression_is_a_kilobyte() -> None:
    assert answers.GZIP_FROM == 1024
