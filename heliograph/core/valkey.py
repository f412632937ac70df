"""A small client of Valkey (or Redis >= 7): hiredis for the bytes, one connection a thread.

Why our own: a general client spends 35-50 microseconds of CPU on a call, this one 9 (docs/benchmarks.md),
and a home feed is two calls. It knows no cluster, no pub/sub, no reply objects: bytes in, bytes out.

A command is a tuple of str, bytes, int or float. A reply is bytes, int, None, a list of these, or a
ValkeyError. Anything wrong with the connection is Unavailable after one try on a fresh connection
when nothing can have reached the server yet.

Source: "What Powers Instagram", 2011: Redis for feeds, sessions and the main queues.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Sequence
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


class Connection:
    """One socket. Not for two threads at once."""

    def __init__(self, *, timeout_seconds: float | None = None) -> None:
        env = environment.get()
        self.pid = os.getpid()
        self.life = ""  # the server's run_id, once somebody asked
        self._timeout = env.valkey_timeout_ms / 1000 if timeout_seconds is None else timeout_seconds
        self._socket = _connect(env.valkey, self._timeout)
        self._reader = hiredis.Reader(replyError=ValkeyError)
        if env.valkey_password:
            reply = self.ask([("AUTH", env.valkey_password)])[0]
            if isinstance(reply, ValkeyError):
                self.close()
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
    """Many commands in one round trip. A reply may be a ValkeyError; the others still count."""
    trips.add("valkey")
    fresh = getattr(_local, "connection", None) is None
    try:
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
    except OSError as error:
        forget()
        metrics.count("valkey_unavailable_total")
        raise ValkeyAway(cause=error) from error


def call(*command: Value) -> Reply:
    """One command, one round trip; raises ValkeyError when Valkey refuses it."""
    reply = pipeline([command])[0]
    if isinstance(reply, ValkeyError):
        raise reply
    return reply


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
