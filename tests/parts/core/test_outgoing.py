"""The one way out over HTTP, on real sockets: where it does not go, and what it does not wait for."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heliograph.core import environment, outgoing
from heliograph.core.outgoing import NoAnswer, NotPublic

Serve = Callable[..., str]


class Server:
    """Answers every connection with the same bytes; keeps what it was asked."""

    def __init__(self, *answers: bytes, pause: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self.sent = 0  # pieces
        self._answers, self._pause, self._tls = answers, pause, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with sock:
                try:
                    self._answer(self._tls.wrap_socket(sock, server_side=True) if self._tls else sock)
                except OSError:
                    pass

    def _answer(self, sock: socket.socket) -> None:
        with sock:
            sock.settimeout(10)
            said = b""
            while b"\r\n\r\n" not in said:
                said += sock.recv(65536) or b"\r\n\r\n"
            self.asked.append(said)
            for piece in self._answers:
                sock.sendall(piece)
                self.sent += 1
                time.sleep(self._pause)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Servers on loopback, which is allowed here, and their ports."""
    servers: list[Server] = []

    def make(*answers: bytes, pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(*answers, pause=pause, tls=tls))
        allow("127.0.0.0/8", *(it.port for it in servers))
        return servers[-1]

    yield make
    for server in servers:
        server.close()
    environment.use(None)


def allow(networks: str, *ports: int) -> None:
    variables = {name: value for name, value in os.environ.items() if name.startswith("HELIOGRAPH_")}
    ports_too = ",".join(map(str, (80, 443, *ports)))
    more = {"HELIOGRAPH_OUTGOING_ALLOW": networks, "HELIOGRAPH_OUTGOING_PORTS": ports_too}
    environment.use(environment.load(variables | more))


def plain(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def test_an_answer_comes_back_whole(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"hello", "X-Kind: greeting"))
    url = f"http://127.0.0.1:{server.port}/a?b=c"
    answer = outgoing.ask("POST", url, body=b"{}", headers={"X-Own": "1", "Host": "elsewhere"})
    assert (answer.status, answer.body, answer.headers["x-kind"], answer.url) == (
        200,
        b"hello",
        "greeting",
        url,
    )
    asked = server.asked[0]
    assert asked.startswith(b"POST /a?b=c HTTP/1.1\r\n") and b"X-Own: 1\r\n" in asked
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in asked and b"elsewhere" not in asked


def test_chunks_are_put_together(serve: Callable[..., Server]) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert outgoing.ask("GET", f"http://127.0.0.1:{server.port}/").body == b"abcde"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
        "2002:7f00:1::1", "2001:0:7f00:1::1", "100::1", "3fff::1", "5f00::1",
    ],
)  # fmt: skip
def test_what_is_not_the_open_internet(address: str) -> None:
    assert not outgoing.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1"])
def test_what_is(address: str) -> None:
    assert outgoing.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/", "example.org", "",
        "http://", "http:///x", "http://user@example.org/", "http://user:password@example.org/",
        "http://example.org:22/", "http://example.org:0/", "http://example.org:99999/", "http://example.org:x/",
        "http://example.org\\@127.0.0.1/", "http://example.org/a b", "http://example.org/\r\nX: y",
        "http://exämple.org/", "http://[fe80::1%25eth0]/", "http://[::1", "http://%31%32%37.0.0.1/",
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://017700000001/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://localhost/", "http://0/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises(NotPublic):
        outgoing.ask("GET", url)


