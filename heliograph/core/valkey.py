"""A small client of Valkey (or Redis >= 7): hiredis for the bytes, one connection a thread.

Why our own: a general client spends 35-50 microseconds of CPU on a call, this one 9 (docs/benchmarks.md),
and a home feed is two calls. It knows no cluster, no pub/sub, no reply objects: bytes in, bytes out.

A command is a tuple of str, bytes, int or float. A reply is bytes, int, None, a list of these, or a
ValkeyError. Anything wrong with the connection is Unavailable after one try on a fresh connection
when nothing can have reached the server yet; so is a server whose memory or disk is full.

A server that let one call wait for all of `valkey_timeout_ms` is left alone for as long again by the whole process:
calls fail at once, and then one of them knocks. A request makes half a dozen calls; each would wait by itself.

Source: "What Powers Instagram", 2011: Redis for feeds, sessions and the main queues.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import hiredis

from heliograph.core import environment, metrics, trips
from heliograph.core.errors import Unavailable

Value: TypeAlias = "str | bytes | int | float"
Command: TypeAlias = "tuple[Value, ...]"
Reply: TypeAlias = Any


# hiredis types its argument as a tuple of one.
_pack: Callable[[Any], bytes] = hiredis.pack_command


class ValkeyAway(Unavailable):
    """The memory of feeds does not answer right now. Nothing was lost; try again in a moment."""

    code = "valkey_unavailable"


class ValkeyError(Exception):
    """What Valkey said was wrong with a command."""


#: A server that is there and does not do its work: its disk or its memory is full, it still reads its files, it is a
#: replica. Taken for a wrong command, it would be passed over, and old copies would stay.
_AWAY = ("MISCONF", "OOM", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "BUSY ")


class Patience:
    """Whether it is worth asking, as far as this process knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0  # time.monotonic(); 0: it answers

    def ask(self) -> None:
        """Before each use. ValkeyAway while it is left alone; after that one caller is let through at a time."""
        if not self._until:
            return
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                metrics.count("valkey_refused_total")
                raise ValkeyAway(cause="it let somebody wait a moment ago")
            if self._until:
                self._until = now + 2 * _timeout_seconds()  # for this caller to come back

    def answered(self) -> None:
        if self._until:
            self._until = 0.0

    def silent(self) -> None:
        self._until = time.monotonic() + _timeout_seconds()


patience = Patience()


def _timeout_seconds() -> float:
    return environment.get().valkey_timeout_ms / 1000


class Connection:
    """One socket. Not for two threads at once."""

    def __init__(self, *, timeout_seconds: float | None = None) -> None:
        env = environment.get()
        self.pid = os.getpid()
        self.life = ""  # the server's run_id, once somebody asked
        self._timeout = _timeout_seconds() if timeout_seconds is None else timeout_seconds
        self._socket = _connect(env.valkey, self._timeout)
        self._reader = hiredis.Reader(replyError=ValkeyError)
        try:
            self._sign_in(env.valkey_password)
        except BaseException:
            self.close()
            raise

    def _sign_in(self, password: str) -> None:
        if password:
            reply = self.ask([("AUTH", password)])[0]
            if isinstance(reply, ValkeyError):
                raise ValkeyAway(cause=reply)

    def ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Send commands in one write and read their replies; OSError when the connection is gone."""
        self.send(commands)
        return [self.receive() for _ in commands]

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands in one write; their replies are for `receive`."""
        self._socket.sendall(b"".join([_pack(command) for command in commands]))

    def receive(self) -> Reply:
        """The next reply; waits at most the time limit."""
        reply = self._reader.gets()
        while reply is False:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("Valkey closed the connection")
            self._reader.feed(data)
            reply = self._reader.gets()
        return reply

    def close(self) -> None:
        self._socket.close()


def _connect(address: str, timeout: float) -> socket.socket:
    parts = urlsplit(address)
    try:
        if parts.scheme == "unix":
            connected = socket.socket(socket.AF_UNIX)
            connected.settimeout(timeout)
            try:
                connected.connect(parts.path)
            except OSError:
                connected.close()
                raise
        else:
            connected = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise ValkeyAway(cause=error) from error
    connected.settimeout(timeout)
    return connected


