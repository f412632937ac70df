"""argon2id, in a process of its own where people wait for something else at the same time.

A thread can step back for the other threads of its process only: not for PostgreSQL and Valkey, for which a feed waits
as well (core/background.py). So a web process that hashes starts another process, which leads a session and steps back
with it, asks it over its standard streams, a line of JSON each way, and lets it go after a minute without work. Who has
waited for half a second brings it forward, and it steps back again when a hash was quick. All of them together keep to
half of the cores.

Everywhere else (commands, jobs, tests) hashing is done where it is asked for.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

from heliograph.core import background

log = logging.getLogger(__name__)

_IDLE_SECONDS = 60.0  # after which the process ends
_PATIENCE_SECONDS = (4.0, 2.0)  # for one hash, which takes 12 ms alone: of one process, and of the next one
_NICENESS = 5  # a third of the weight of others; counts where the kernel makes no groups of sessions
_LATE_SECONDS, _ON_TIME_SECONDS = 0.5, 0.2  # for one hash, from being asked to the answer
_TRY_AGAIN_SECONDS = 0.1  # between two moves of a group the kernel wants some time

_BEGIN = """import sys
sys.path.insert(0, sys.argv[1])
from heliograph.core import hashing
hashing.serve(float(sys.argv[2]))
"""
_HOUSE = str(Path(__file__).resolve().parents[2])

_helpers: LifoQueue[Helper] | None = None


def aside(count: int) -> None:
    """From now on, hash in processes of their own, at most `count` at once. 0: here again."""
    global _helpers
    old, _helpers = _helpers, None
    if old is not None:
        for helper in _resting(old):
            helper.end()
            old.put(helper)  # for whoever waits for one
    if count:
        _helpers = LifoQueue()
        for _ in range(count):
            _helpers.put(Helper())


def tidy() -> None:
    """Forget processes that have gone because they had nothing to do. Call it now and then."""
    helpers = _helpers
    if helpers is None:
        return
    for helper in reversed(_resting(helpers)):  # the one that was asked last is asked next: the others may go
        helper.end_if_gone()
        helpers.put(helper)


def _resting(helpers: LifoQueue[Helper]) -> list[Helper]:
    """Those that nobody asks at this moment, taken out."""
    resting: list[Helper] = []
    with contextlib.suppress(Empty):
        while True:
            resting.append(helpers.get_nowait())
    return resting


def encode(password: str, salt: str, *, time_cost: int, memory_kib: int) -> str:
    """The hash of 32 bytes in argon2's own notation: `$argon2id$v=19$m=…,t=…,p=1$salt$hash`.

    `salt` stands for 16 bytes, in the form that `salt()` gives.
    """
    return str(_done("encode", password, salt, time_cost, memory_kib))


def salt() -> str:
    """Sixteen random bytes in base64, as argon2's notation has them: without the padding."""
    return _unpadded(os.urandom(16))


def verify(encoded: str, password: str) -> bool:
    """Whether this is the password of that hash, in argon2's own notation; False also for what is no hash."""
    return _done("verify", encoded, password) is True


def _done(deed: str, *facts: str | int) -> Any:
    helpers = _helpers
    if helpers is None:
        return _DEEDS[deed](*facts)
    helper = helpers.get()
    try:
        return helper.ask(deed, *facts)
    except _Gone as error:
        log.warning("a password is hashed in this process, since the other one ended twice: %s", error)
        return _DEEDS[deed](*facts)
    finally:
        helpers.put(helper)


class _Gone(Exception):
    """The process ended, did not answer in time, or answered nonsense, twice."""


_TROUBLE = (OSError, EOFError, ValueError)


class Helper:
    """A process that hashes, started when it is asked. One question at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def ask(self, deed: str, *facts: str | int) -> Any:
        """What the deed returns there."""
        question = json.dumps([deed, time.monotonic(), *facts]).encode() + b"\n"
        first, second = _PATIENCE_SECONDS
        try:
            return self._ask_or_end(question, first)
        except _TROUBLE:
            pass  # it had nothing to do and went, or somebody killed it
        try:
            return self._ask_or_end(question, second)
        except _TROUBLE as error:
            raise _Gone(repr(error)) from error

    def _ask_or_end(self, question: bytes, seconds: float) -> Any:
        try:
            return self._ask(question, seconds)
        except BaseException:
            self.end()  # an answer that nobody has read must not be that of the next question
            raise

    def _ask(self, question: bytes, seconds: float) -> Any:
        process = self._process = self._process or _start()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - for the type checker
        process.stdin.write(question)  # never waits: it is shorter than a pipe holds
        process.stdin.flush()
        waiting = select.poll()
        waiting.register(process.stdout, select.POLLIN)
        until = time.monotonic() + seconds
        patience, forward = min(_LATE_SECONDS, seconds), False
        while not waiting.poll(patience * 1000):
            if time.monotonic() >= until:
                raise TimeoutError("no answer")
            forward = forward or background.bring_forward(process.pid)
            patience = until - time.monotonic() if forward else _TRY_AGAIN_SECONDS
        answer = process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise EOFError("it ended")
        return json.loads(answer)

    def end_if_gone(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self.end()

    def end(self) -> None:
        """End it, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # of what could not be said any more
                if stream is not None:
                    stream.close()
        process.wait()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BEGIN, _HOUSE, str(_IDLE_SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", "")},  # none of our secrets
        start_new_session=True,
    )


def serve(idle_seconds: float) -> None:
    """The process: answers until nothing is asked for so long, or nobody is there any more to ask."""
    os.nice(_NICENESS)
    _leave_half_of_the_cores()
    place, late = background.Place(), True  # until it is known how long one takes
    waiting = select.poll()
    waiting.register(sys.stdin, select.POLLIN)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while waiting.poll(idle_seconds * 1000):
        line = questions.readline()
        if not line.endswith(b"\n"):
            return
        deed, asked_at, *facts = json.loads(line)
        try:
            answers.write(json.dumps(_DEEDS[deed](*facts)).encode() + b"\n")
            answers.flush()
        except BrokenPipeError:
            return
        late = time.monotonic() - asked_at > (_ON_TIME_SECONDS if late else _LATE_SECONDS)
        place.take(late=late)


def _leave_half_of_the_cores() -> None:
    """The upper half of those that we have, so that all who hash meet there: a core that hashes answers a feed late."""
    if hasattr(os, "sched_setaffinity"):  # on Linux
        with contextlib.suppress(OSError):  # where somebody forbids it
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, cores[len(cores) // 2 :])


def _encode(password: str, salt: str, time_cost: int, memory_kib: int) -> str:
    from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13

    made = crypto_pwhash_alg(
        32,
        password.encode(),
        base64.b64decode(salt + "=="),
        opslimit=time_cost,
        memlimit=memory_kib * 1024,
        alg=crypto_pwhash_ALG_ARGON2ID13,
    )
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p=1${salt}${_unpadded(made)}"


def _verify(encoded: str, password: str) -> bool:
    from nacl.bindings import crypto_pwhash_str_verify
    from nacl.exceptions import InvalidkeyError

    try:
        return crypto_pwhash_str_verify(encoded.encode(), password.encode())
    except (InvalidkeyError, ValueError):
        return False


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


_DEEDS: dict[str, Callable[..., Any]] = {"encode": _encode, "verify": _verify}


def _forget() -> None:
    global _helpers
    _helpers = None


os.register_at_fork(after_in_child=_forget)  # a child has none of its parent's processes
