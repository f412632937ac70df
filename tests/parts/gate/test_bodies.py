"""Bodies that come slowly, in part, or otherwise than was said: each sender hears how it ended, nobody else waits."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from heliograph.core import environment
from heliograph.flows import sign_in
from tests import corpus
from tests.harness.people import Somebody
from tests.oracle import album
from tests.parts.gate.wire import FORM, JSON, Answer, Site, Wire

BORDER = "heliograph-border"
FILES = f"Content-Type: multipart/form-data; boundary={BORDER}\r\n"
SIGN_IN = b"username=nobody&password=wrong+horse"


def multipart(photo: bytes) -> bytes:
    head = f'--{BORDER}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    return head.encode() + photo + f"\r\n--{BORDER}--\r\n".encode()


def code_of(answer: Answer) -> str:
    return str(json.loads(answer.body)["meta"]["error_code"])


@pytest.fixture
def bearer(alice: Somebody) -> str:
    return f"Authorization: Bearer {sign_in.issue_token(alice.id)}\r\n"


Sending = Callable[..., Wire]


@pytest.fixture
def send(site: Site) -> Iterator[Sending]:
    """`send(head, some of the body)`: on a connection of its own, which is closed after the test."""
    opened: list[Wire] = []

    def on_a_new_one(head: str, body: bytes = b"") -> Wire:
        opened.append(site.wire())
        return opened[-1].send(head, body)

    yield on_a_new_one
    for wire in opened:
        wire.close()


@pytest.mark.parametrize("key", [b"caf\xe9", "ключ".encode(), b"\xff\xfe"])
def test_a_key_that_is_no_ascii_is_refused_and_not_passed_over(
    site: Site, send: Sending, bearer: str, alice: Somebody, key: bytes
) -> None:
    path = f"/v1/media/{album.post(alice.id)}/comments"
    wire = send(
        f"POST {path} HTTP/1.1\r\n{bearer}{FORM}Content-Length: 8\r\nIdempotency-Key: sea\r\n", b"text=sea"
    )
    assert wire.answer().status == 200
    wire = site.wire()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}{FORM}Content-Length: 8\r\nIdempotency-Key: "
    wire.more(head.encode() + key + b"\r\n\r\ntext=sea")
    answer = wire.answer()
    wire.close()
    assert answer.status == 400
    assert len(json.loads(site.get(path, bearer).body)["data"]) == 1


def test_more_slow_senders_than_threads_hold_nobody_up(site: Site, send: Sending, bearer: str) -> None:
    wires = [
        send(f"POST {path} HTTP/1.1\r\n{FORM}Content-Length: 1000\r\n", b"a few")
        for path in ("/v1/media", "/sign-in", "/v1/sessions", "/post") * 10
    ]
    assert site.get("/v1/users/self/feed", bearer).status == 200
    assert site.get("/").status == 200
    assert site.post("/v1/sessions", SIGN_IN).status == 400
    endings = [wire.answer() for wire in wires]
    assert {ending.status for ending in endings} == {408}
    assert all(ending.ended for ending in endings)


def test_who_falls_silent_hears_it_in_the_words_of_the_door_they_knocked_at(send: Sending) -> None:
    api = send(f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: 100\r\n", b"user")
    page = send(f"POST /sign-in HTTP/1.1\r\nAccept-Language: ja\r\n{FORM}Content-Length: 100\r\n", b"user")
    script = send(f"POST /sign-in HTTP/1.1\r\n{JSON}{FORM}Content-Length: 100\r\n", b"user")
    photo = send(f"POST /v1/uploads HTTP/1.1\r\n{FILES}Content-Length: 100000\r\n", b"--")
    assert code_of(api.answer()) == "too_slow"
    assert "送信が届くまでに時間がかかりすぎました" in page.answer().body
    assert json.loads(script.answer().body)["error"].startswith("What you sent took too long")
    assert "The upload took too long" in photo.answer().body


def test_who_sends_a_little_now_and_then_is_ended_all_the_same(send: Sending) -> None:
    wire = send(f"POST /v1/uploads HTTP/1.1\r\n{FILES}Content-Length: 100000\r\n")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(wire.answer)
        while not answer.done():
            try:
                wire.more(b"x")
            except OSError:
                break
            time.sleep(0.2)
        assert (answer.result().status, answer.result().ended) == (408, True)


@pytest.mark.parametrize("path", ["/v1/sessions", "/sign-in", "/v1/uploads", "/post/uploads"])
def test_a_body_that_ends_early_is_never_taken_for_a_whole_one(send: Sending, path: str) -> None:
    for how in ("Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"):
        body = b"username=a" if "Length" in how else b"64\r\nusername=a"
        wire = send(f"POST {path} HTTP/1.1\r\n{JSON}{FORM}{how}", body).hang_up()
        answer = wire.answer()
        assert answer.status == 400
        assert "part of what you sent" in answer.body or "before the whole photo" in answer.body


def test_chunks_without_an_end_are_a_body_in_part(send: Sending) -> None:
    wire = send(
        f"POST /v1/sessions HTTP/1.1\r\n{FORM}Transfer-Encoding: chunked\r\n", b"4\r\nuser\r\nzz\r\nx"
    )
    answer = wire.answer()
    assert (answer.status, code_of(answer), answer.ended) == (400, "interrupted", True)


def test_what_comes_after_the_said_length_is_no_part_of_the_body(send: Sending) -> None:
    wire = send(
        f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: {len(SIGN_IN)}\r\n",
        SIGN_IN + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    first = http.client.HTTPResponse(wire._socket)
    first.begin()
    assert code_of(Answer(first.status, {}, first.read().decode())) == "bad_credentials"


def test_two_lengths_or_a_strange_encoding_are_no_request(send: Sending) -> None:
    for headers in (
        "Content-Length: 5\r\nContent-Length: 3\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 3\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5x\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ):
        answer = send(f"POST /v1/sessions HTTP/1.1\r\n{FORM}{headers}", b"abcde").answer()
        assert (answer.status, answer.ended) == (400, True), headers
        assert answer.body == "", (
            "by Granian, before the door: no sentence of ours (docs/howto/use-the-api.md)"
        )


@pytest.mark.parametrize("said", ["a*=utf-9''b", "a*=idna''%ff", "a*=undefined''x"])
def test_a_content_type_that_nobody_can_read_is_no_crash(site: Site, said: str) -> None:
    header = f"Content-Type: application/x-www-form-urlencoded; {said}\r\nConnection: close\r\n"
    assert site.ask(f"GET /livez HTTP/1.1\r\n{header}").status == 200
    assert site.ask(f"GET /nothing HTTP/1.1\r\n{header}").status == 404
    answer = site.ask(f"POST /v1/sessions HTTP/1.1\r\n{header}Content-Length: {len(SIGN_IN)}\r\n", SIGN_IN)
    assert code_of(answer) == "bad_credentials"


def test_an_address_of_the_api_with_a_line_break_is_told_in_its_own_words(site: Site) -> None:
    answer = site.ask("GET /v1/nothing%0a HTTP/1.1\r\nConnection: close\r\n")
    assert (answer.status, json.loads(answer.body)["meta"]["code"]) == (404, 404)


def test_a_length_that_no_disk_could_hold_is_told_like_any_that_is_too_large(site: Site) -> None:
    answer = site.ask(f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: {2**63 - 1}\r\n", b"abcde")
    assert (answer.status, code_of(answer)) == (413, "body_too_large")


def test_a_length_beside_chunks_says_nothing_and_the_connection_ends(send: Sending) -> None:
    head = f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    chunks = f"{len(SIGN_IN):x}\r\n".encode() + SIGN_IN + b"\r\n0\r\n\r\n"
    answer = send(head, chunks + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").answer()
    assert (code_of(answer), answer.ended) == ("bad_credentials", True)


def test_chunks_are_as_good_as_a_length(site: Site, bearer: str) -> None:
    head = f"POST /v1/uploads HTTP/1.1\r\n{bearer}{FILES}Transfer-Encoding: chunked\r\nConnection: close\r\n"
    body = multipart(corpus.jpeg())
    pieces = [body[at : at + 3000] for at in range(0, len(body), 3000)]
    chunks = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"
    answer = site.ask(head, chunks)
    assert answer.status == 200
    assert json.loads(answer.body)["data"]["upload_id"]


def test_who_asks_first_is_told_to_go_on(send: Sending) -> None:
    head = f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: {len(SIGN_IN)}\r\nExpect: 100-continue\r\n"
    wire = send(head)
    assert wire._socket.recv(100).startswith(b"HTTP/1.1 100 ")
    assert code_of(wire.more(SIGN_IN).answer()) == "bad_credentials"


def test_who_asks_first_need_not_send_what_is_too_much(send: Sending) -> None:
    head = f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: 2000000\r\nExpect: 100-continue\r\n"
    answer = send(head).answer()
    assert (answer.status, code_of(answer)) == (413, "body_too_large")


def test_too_much_is_refused_while_it_is_sent_and_the_sender_hears_it(site: Site, bearer: str) -> None:
    form = b"x" * 3_000_000
    answer = site.post("/sign-in", form)
    assert answer.status == 413
    assert "A form here cannot be this large" in answer.body
    photo = b"x" * (environment.get().upload_max_bytes + 1024 * 1024 + 1)
    answer = site.post("/v1/uploads", photo, bearer + FILES)
    assert (answer.status, code_of(answer)) == (413, "too_large")


def test_a_photo_is_taken_only_where_photos_are(site: Site, bearer: str) -> None:
    photo = multipart(b"\xff\xd8" + b"x" * 2_000_000)
    answer = site.post("/v1/media/1/comments", photo, bearer + FILES)
    assert (answer.status, code_of(answer)) == (413, "body_too_large")
    assert code_of(site.post("/v1/uploads", photo, bearer + FILES)) in (
        "damaged",
        "unsupported_type",
        "unprocessable",
    )


def test_two_hundred_uploads_at_once_all_get_a_clear_end(site: Site, bearer: str) -> None:
    body = multipart(corpus.jpeg())
    with ThreadPoolExecutor(200) as pool:
        sent = [pool.submit(site.post, "/v1/uploads", body, bearer + FILES) for _ in range(200)]
        feeds = [site.get("/v1/users/self/feed", bearer).status for _ in range(5)]
        answers = [each.result() for each in sent]
    assert feeds == [200] * 5
    assert {answer.status for answer in answers} == {200, 503} or {answer.status for answer in answers} == {
        200
    }
    # How many are taken in is a question of the machine: one after the other, with a pause, and nobody waits for ever.
    assert all(answer.headers["retry-after"] for answer in answers if answer.status == 503)
    taken = [json.loads(answer.body)["data"]["upload_id"] for answer in answers if answer.status == 200]
    assert len(set(taken)) == len(taken) > 0


def test_nothing_is_left_of_what_did_not_arrive(send: Sending, bearer: str) -> None:
    before = set(environment.get().incoming.iterdir())
    wire = send(f"POST /v1/uploads HTTP/1.1\r\n{bearer}{FILES}Content-Length: 900000\r\n", b"x" * 500_000)
    assert wire.hang_up().answer().status == 400
    assert set(environment.get().incoming.iterdir()) == before