_local = threading.local()


def _mine() -> Connection:
    connection: Connection | None = getattr(_local, "connection", None)
    if connection is None or connection.pid != os.getpid():
        connection = _local.connection = Connection()
    return connection


def forget() -> None:
    """Close this thread's connection; the next call opens another."""
    connection: Connection | None = getattr(_local, "connection", None)
    _local.connection = None
    if connection is not None:
        connection.close()


def pipeline(commands: Sequence[Command]) -> list[Reply]:
    """Many commands in one round trip. A reply may be a ValkeyError; the others still count. ValkeyAway, whatever the
    others say, when one says that Valkey keeps nothing now."""
    trips.add("valkey")
    patience.ask()
    try:
        replies = _asked(commands)
    except ValkeyAway as away:  # nobody to connect to
        _look_for_silence(away.__cause__)
        raise
    except OSError as error:
        forget()
        _look_for_silence(error)
        metrics.count("valkey_unavailable_total")
        raise ValkeyAway(cause=error) from error
    patience.answered()
    for reply in replies:
        if isinstance(reply, ValkeyError) and str(reply).startswith(_AWAY):
            metrics.count("valkey_unavailable_total")
            raise ValkeyAway(cause=reply)
    return replies


def _look_for_silence(error: BaseException | None) -> None:
    if isinstance(error, TimeoutError):
        patience.silent()


def _asked(commands: Sequence[Command]) -> list[Reply]:
    fresh = getattr(_local, "connection", None) is None
    connection = _mine()
    try:
        return connection.ask(commands)
    except (BrokenPipeError, ConnectionResetError):
        # A kept connection that the server closed while we were idle: once more, on a new one.
        # Every script and command used here may run twice (feeds remove duplicates).
        forget()
        if fresh:
            raise
        return _mine().ask(commands)


def call(*command: Value) -> Reply:
    """One command, one round trip; raises ValkeyError when Valkey refuses it."""
    reply = pipeline([command])[0]
    if isinstance(reply, ValkeyError):
        raise reply
    return reply


def keys(pattern: str) -> Iterator[bytes]:
    """The keys that look so, in no order, some perhaps twice. Looked for in small steps that hold nobody up."""
    cursor: Reply = 0
    while True:
        cursor, found = call("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
        yield from found
        if cursor == b"0":
            return


class Script:
    """A Lua script, sent by its hash, and whole only where Valkey does not know it yet."""

    def __init__(self, lua: str) -> None:
        self._lua = lua
        self._sha = hashlib.sha1(lua.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[Value] = (), args: Sequence[Value] = ()) -> Reply:
        reply = pipeline([self.command(keys, args)])[0]
        if isinstance(reply, ValkeyError) and str(reply).startswith("NOSCRIPT"):
            reply = pipeline([("EVAL", self._lua, len(keys), *keys, *args)])[0]
        if isinstance(reply, ValkeyError):
            raise reply
        return reply

    def command(self, keys: Sequence[Value], args: Sequence[Value]) -> Command:
        """The call as a command for a pipeline; its reply may be NOSCRIPT after a restart."""
        return ("EVALSHA", self._sha, len(keys), *keys, *args)


def run_id() -> str:
    """Which life of the server this is; another one after every restart."""
    return run_id_of(call("INFO", "server"))


def run_id_of(info: bytes) -> str:
    """The run_id in the answer to `INFO server`."""
    for line in info.decode().splitlines():
        if line.startswith("run_id:"):
            return line.removeprefix("run_id:").strip()
    raise ValkeyAway(cause="INFO without run_id")


def life() -> str:
    """The run_id of the server that this thread is connected to; asked once a connection.

    A restart breaks the connection, so the answer is never of an earlier life than the last reply.
    """
    connection = _mine()
    if not connection.life:
        known = run_id()
        connection = _mine()  # run_id may have had to connect again
        connection.life = known
    return connection.life
