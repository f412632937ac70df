"""A decoder that has been taken over: behind the real walls, it does what it is asked to instead of decoding.

`broker(folder, …)` starts a real broker whose children are such; `cage_client.previews(fd, (name,))` then has one of
ATTACKS done. Children do not warm up: they start within a tenth of a second.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from heliograph.media.cage import broker, child, walls, wire
from tests.harness.cage import Cage

_LIBC = ctypes.CDLL(None)
_LIBC.malloc.restype = ctypes.c_void_p
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from tests.harness.hostile import main; main({fd}, {parent}, modern={modern})"
)


class HostileCage(Cage):
    """A broker on a socket in a folder; options as its command line takes them."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.harness.hostile", f"--socket={self.path}", *self.options]


def main(fd: int, parent: int, *, modern: bool) -> NoReturn:
    child.warm = _warm
    child._work = lambda request, fds: _attack(request["names"][0], fds, fd)
    child.main(fd, parent, modern=modern)


def _warm(*, modern: bool) -> bool:
    """As the real one does: the C library prepares itself for threads when it makes the first."""
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return modern


def _attack(name: str, fds: list[int], channel: int) -> dict[str, Any]:
    ATTACKS[name](fds, channel)
    return {"pictures": {}}


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except OSError:
        pass


def _open(fds: list[int], channel: int) -> None:
    _try(Path("/etc/passwd").read_bytes)
    _try(Path("/proc/self/status").read_bytes)


def _ask_without_end(fds: list[int], channel: int) -> None:
    while True:
        _try(lambda: os.stat("/"))


def _spin_deaf(fds: list[int], channel: int) -> None:
    """It blocks the signal by which the kernel tells it that its time is over."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGXCPU])
    while True:
        pass


def _answer_and_spin(fds: list[int], channel: int) -> None:
    _say(channel, wire.pack({"pictures": {}}))
    while True:
        pass


def _chatter(fds: list[int], channel: int) -> None:
    while True:
        _say(channel, wire.pack({"pictures": {}}))


def _say(channel: int, frame: bytes) -> None:
    _LIBC.send(channel, frame, len(frame), 0)


def _threads(fds: list[int], channel: int) -> None:
    threading.stack_size(64 * 1024)
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def _flood(fds: list[int], channel: int) -> None:
    at = 0
    while True:
        at += os.pwrite(fds[1], bytes(1 << 20), at)


def _free_much_in_a_thread(fds: list[int], channel: int) -> None:
    """No attack: what the decoder of HEIC does. The C library then looked into /proc, once."""

    def take_and_give_back() -> None:
        taken = [_LIBC.malloc(100_000) for _ in range(200)]
        for place in reversed(taken):
            _LIBC.free(ctypes.c_void_p(place))

    thread = threading.Thread(target=take_and_give_back)
    thread.start()
    thread.join()


ATTACKS: dict[str, Callable[[list[int], int], object]] = {
    "nothing": lambda fds, channel: None,
    "free much": _free_much_in_a_thread,
    "open": _open,
    "exec": lambda fds, channel: os.execv("/bin/true", ["true"]),
    "ask without end": _ask_without_end,
    "sleep": lambda fds, channel: time.sleep(600),
    "spin": lambda fds, channel: [None for _ in iter(int, 1)],
    "spin deaf": _spin_deaf,
    "answer and spin": _answer_and_spin,
    "chatter": _chatter,
    "nonsense": lambda fds, channel: _say(channel, b"\xff\xff\xff\xff and more"),
    "brackets": lambda fds, channel: _say(channel, (60_000).to_bytes(4, "big") + b"[" * 60_000),
    "threads": _threads,
    "flood": _flood,
    "memory": lambda fds, channel: bytearray(2 << 30),
    "overwrite the photo": lambda fds, channel: os.pwrite(fds[0], b"x", 0),
}


if __name__ == "__main__":
    from heliograph.media.cage import __main__ as command

    broker._BOOT = _BOOT
    walls.CPU_SECONDS = 0
    command.main()
