"""Messages between client, broker and child: JSON with its length before it, and file descriptors.

A message has at most 64 KB; photos never travel in messages, only their descriptors do.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

MAX_MESSAGE = 64 * 1024
_MAX_FDS = 2
LAST = "last"  # in an answer: whoever gave it gives no other
KILLED = "killed"  # the code for "somebody killed the decoder": not the photo's fault, worth another try
_LENGTH = struct.Struct(">I")

Message = dict[str, Any]


class Garbled(Exception):
    """What arrived is not a message."""


def pack(message: Message) -> bytes:
    body = json.dumps(message).encode()
    if len(body) > MAX_MESSAGE:
        raise Garbled(f"a message of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


def unpack(frame: bytes) -> Message:
    """The message in a whole frame."""
    try:
        message = json.loads(frame[_LENGTH.size :])
    except (ValueError, RecursionError) as error:  # the latter: brackets in brackets
        raise Garbled(str(error)) from None
    if not isinstance(message, dict):
        raise Garbled("not an object")
    return message


def send(sock: socket.socket, frame: bytes, fds: list[int] | None = None) -> None:
    """Send one frame; the descriptors go with its first byte. Blocks as long as the socket may."""
    sent = socket.send_fds(sock, [frame], fds) if fds else 0
    sock.sendall(frame[sent:])


class Reader:
    """Puts frames together from what a socket gives, without ever waiting for more than one read."""

    def __init__(self, sock: socket.socket, *, takes_fds: bool = False) -> None:
        self._sock = sock
        self._takes_fds = takes_fds
        self._bytes = b""
        self._fds: list[int] = []

    def read(self) -> tuple[bytes, list[int]] | None:
        """One whole frame with its descriptors; None if more must arrive. Raises EOFError, Garbled."""
        frame = self._frame()
        if frame is not None:
            return frame
        if self._takes_fds:
            more, fds, _, _ = socket.recv_fds(self._sock, MAX_MESSAGE, _MAX_FDS)
            self._fds += fds
        else:  # descriptors that somebody sends all the same are dropped by the kernel
            more = self._sock.recv(MAX_MESSAGE)
        if not more:
            raise EOFError
        self._bytes += more
        return self._frame()

    def take_no_more_fds(self) -> None:
        self._takes_fds = False

    def wait(self) -> tuple[bytes, list[int]]:
        """One whole frame, however long it takes (the socket's own timeout applies to each read)."""
        while (frame := self.read()) is None:
            pass
        return frame

    def close(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []
        self._sock.close()

    def _frame(self) -> tuple[bytes, list[int]] | None:
        if len(self._bytes) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._bytes)
        if length > MAX_MESSAGE:
            raise Garbled(f"a message of {length} bytes")
        end = _LENGTH.size + length
        if len(self._bytes) < end:
            return None
        frame, self._bytes = self._bytes[:end], self._bytes[end:]
        fds, self._fds = self._fds, []
        return frame, fds
