"""kill -9 of everything, at random moments, while people post, follow, like, comment and delete: no promise is broken.

One stack, one load, one ledger written by another process, and at the end one look: every person, photo, like,
follow and comment that was answered with success is there, what was deleted is not, and `heliograph audit` finds
nothing. This is the short part of the fault matrix (test_matrix.py), for every run of the tests.

HELIOGRAPH_TEST_KILLS kills of each kind (1), HELIOGRAPH_TEST_SEED for their order.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.core import background
from tests.faults import promises
from tests.faults.stack import Load, Stack, pause, socket_inodes, until
from tests.harness.processes import alive

pytestmark = pytest.mark.faults

SEED = int(os.environ.get("HELIOGRAPH_TEST_SEED") or random.SystemRandom().randrange(10**9))
KILLS = int(os.environ.get("HELIOGRAPH_TEST_KILLS") or 1)
AT_WORK = 0.75  # of the kills: not before something was promised since the last one
KINDS = ("web", "web worker", "worker", "cage", "cage child", "valkey", "postgres")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack()
    print(f"the first start took {stack.start():.1f} s; seed {SEED}")
    yield stack
    stack.remove()


def keeps_its_promises(stack: Stack, load: Load) -> None:
    """Stop the people, let everything settle, and compare."""
    stack.wait_until_ready()
    load.stop()
    lines = load.lines()
    done = Counter(str(line["deed"]) for line in lines if line["line"] == "done")
    print(f"promised: {dict(done)}")
    assert promises.broken(stack.port, lines) == []
    audit = stack.heliograph("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_killing_each_process_in_turn_breaks_no_promise(stack: Stack) -> None:
    chance = random.Random(SEED)
    load = Load(stack, SEED)
    load.wait_for("like", 3)
    turns = [kind for kind in KINDS for _ in range(KILLS)]
    chance.shuffle(turns)
    killed: Counter[str] = Counter()
    at_work = 0
    for kind in turns:
        # Most kills are to meet people whose deeds succeed: with random pauses alone four of five met a network that
        # had promised nothing since the kill before. Some are to meet one that is just coming back.
        if chance.random() < AT_WORK:
            load.wait_for_more()
            at_work += 1
        pause(chance, 0.0, 0.5)
        until(lambda kind=kind: stack.kill(kind), f"there is a {kind} to kill", seconds=30)  # type: ignore[misc]
        killed[kind] += 1
    assert all(killed[kind] >= KILLS for kind in KINDS)
    print(f"{at_work} of {len(turns)} kills met people at work")
    keeps_its_promises(stack, load)


def test_an_emptied_valkey_breaks_no_promise(stack: Stack) -> None:
    chance = random.Random(SEED + 1)
    load = Load(stack, SEED + 1)
    load.wait_for("post", 3)
    for _ in range(2):
        assert stack.valkey("FLUSHALL") == "+OK"
        pause(chance, 0.2, 1.0)
        stack.empty_valkey_and_kill_it()
        pause(chance, 0.5, 1.5)
    keeps_its_promises(stack, load)


def test_a_restarted_postgres_breaks_no_promise(stack: Stack) -> None:
    chance = random.Random(SEED + 2)
    load = Load(stack, SEED + 2)
    load.wait_for("post", 2)
    for number in (signal.SIGINT, signal.SIGQUIT):
        pid = stack.pid("postgres")
        assert pid is not None
        os.kill(pid, number)
        pause(chance, 0.5, 1.5)
        stack.wait_until_ready()
    keeps_its_promises(stack, load)


def test_ctrl_c_in_mid_photo_loses_nothing_and_leaves_nobody(stack: Stack) -> None:
    load = Load(stack, SEED + 3)
    for round in range(2):
        load.wait_for("post", 3 * (round + 1))
        stack.wait_until_ready()
        pids = stack.pids()
        seconds = stack.stop(signal.SIGINT if round else signal.SIGTERM)
        until(lambda pids=pids: not any(alive(pid) for pid in pids), "nobody is left", seconds=2)  # type: ignore[misc]
        later = stack.start()
        print(f"stopped after {seconds:.1f} s, started again after {later:.1f} s")
    keeps_its_promises(stack, load)


def test_pictures_and_jobs_step_back_for_those_who_answer(stack: Stack) -> None:
    stack.wait_until_ready()
    names = ("web worker", "worker", "cage", "postgres", "valkey")
    pids = {name: pid for name in names if (pid := stack.pid(name)) is not None}
    assert len(pids) == len(names)
    back = background.NICENESS
    groups = {name: Path(f"/proc/{pid}/autogroup") for name, pid in pids.items()}
    if all(group.exists() for group in groups.values()):  # the kernel makes groups
        until(
            lambda: groups["worker"].read_text().endswith(f"nice {back}\n"),
            "the worker steps back",
            seconds=15,
        )
        niceness = {name: int(group.read_text().split()[-1]) for name, group in groups.items()}
        assert niceness == {"web worker": 0, "worker": back, "cage": back, "postgres": 0, "valkey": 0}


def test_processes_share_no_socket_but_the_one_they_listen_on(stack: Stack) -> None:
    stack.wait_until_ready()
    time.sleep(1)
    workers = ("web worker", "other web worker")
    named = {name: stack.pid(name) for name in ("web", *workers, "worker", "cage")}
    held = {name: socket_inodes(pid) for name, pid in named.items() if pid is not None}
    assert len(held) == len(named)
    for web in workers:
        assert held[web] - held["web"], f"the {web} talks to nobody"
        assert not held[web] & held["worker"]
        assert not (held[web] | held["worker"]) & held["cage"]
        # The main process of web opens the listening socket and nothing else: no pool before the fork.
        assert len(held["web"] & held[web]) <= 1
    assert len(held[workers[0]] & held[workers[1]]) <= 1


def test_metric_files_are_each_process_own(stack: Stack) -> None:
    files = [path.name for path in (stack.data / "metrics").glob("*.db")]
    for name in ("web worker", "other web worker", "worker"):
        pid = stack.pid(name)
        assert any(file.endswith(f"_{pid}.db") for file in files), f"{name} ({pid}) has no numbers in {files}"
    main = stack.pid("web")
    assert not any(file.endswith(f"_{main}.db") for file in files)
