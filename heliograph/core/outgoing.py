"""Asking other hosts: the one way out over HTTP, and only to where the open internet is (SSRF).

Whoever lets people say an address (a webhook, another network) asks through here. A name is resolved once; if a single
one of its addresses is not public, nothing is asked; then exactly the checked address is connected to, so that a name
that answers differently a moment later gains nothing (DNS rebinding). TLS is verified for the name. Nothing of the
environment (proxies) is believed, nothing is unpacked, and time, head and body have an end.

Redirects are answers. Only who asks for it has them followed, GET alone, each checked like the first.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from heliograph.core import environment, metrics
from heliograph.core.errors import Invalid, Unavailable

MOST_HEAD = 32 * 1024  # bytes of the status line and the headers
_FRAMES = 64 * 1024  # bytes around a body that comes in chunks
_STANDARD = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}

#: What `is_global` of some Python version lets through, or what leads to an IPv4 address by a detour.
_NOT_PUBLIC = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
]  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")  # all that was given out; mapped addresses and NAT64 are outside


class NotPublic(Invalid):
    """That address cannot be used: it is not a public one."""


class NoAnswer(Unavailable):
    """The other side did not answer as it should."""


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are in small letters; of two of the same name the last one counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str


def ask(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    seconds: float = 10.0,
    most_bytes: int = 1024 * 1024,
    redirects: int = 0,
) -> Answer:
    """One request, one answer, whatever its status. Raises NotPublic (never worth a retry) and NoAnswer.

    `seconds` is for everything together. `redirects`: so many are followed, for GET, never from https to http; headers
    of the caller go to the first host only.
    """
    until = time.monotonic() + seconds
    given = dict(headers or {})
    while True:
        target = _target(url)
        answer = _asked(target, method, url, body, given, until, most_bytes)
        metrics.count("outgoing_total", outcome=f"{answer.status // 100}xx")
        if not (
            redirects and method == "GET" and answer.status in _REDIRECTS and "location" in answer.headers
        ):
            return answer
        redirects -= 1
        url = urljoin(url, answer.headers["location"])
        following = _target(url)
        if (target.scheme, following.scheme) == ("https", "http"):
            raise NotPublic(cause="from https to http")
        if (following.host, following.port) != (target.host, target.port):
            given = {}


def _target(url: str) -> _Target:
    """Where an address leads: http or https, a name, a port that is allowed, nobody's password."""
    if not url.isascii() or any(ord(char) <= 32 or ord(char) == 127 for char in url) or "\\" in url:
        raise NotPublic(cause="letters that no address has")
    try:
        parts = urlsplit(url)
        port = _STANDARD.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError as error:
        raise NotPublic(cause=error) from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or "%" in parts.netloc
    ):
        raise NotPublic(cause=f"scheme {parts.scheme!r}, or no plain host")
    if str(port) not in environment.get().outgoing_ports:
        raise NotPublic(cause=f"port {port}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(parts.scheme, parts.hostname, port, path)


def _addresses(target: _Target, until: float) -> list[str]:
    """The addresses of a name, all of them public, or NotPublic. In a thread: the resolver knows no time limit."""
    found: list[Any] = []

    def look() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))

    looking = threading.Thread(target=look, daemon=True, name="resolver")
    looking.start()
    looking.join(max(0.0, until - time.monotonic()))
    addresses = list(dict.fromkeys(str(it[4][0]) for it in found))
    if not addresses:
        raise NoAnswer(cause=f"{target.host} has no address")
    for address in addresses:
        if not is_public(address):
            raise NotPublic(cause=f"{target.host} is {address}")
    return addresses


def is_public(address: str) -> bool:
    """Whether an address is somewhere on the open internet, or in HELIOGRAPH_OUTGOING_ALLOW."""
    if "%" in address:
        return False
    ip = ip_address(address)
    if any(ip in ip_network(network, strict=False) for network in environment.get().outgoing_allow):
        return True
    return _is_public(ip)


@lru_cache(maxsize=1024)
def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and ip not in _PUBLIC_6:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


def _asked(
    target: _Target,
    method: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
    until: float,
    most_bytes: int,
) -> Answer:
    addresses = _addresses(target, until)
    named = {name: value for name, value in headers.items() if name.lower() not in _OURS}
    named |= {"Accept-Encoding": "identity", "Connection": "close"}
    try:
        with _connected(target, addresses, until) as bounded:
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.default_port = _STANDARD[target.scheme]
            connection.sock = cast(socket.socket, bounded)  # so it opens none of its own
            connection.request(method, target.path, body or None, {"User-Agent": "Heliograph", **named})
            response = connection.getresponse()
            bounded.left = most_bytes + _FRAMES
            answer = _whole(response, url, most_bytes)
        if time.monotonic() >= until:  # a body without a length ends when it is cut off
            raise TimeoutError
        return answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        metrics.count("outgoing_total", outcome="no answer")
        raise NoAnswer(cause=f"{target.host}: {error!r}") from error


def _whole(response: http.client.HTTPResponse, url: str, most_bytes: int) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    packed = headers.get("content-encoding", "identity").lower()
    if packed != "identity":  # nothing is ever unpacked: there is no bomb
        raise ValueError(f"packed by {packed[:20]}, though it was asked not to be")
    body = response.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise ValueError(f"more than {most_bytes} bytes")
    if response.length:
        raise ValueError("it ended early")
    return Answer(response.status, headers, body, url)


@contextmanager
def _connected(target: _Target, addresses: list[str], until: float) -> Iterator[_Bounded]:
    """A connection to one of exactly these addresses, encrypted where it should be, cut off when time is over."""
    sock = _first_that_answers(addresses[:4], target.port, until)
    line = sock.dup()
    # Whoever sends a byte now and then is never late for a single one: hence a clock for all of them.
    end = threading.Timer(max(0.0, until - time.monotonic()), _cut, (line,))
    end.daemon = True
    end.start()
    try:
        with sock, line:
            if target.scheme == "https":
                sock = _context().wrap_socket(sock, server_hostname=target.host)
            with sock:
                yield _Bounded(sock)
    finally:
        end.cancel()


def _first_that_answers(addresses: list[str], port: int, until: float) -> socket.socket:
    trouble: OSError = TimeoutError()
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        remaining = until - time.monotonic()
        if remaining <= 0:
            break
        try:
            sock = socket.create_connection((address, port), timeout=remaining / left)
            sock.settimeout(max(0.1, until - time.monotonic()))
            return sock
        except OSError as error:
            trouble = error
    raise trouble


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Bounded(io.RawIOBase):
    """What http.client wants of a socket, and so many bytes out of it as are `left`: of the head, then of the body."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.left = MOST_HEAD

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.left <= 0:
            raise ValueError("more than it may send")
        got = self._sock.recv_into(memoryview(buffer)[: self.left])
        self.left -= got
        return got