def _resolves_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The resolver says these in turn; the names that it was asked."""
    asked: list[str] = []
    real, coming = socket.getaddrinfo, iter(answers)

    def resolver(host: str, port: int, *more: object, **named: object) -> object:
        if not host.endswith(".example"):
            return real(host, port, *more, **named)  # type: ignore[arg-type]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (it, port)) for it in next(coming)]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return asked


def test_one_private_address_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolves_to(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(NotPublic):
        outgoing.ask("GET", "http://two.example/")


def test_the_name_is_asked_once_and_the_checked_address_is_used(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is checked, and somebody's router a moment later."""
    server = serve(plain(b"here"))
    asked = _resolves_to(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    assert outgoing.ask("GET", f"http://turning.example:{server.port}/").body == b"here"
    assert asked == ["turning.example"]
    assert f"Host: turning.example:{server.port}".encode() in server.asked[0]


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolves_to(monkeypatch, [])
    with pytest.raises(NoAnswer):
        outgoing.ask("GET", "http://nobody.example/")


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = threading.Event(), threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        done.wait(30)
        told.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with pytest.raises(NoAnswer):
        outgoing.ask("GET", "http://slow.example/", seconds=0.2)
    assert not told.is_set()
    done.set()


def test_a_redirect_is_an_answer(serve: Callable[..., Server]) -> None:
    server = serve(plain(b"", "Location: http://10.0.0.1/", status="302 Found"))
    answer = outgoing.ask("GET", f"http://127.0.0.1:{server.port}/")
    assert (answer.status, answer.headers["location"]) == (302, "http://10.0.0.1/")


def test_each_step_of_a_redirect_is_checked(serve: Callable[..., Server]) -> None:
    inside = serve(plain(b"", "Location: http://10.0.0.1/latest/meta-data", status="302 Found"))
    with pytest.raises(NotPublic):
        outgoing.ask("GET", f"http://127.0.0.1:{inside.port}/", redirects=3)


def test_redirects_are_followed_so_far_and_secrets_stay_with_the_first(serve: Callable[..., Server]) -> None:
    last = serve(plain(b"there"))
    first = serve(plain(b"", f"Location: http://127.0.0.1:{last.port}/x", status="301 Moved"))
    url = f"http://127.0.0.1:{first.port}/"
    given = {"Authorization": "Bearer secret"}
    assert outgoing.ask("GET", url, redirects=1, headers=given).body == b"there"
    assert b"secret" in first.asked[0] and b"secret" not in last.asked[0]
    assert outgoing.ask("GET", url, headers=given).status == 301
    assert outgoing.ask("POST", url, redirects=1).status == 301
    around = serve(plain(b"", "Location: /", status="302 Found"))
    assert outgoing.ask("GET", f"http://127.0.0.1:{around.port}/", redirects=2).status == 302
    assert len(around.asked) == 3


OK = b"HTTP/1.1 200 OK\r\n"
BAD = {
    "too long a body": plain(b"x" * 2000),
    "too long a body without a length": OK + b"\r\n" + b"x" * 2000,
    "too long a body in chunks": OK
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"1\r\nx\r\n" * 2000
    + b"0\r\n\r\n",
    "endless headers": OK + b"X: y\r\n" * 10_000 + b"\r\n",
    "a long header": OK + b"X: " + b"y" * 60_000 + b"\r\n\r\n",
    "endless interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
    "a bomb": plain(gzip.compress(bytes(900_000)), "Content-Encoding: gzip"),
    "packed twice": plain(b"x", "Content-Encoding: gzip, gzip"),
    "less than it said": OK + b"Content-Length: 500\r\n\r\nshort",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
    "a chunk that lies": OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nx",
}


@pytest.mark.parametrize("what", BAD)
def test_answers_that_are_none(what: str, serve: Callable[..., Server]) -> None:
    server = serve(BAD[what])
    with pytest.raises(NoAnswer):
        outgoing.ask("GET", f"http://127.0.0.1:{server.port}/", most_bytes=1000)


def test_whoever_sends_a_byte_now_and_then_is_cut_off(serve: Callable[..., Server]) -> None:
    for head in (b"HTTP/1.1 200 OK\r\nX-Slow: ", plain(b"")[:0] + b"HTTP/1.1 200 OK\r\n\r\n"):
        server = serve(head, *[b"x"] * 40, pause=0.1)
        with pytest.raises(NoAnswer):
            outgoing.ask("GET", f"http://127.0.0.1:{server.port}/", seconds=0.6)
        assert server.sent < 41, "it was still at it"


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    allow("127.0.0.1/32", port)
    try:
        with pytest.raises(NoAnswer):
            outgoing.ask("GET", f"http://127.0.0.1:{port}/")
    finally:
        environment.use(None)


def test_proxies_of_the_environment_are_not_asked(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(plain(b"proxy")), serve(plain(b"direct"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert outgoing.ask("GET", f"http://127.0.0.1:{server.port}/").body == b"direct"
    assert proxy.asked == []


def test_headers_cannot_be_split(serve: Callable[..., Server]) -> None:
    server = serve(plain(b""))
    with pytest.raises(NoAnswer):
        outgoing.ask("GET", f"http://127.0.0.1:{server.port}/", headers={"X": "a\r\nY: b"})
    with pytest.raises(NoAnswer):
        outgoing.ask("GET / HTTP/1.1\r\nX: y\r\n", f"http://127.0.0.1:{server.port}/")
    assert {it.strip() for it in server.asked} <= {b""}


def test_tls_is_verified_for_the_name(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=right.example", "-addext", "subjectAltName=DNS:right.example",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = serve(plain(b"safe"), tls=tls)
    _resolves_to(monkeypatch, *[["127.0.0.1"]] * 3)
    with pytest.raises(NoAnswer, match="certificate"):
        outgoing.ask("GET", f"https://right.example:{server.port}/")
    ours = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(outgoing, "_context", lambda: ours)
    assert outgoing.ask("GET", f"https://right.example:{server.port}/").body == b"safe"
    with pytest.raises(NoAnswer, match="certificate"):
        outgoing.ask("GET", f"https://wrong.example:{server.port}/")
