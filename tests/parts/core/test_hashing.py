"""Passwords are hashed in a process of their own, which comes and goes."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from heliograph.core import background, hashing
from tests.harness.cage import wait_until
from tests.harness.processes import alive
from tests.harness.threads import together

_GROUP = Path("/proc/self/autogroup")


@pytest.fixture
def aside() -> Iterator[hashing.Helper]:
    """Hashing is done aside, by one process, which is known."""
    hashing.aside(1)
    assert hashing._helpers is not None
    (helper,) = hashing._helpers.queue
    yield helper
    hashing.aside(0)
    assert helper.pid is None


SALT = "c2l4dGVlbiBsZXR0ZXJzIQ"  # of sixteen letters


def made(password: str = "correct horse") -> str:
    return hashing.encode(password, SALT, time_cost=1, memory_kib=64)


def test_it_is_the_same_hash_wherever_it_is_made(aside: hashing.Helper) -> None:
    there = made("pässword 🌻\n\0")
    assert aside.pid is not None
    hashing.aside(0)
    assert made("pässword 🌻\n\0") == there
    # As argon2's reference library makes it.
    assert there == f"$argon2id$v=19$m=64,t=1,p=1${SALT}$2/pPzDRU5fjrD/h0+fEyypTnjId5rtLbVoB3ftSuEQk"


@pytest.mark.parametrize("count", [0, 1])
def test_only_the_password_of_a_hash_is_right(count: int) -> None:
    hashing.aside(count)
    try:
        assert hashing.verify(made("this"), "this")
        assert not hashing.verify(made("this"), "that")
        for nonsense in (
            "no hash",
            "",
            "ü",
            "$argon2id$v=19$m=64,t=1,p=1$",
            made("this")[:-1],
            made("this") * 9,
        ):
            assert not hashing.verify(nonsense, "this")
    finally:
        hashing.aside(0)


def test_it_steps_back_in_a_session_of_its_own_and_knows_no_secret(aside: hashing.Helper) -> None:
    made()
    assert aside.pid is not None
    wait_until(lambda: made() and niceness(aside) == back(), "it has stepped back", seconds=5)
    assert os.getsid(aside.pid) == aside.pid
    assert os.getpriority(os.PRIO_PROCESS, aside.pid) == os.nice(0) + 5
    assert b"HELIOGRAPH" not in Path(f"/proc/{aside.pid}/environ").read_bytes()


def test_it_leaves_half_of_the_cores_to_others(aside: hashing.Helper) -> None:
    made()
    assert aside.pid is not None
    ours = os.sched_getaffinity(0)
    assert os.sched_getaffinity(aside.pid) == set(sorted(ours)[len(ours) // 2 :])  # all of them the same


def test_who_may_not_choose_their_cores_hashes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    hashing._leave_half_of_the_cores()


def test_no_two_salts_are_the_same() -> None:
    salts = {hashing.salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(base64.b64decode(salt + "==")) for salt in salts} == {16}


def test_it_comes_forward_while_hashes_are_late(
    aside: hashing.Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = 0 if _GROUP.exists() else None
    # The kernel lets one group be moved ten times a second: what it refused is tried again.
    wait_until(lambda: made() and niceness(aside) == back(), "it has stepped back", seconds=5)
    with monkeypatch.context() as patch:
        patch.setattr(hashing, "time", SimpleNamespace(monotonic=lambda: time.monotonic() - 2))
        wait_until(lambda: made() and niceness(aside) == forward, "it has come forward", seconds=5)
    wait_until(lambda: made() and niceness(aside) == back(), "it has stepped back again", seconds=5)


def test_who_waits_brings_it_forward(aside: hashing.Helper, monkeypatch: pytest.MonkeyPatch) -> None:
    """For this very hash, not for the next."""
    wait_until(lambda: made() and niceness(aside) == back(), "it has stepped back", seconds=5)
    monkeypatch.setattr(hashing, "_LATE_SECONDS", 0.01)
    assert aside.pid is not None
    os.kill(aside.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(made)
        forward = 0 if _GROUP.exists() else None
        wait_until(lambda: niceness(aside) == forward, "it has come forward", seconds=5)
        assert not waiting.done()
        os.kill(aside.pid, signal.SIGCONT)
        assert waiting.result(10) == made()


def test_the_one_that_was_asked_last_is_asked_next() -> None:
    """So that the others may go after a minute."""
    hashing.aside(2)
    try:
        for _ in range(3):
            made()
            hashing.tidy()
        assert hashing._helpers is not None
        assert sum(helper.pid is not None for helper in hashing._helpers.queue) == 1
    finally:
        hashing.aside(0)


def back() -> int | None:
    return background.NICENESS if _GROUP.exists() else None


def niceness(helper: hashing.Helper) -> int | None:
    """None where the kernel makes no groups of sessions."""
    group = Path(f"/proc/{helper.pid}/autogroup")
    return int(group.read_text().split()[-1]) if group.exists() else None


def test_whoever_kills_it_is_not_noticed(aside: hashing.Helper) -> None:
    right = made()
    for _ in range(2):
        before = aside.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        assert made() == right
        assert aside.pid not in (None, before)
        assert not alive(before)


def test_where_it_does_not_answer_the_password_is_hashed_here(
    aside: hashing.Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = made()
    monkeypatch.setattr(hashing, "_PATIENCE_SECONDS", (0.2, 0.2))
    assert aside.pid is not None
    os.kill(aside.pid, signal.SIGSTOP)
    assert made() == right  # by another, or here if that one takes longer to start
    monkeypatch.setattr(hashing, "_BEGIN", "raise SystemExit(3)")
    aside.end()
    assert made() == right
    assert aside.pid is None


def test_it_goes_when_it_has_nothing_to_do(aside: hashing.Helper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_IDLE_SECONDS", 0.1)
    right = made()
    first = aside.pid
    assert first is not None
    wait_until(lambda: not alive(first), "it has gone", seconds=10)
    hashing.tidy()
    assert aside.pid is None
    assert not Path(f"/proc/{first}").exists()  # nor a name on the list of processes
    assert made() == right
    monkeypatch.undo()
    aside.end()
    made()
    hashing.tidy()
    assert aside.pid is not None  # it may be needed again


def test_it_does_not_outlive_who_asked() -> None:
    asks = (
        "from heliograph.core import hashing; import time\n"
        "hashing.aside(1); (helper,) = hashing._helpers.queue\n"
        "hashing.encode('a', hashing.salt(), time_cost=1, memory_kib=64)\n"
        "print(helper.pid, flush=True); time.sleep(60)"
    )
    asking = subprocess.Popen([sys.executable, "-c", asks], stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    helper = int(asking.stdout.readline())
    assert alive(helper)
    asking.kill()
    asking.wait()
    asking.stdout.close()
    wait_until(lambda: not alive(helper), "it has gone", seconds=10)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_does_not_take_its_parents_process(aside: hashing.Helper) -> None:
    right = made()
    before = aside.pid
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if made() == right and hashing._helpers is None else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert made() == right
    assert aside.pid == before


def test_many_ask_at_once_and_each_hears_of_its_own(aside: hashing.Helper) -> None:
    words = [f"word {number}" for number in range(8)]
    got = together(*[lambda word=word: (word, made(word)) for word in words])
    hashing.aside(0)
    assert dict(got) == {word: made(word) for word in words}
