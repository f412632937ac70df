"""What is done to the processes in the fault matrix, and what has to go on meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable

from tests.faults.load import DEEDS
from tests.faults.matrix import Cell, Scene
from tests.faults.stack import Answered, Stack, pause, two_free_ports, until

STOPPED_SECONDS = float(os.environ.get("HELIOGRAPH_TEST_STOPPED_SECONDS") or 30)
#: No answer may take longer, whatever is stopped: node_timeout_ms and its slack, a second of Valkey, and some.
PATIENCE_SECONDS = 10.0
PARTS = ("postgres", "valkey", "cage", "web", "worker", "metrics")
ALL = frozenset(DEEDS)


def killed(who: str) -> Cell:
    def hurt(stack: Stack, scene: Scene) -> None:
        until(lambda: stack.kill(who), f"there is a {who} to kill", seconds=30)

    return Cell(who, "kill -9", hurt)


def restarted(who: str) -> Cell:
    """Asked to end, as by an operator; the supervisor starts it again."""

    def hurt(stack: Stack, scene: Scene) -> None:
        before = stack.pid(who)
        stack.kill(who, signal.SIGINT if who == "postgres" else signal.SIGTERM)
        until(lambda: stack.pid(who) not in (None, before), f"there is another {who}", seconds=20)

    return Cell(who, "restart", hurt)


def supervisor_killed() -> Cell:
    def hurt(stack: Stack, scene: Scene) -> None:
        assert stack.process is not None
        stack.kill("supervisor")
        stack.process.wait()
        scene.seen.append(f"started again after {stack.start():.1f} s")

    return Cell("supervisor", "kill -9", hurt)


def supervisor_restarted() -> Cell:
    def hurt(stack: Stack, scene: Scene) -> None:
        ended, began = stack.stop(), stack.start()
        assert ended < 10
        scene.seen.append(f"ended after {ended:.1f} s, started again after {began:.1f} s")

    return Cell("supervisor", "restart", hurt)


def stopped(
    names: tuple[str, ...],
    *,
    goes_on: Iterable[str],
    looks: Callable[[Stack, str, Scene], None],
    stops: Iterable[str] = (),
) -> Cell:
    """SIGSTOP for STOPPED_SECONDS. `goes_on`: deeds that succeed meanwhile; `stops`: those that cannot."""

    def hurt(stack: Stack, scene: Scene) -> None:
        token = next(line["token"] for line in scene.load.lines() if "token" in line)
        with stack.stopped(*names), scene.lasting(settle=2.0):
            ends = time.monotonic() + STOPPED_SECONDS
            time.sleep(1)
            while time.monotonic() < ends - PATIENCE_SECONDS / 2:
                looks(stack, token, scene)
                pause(scene.chance, 0.5, 2)
            time.sleep(max(0.0, ends - time.monotonic()))
        missing = set(goes_on) - scene.meanwhile.keys()
        assert not missing, f"while {names} were stopped, nobody could {missing}"
        wonders = set(stops) & scene.meanwhile.keys()
        assert not wonders, f"while {names} were stopped, somebody could {wonders}"
        scene.seen[:] = sorted(set(scene.seen))

    return Cell(" + ".join(names), f"SIGSTOP {STOPPED_SECONDS:.0f} s", hurt)


def reading_goes_on(stack: Stack, token: str, scene: Scene) -> None:
    for path in ("/", "/v1/users/self", "/v1/users/self/feed"):
        answered(stack, scene, path, token, {200})


def alive_but_not_ready(stack: Stack, token: str, scene: Scene) -> None:
    """Whatever needs what is stopped says so, with a sentence, within its deadlines."""
    answered(stack, scene, "/livez", token, {200})
    answered(stack, scene, "/readyz", token, {503})
    for path in ("/v1/users/self", "/v1/users/self/feed", "/v1/users/self/media/recent"):
        found = answered(stack, scene, path, token, {200, 503})
        assert found.status == 200 or '"error_message"' in found.body, found


def reading_without_memory(stack: Stack, token: str, scene: Scene) -> None:
    answered(stack, scene, "/livez", token, {200})
    for path in ("/v1/users/self", "/v1/users/self/media/recent"):
        answered(stack, scene, path, token, {200})


def nobody_answers(stack: Stack, token: str, scene: Scene) -> None:
    found = stack.ask("/livez", seconds=2)
    assert found.status == 0, found


def nothing_is_noticed(stack: Stack, token: str, scene: Scene) -> None:
    """And another supervisor is refused, although the one that runs cannot say a word."""
    reading_goes_on(stack, token, scene)
    assert refused(stack)
    scene.seen.append("a second supervisor is refused")


def answered(stack: Stack, scene: Scene, path: str, token: str, allowed: set[int]) -> Answered:
    found = stack.ask(path, token=token, seconds=PATIENCE_SECONDS + 5)
    assert found.status in allowed, f"{path}: {found}"
    assert found.seconds < PATIENCE_SECONDS, f"{path} took {found.seconds:.1f} s"
    if found.status != 200:
        scene.seen.append(f"{path.rpartition('/v1')[2]} {found.status}")
    return found


def refused(stack: Stack) -> str:
    """What a second supervisor of the same data directory says."""
    second = stack.another(two_free_ports(), subprocess.PIPE)
    said, _ = second.communicate(timeout=30)
    text = said.decode()
    assert second.returncode == 2, text
    assert "already running on" in text, text
    return text.strip().splitlines()[-1]


def two_supervisors() -> Cell:
    """One after the other, while people are at work; and the first lives on."""

    def hurt(stack: Stack, scene: Scene) -> None:
        for _ in range(2):
            sentence = refused(stack)
        assert str(stack.pid("supervisor")) in sentence, sentence
        scene.seen.append(
            "exit code 2: " + sentence.partition("running on")[0].rpartition(": ")[2] + "running on …"
        )

    return Cell("supervisor", "a second one", hurt)


def memory_emptied() -> Cell:
    def hurt(stack: Stack, scene: Scene) -> None:
        for _ in range(3):
            assert stack.valkey("FLUSHALL") == "+OK"
            pause(scene.chance, 0.2, 1.0)

    return Cell("valkey", "FLUSHALL, three times", hurt)


def memory_restarted_empty() -> Cell:
    return Cell("valkey", "kill -9, comes back empty", lambda stack, scene: stack.empty_valkey_and_kill_it())


def memory_loses_its_last_second() -> Cell:
    return Cell(
        "valkey", "loses its last second", lambda stack, scene: stack.lose_the_last_second_of_valkey()
    )


def postgres_crashes() -> Cell:
    """As kill -9 of one of its processes makes it do: all connections end, and it recovers."""

    def hurt(stack: Stack, scene: Scene) -> None:
        stack.kill("postgres", signal.SIGQUIT)

    return Cell("postgres", "immediate shutdown", hurt)


def first_lane() -> list[Cell]:
    cells: list[Cell] = [killed(who) for who in (*PARTS, "web worker", "cage child", "hashing")]
    cells += [restarted(who) for who in PARTS]
    cells += [supervisor_killed(), supervisor_restarted(), two_supervisors(), postgres_crashes()]
    cells += [memory_emptied(), memory_restarted_empty(), memory_loses_its_last_second()]
    return cells


def stops() -> list[Cell]:
    no_photo = ALL - {"post"}
    return [
        stopped(("supervisor", "metrics"), goes_on=ALL, looks=nothing_is_noticed),
        stopped(("worker",), goes_on=ALL, looks=reading_goes_on),
        stopped(("cage",), goes_on=no_photo, stops=["post"], looks=reading_goes_on),
        stopped(("web",), goes_on=[], stops=ALL, looks=nobody_answers),
        stopped(("valkey",), goes_on=ALL, looks=reading_without_memory),
        stopped(("postgres",), goes_on=[], stops=ALL, looks=alive_but_not_ready),
    ]
