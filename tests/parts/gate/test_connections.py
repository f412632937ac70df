"""Connections that stay half open, readers that do not read, and the end of a web process."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.servers import Network
from tests.parts.gate.conftest import KNOBS
from tests.parts.gate.wire import FORM, Site


@pytest.fixture
def sockets(site: Site) -> Iterator[list[socket.socket]]:
    opened = [socket.create_connection(("127.0.0.1", site.port), timeout=20) for _ in range(40)]
    yield opened
    for each in opened:
        each.close()


def test_half_a_header_holds_nobody_up_and_is_hung_up_on(site: Site, sockets: list[socket.socket]) -> None:
    for each in sockets[:20]:
        each.sendall(b"POST /sign-in HTTP/1.1\r\nHost: loc")
    assert site.get("/").status == 200
    assert [each.recv(1) for each in sockets] == [b""] * 40


def test_readers_that_do_not_read_hold_nobody_up(site: Site, sockets: list[socket.socket]) -> None:
    question = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for each in sockets:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.setblocking(False)
        each.send(question * 100)
    assert site.get("/").status == 200
    assert site.post("/v1/sessions", b"username=nobody&password=wrong+horse").status == 400
    assert site.get("/livez").status == 200


def test_a_connection_serves_one_request_after_the_other(site: Site) -> None:
    wire = site.wire()
    for _ in range(3):
        answer = wire.send("GET /livez HTTP/1.1\r\n").answer()
        assert answer.status == 200
        answer = wire.send(f"POST /v1/sessions HTTP/1.1\r\n{FORM}Content-Length: 3\r\n", b"a=b").answer()
        assert answer.status == 400
    head = wire.send("HEAD / HTTP/1.1\r\n")
    reply = head.raw(5000)
    assert reply.startswith(b"HTTP/1.1 200 OK")
    assert reply.endswith(b"\r\n\r\n"), "no body"
    wire.close()


def test_it_ends_when_all_that_it_works_on_is_done(network: Network) -> None:
    site = Site({**os.environ, **network.variables(), **KNOBS}, "tests.parts.gate.sleepy:application")
    site.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            worked_on = pool.submit(site.get, "/sleep")
            arriving = site.wire().send(f"POST /sign-in HTTP/1.1\r\n{FORM}Content-Length: 99\r\n", b"a=")
            time.sleep(0.5)
            ending = pool.submit(site.stop)
            told = arriving.answer()
            arriving.close()
            assert (told.status, told.headers["retry-after"]) == (503, "2")
            assert (worked_on.result().status, worked_on.result().body) == (200, "awake")
            assert ending.result() == 0
    finally:
        if site.process is not None and site.process.poll() is None:
            site.stop()
    with pytest.raises(ConnectionRefusedError):
        site.wire()
