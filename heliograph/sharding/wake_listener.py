"""Hears the nudges that follow commits (sharding/wake.py), and tells that this worker lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from heliograph.core import valkey
from heliograph.core.errors import Unavailable
from heliograph.sharding.wake import CHANNEL

log = logging.getLogger(__name__)

_LISTEN_SECONDS = 5.0


class WakeListener(threading.Thread):
    """A thread that calls `woken(number, words)`; ends with the process, or at `stop`."""

    def __init__(self, woken: Callable[[int, set[str]], None]) -> None:
        super().__init__(name="wake", daemon=True)
        self._woken = woken
        self._ended = threading.Event()
        self.connected = False

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except (OSError, Unavailable, valkey.ValkeyError) as error:
                if self.connected:
                    log.warning("Valkey does not answer, workers look by themselves: %s", error)
                self.connected = False
                self._ended.wait(1)

    def _listen(self) -> None:
        connection = valkey.Connection(timeout_seconds=_LISTEN_SECONDS)
        try:
            connection.ask([("SUBSCRIBE", CHANNEL)])
            self.connected = True
            asked = False
            while not self._ended.is_set():
                try:
                    message = connection.receive()
                    asked = False
                except TimeoutError:
                    if asked:  # a silent connection that does not answer either
                        raise ConnectionResetError("no answer") from None
                    asked = True
                    connection.send([("PING",)])
                    continue
                self._hear(message)
        finally:
            connection.close()

    def _hear(self, message: object) -> None:
        if isinstance(message, list) and message[0] == b"message":
            number, _, words = message[2].decode().partition(":")
            self._woken(int(number), set(words.split(",")))

    def stop(self) -> None:
        self._ended.set()


def heartbeat(key: str, text: bytes, seconds: int) -> None:
    """Say that a worker lives; forgotten by itself. Not worth an error."""
    try:
        valkey.call("SET", key, text, "EX", seconds)
    except (Unavailable, valkey.ValkeyError):
        pass


def forget(key: str) -> None:
    """A worker ends in good order: nobody need miss it."""
    try:
        valkey.call("DEL", key)
    except (Unavailable, valkey.ValkeyError):
        pass
