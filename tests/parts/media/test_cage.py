"""The cage as processes: what it does, what it cannot do, and what happens when somebody is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import background, environment
from heliograph.core.errors import HeliographError, Unavailable
from heliograph.media import cage_client, filters, renditions
from heliograph.media.cage import broker, walls, wire
from heliograph.media.errors import Busy, CageAway, Damaged, Unprocessable
from heliograph.media.recipes import Recipe
from tests import corpus
from tests.harness.cage import Cage, children_of, wait_until
from tests.harness.processes import alive

Fd = Callable[[bytes], int]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[..., Cage]]:
    """Cages with limits of the test's own."""
    made: list[Cage] = []

    def make(**options: float) -> Cage:
        cage = Cage(tmp_path, **options)
        cage.start()
        cage.use()
        made.append(cage)
        return cage

    yield make
    for cage in made:
        cage.stop(signal.SIGKILL)
    os.environ.pop("HELIOGRAPH_CAGE", None)
    environment.use(None)


def until_decoding(*, waiting: int = 0) -> None:
    """Until one photo is with a decoder, and so many wait behind it."""
    wait_until(
        lambda: (told := cage_client.hello())["busy"] == 1 and told["queue"] == waiting,
        "a photo is being decoded",
    )


def refused(fd: int) -> str:
    try:
        cage_client.render(fd, Recipe())
    except HeliographError as error:
        return error.code
    return "made"


def test_a_photo_comes_back_in_all_sizes(cage: Cage, fd: Fd) -> None:
    made = cage_client.render(fd(corpus.jpeg(1600, 1200)), Recipe(filter="amber"))
    assert {size: (p.width, p.height) for size, p in made.renditions.items()} == {
        1080: (1080, 810),
        640: (640, 480),
        320: (320, 240),
        150: (150, 150),
    }
    assert made.master is not None and made.master.width == 1600
    assert 20 < len(made.placeholder) <= 110


@pytest.mark.parametrize("name", corpus.GOOD)
def test_behind_walls_the_pictures_are_the_same(name: str, cage: Cage, fd: Fd) -> None:
    photo = corpus.GOOD[name]()
    recipe = Recipe(filter="graphite")
    assert cage_client.render(fd(photo), recipe) == renditions.render(photo, recipe)


@pytest.mark.parametrize("name", corpus.BROKEN_INSIDE)
def test_broken_pixels_are_found(name: str, cage: Cage, fd: Fd) -> None:
    assert refused(fd(corpus.BROKEN_INSIDE[name]())) == "damaged"


@pytest.mark.parametrize("name", ["empty", "html.jpg", "bomb.png", "small.jpg", "animated.webp", "half.jpg"])
def test_the_cage_does_not_rely_on_the_request(name: str, cage: Cage, fd: Fd) -> None:
    make, code = corpus.BAD[name]
    assert refused(fd(make())) == code


def test_a_probe_finds_broken_pixels_at_an_eighth(cage: Cage, fd: Fd) -> None:
    assert 20 < len(cage_client.probe(fd(corpus.jpeg()))) <= 110
    with pytest.raises(Damaged):
        cage_client.probe(fd(corpus.BROKEN_INSIDE["cut-with-end.jpg"]()))


def test_previews_show_each_filter(cage: Cage, fd: Fd) -> None:
    shown = cage_client.previews(fd(corpus.jpeg(1600, 1200)), filters.names())
    assert tuple(shown) == filters.names()
    assert {(p.width, p.height) for p in shown.values()} == {(150, 150)}
    assert len({p.data for p in shown.values()}) == len(shown)


# Walls (each by itself: test_walls.py)


def test_every_thread_of_a_decoder_is_walled_in(cage: Cage, fd: Fd) -> None:
    """The filter must hold for threads that the warm-up left behind, too."""
    cage_client.probe(fd(corpus.jpeg()))
    for child in cage.children():
        for task in Path(f"/proc/{child}/task").iterdir():
            status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
            assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
            assert int(status["CapEff"], 16) in {0, walls._READ_ANYTHING if task.name != str(child) else 0}


def test_a_decoder_has_no_environment_and_few_means(
    cage: Cage, fd: Fd, monkeypatch: pytest.MonkeyPatch
) -> None:
    cage_client.probe(fd(corpus.jpeg()))
    child = cage.children()[0]
    assert Path(f"/proc/{child}/environ").read_bytes() == b""
    limits = Path(f"/proc/{child}/limits").read_text()
    for name, value in (
        ("Max address space", walls.MEMORY_BYTES),
        ("Max file size", 64 << 20),
        ("Max open files", 64),
        ("Max core file size", 0),
    ):
        line = next(line for line in limits.splitlines() if line.startswith(name))
        assert line.removeprefix(name).split()[:2] == [str(value), str(value)]
    opened = {os.readlink(path) for path in Path(f"/proc/{child}/fd").iterdir()}
    assert {it for it in opened if not it.startswith("socket:")} == {"/dev/null"}
    assert sum(1 for _ in Path(f"/proc/{child}/fd").iterdir()) == 4  # three times nothing, and the broker


# Deaths


def test_killing_a_decoder_in_mid_photo_costs_that_try_only(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1)
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    (child,) = cage.children()
    os.kill(child, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cage_client.render, photo, Recipe())
        until_decoding()
        os.kill(child, signal.SIGKILL)
        with pytest.raises(CageAway):
            waiting.result(10)
    assert cage_client.render(photo, Recipe()).renditions
    assert cage.children() != [child]


def test_killing_the_broker_in_mid_photo_is_waited_out(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1)
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    (child,) = cage.children()
    os.kill(child, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cage_client.render, photo, Recipe())
        until_decoding()
        cage.stop(signal.SIGKILL)
        wait_until(lambda: not alive(child), "the decoder died with its broker")
        cage.start()
        assert waiting.result(10).renditions


def test_a_cage_that_stays_away_is_an_error_of_ours(
    small: Callable[..., Cage], fd: Fd, monkeypatch: pytest.MonkeyPatch
) -> None:
    small().stop()
    monkeypatch.setattr(cage_client, "_AGAIN_SECONDS", 0.2)
    with pytest.raises(Unavailable) as away:
        cage_client.probe(fd(corpus.jpeg()))
    assert away.value.retry_after_seconds > 0


def test_a_photo_that_takes_too_long_is_given_up(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1, photo_seconds=3)
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    os.kill(cage.children()[0], signal.SIGSTOP)
    with pytest.raises(Unprocessable) as given_up:
        cage_client.render(photo, Recipe())
    assert "too long" in str(given_up.value.cause)
    assert cage_client.probe(photo)


def test_a_decoder_that_is_slow_to_get_warm_costs_no_photo(small: Callable[..., Cage], fd: Fd) -> None:
    """On a machine with a lot to do it took longer than a photo may; the photo was condemned for it."""
    cage = small(children=1, photo_seconds=2)
    photo = fd(corpus.jpeg())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cage_client.probe, photo)
        wait_until(lambda: bool(cage.children()), "a decoder is started")
        (child,) = cage.children()
        os.kill(child, signal.SIGSTOP)
        until = time.monotonic() + 2.5
        wait_until(lambda: time.monotonic() > until, "a photo's time is over")
        os.kill(child, signal.SIGCONT)
        assert waiting.result(20)


def test_a_decoder_that_dies_before_it_is_warm_costs_no_photo(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cage_client.probe, fd(corpus.jpeg()))
        wait_until(lambda: bool(cage.children()), "a decoder is started")
        os.kill(cage.children()[0], signal.SIGABRT)
        with pytest.raises(CageAway):
            waiting.result(20)


def test_a_photo_that_crashes_its_decoder_is_given_up(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1)
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    (child,) = cage.children()
    os.kill(child, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cage_client.render, photo, Recipe())
        until_decoding()
        os.kill(child, signal.SIGSEGV)
        os.kill(child, signal.SIGCONT)
        with pytest.raises(Unprocessable):
            waiting.result(10)


def test_a_photo_with_a_dangerous_decoder_gets_one_of_its_own(small: Callable[..., Cage], fd: Fd) -> None:
    """Whoever takes a decoder over may see what it decodes next, and what it has decoded before."""
    cage = small(children=1, modern=1)
    plain, dangerous = fd(corpus.jpeg()), fd(corpus.encode(corpus.scene(), "AVIF"))
    cage_client.probe(plain)
    before = cage.children()
    cage_client.previews(dangerous, ("amber",))
    wait_until(lambda: cage.children() == [], "the decoder that saw it is gone")  # it answers before it ends
    cage_client.probe(plain)
    assert cage.children() != before


def test_a_decoder_that_has_grown_is_replaced() -> None:
    """What a library never gives back goes with its process."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["/bin/sleep", "60"]) as process:
        child = broker._Child(process, ours, wire.Reader(ours), 0.0)
        wait_until(lambda: broker._resident(child) > 0, "it runs")
        small = broker.Broker(theirs, broker.Limits(resident_bytes=1 << 30))
        large = broker.Broker(theirs, broker.Limits(resident_bytes=0))
        assert (small._has_done_enough(child), large._has_done_enough(child)) == (False, True)
        process.kill()


def test_decoders_step_back_until_a_photo_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    niceness: list[int] = []
    monkeypatch.setattr(background, "step_group", lambda wanted: not niceness.append(wanted))
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["/bin/sleep", "60"]) as process:
        limits = broker.Limits(late_seconds=30, photo_seconds=1000, wait_seconds=100)
        cage = broker.Broker(theirs, limits)
        cage._sweep()
        now = time.monotonic()
        child = broker._Child(process, ours, wire.Reader(ours), now, ready=True, cpu_seconds=1000)
        cage._children.append(child)
        client = broker._Client(ours, wire.Reader(ours))
        child.job = broker._Job(client, b"", [], now)
        cage._sweep()  # it came just now
        child.since = now - 31
        cage._sweep()
        child.since = now
        cage._sweep()
        cage._patient.append(broker._Job(client, b"", [], now - 31 + limits.wait_seconds))
        cage._sweep()
        process.kill()
    back = background.NICENESS
    assert niceness == [back, 0, back, 0]


def test_decoders_rest_and_are_replaced(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1, photos_per_child=2, idle_seconds=1.5)
    assert cage.children() == []
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    first = cage.children()
    cage_client.probe(photo)
    cage_client.probe(photo)
    assert len(cage.children()) == 1 and cage.children() != first
    wait_until(lambda: cage.children() == [], "the decoder went to sleep")


def test_who_waits_too_long_is_told_that_we_are_busy(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1, wait_seconds=0.5, photo_seconds=20)
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    (child,) = cage.children()
    os.kill(child, signal.SIGSTOP)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cage_client.render, photo, Recipe())
        until_decoding()
        with pytest.raises(Busy):
            cage_client.render(photo, Recipe())
        os.kill(child, signal.SIGCONT)
        assert first.result(10).renditions


def test_people_who_look_go_before_jobs(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1)
    photo = fd(corpus.jpeg(1600, 1200))
    cage_client.probe(photo)
    (child,) = cage.children()
    os.kill(child, signal.SIGSTOP)
    order: list[str] = []
    lock = threading.Lock()

    def ask(name: str, act: Callable[[], Any]) -> None:
        act()
        with lock:
            order.append(name)

    with ThreadPoolExecutor(4) as pool:
        for number, name in enumerate(("running", "job", "job")):
            pool.submit(ask, name, lambda: cage_client.render(photo, Recipe()))
            until_decoding(waiting=number)
        pool.submit(ask, "person", lambda: cage_client.probe(photo))
        until_decoding(waiting=3)
        os.kill(child, signal.SIGCONT)
    assert order[:2] == ["running", "person"]


def test_a_stop_lets_the_running_photo_finish_and_leaves_nobody(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=2)
    photo = fd(corpus.jpeg())
    cage_client.probe(photo)
    (child,) = cage.children()
    os.kill(child, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cage_client.render, photo, Recipe())
        until_decoding()
        os.kill(cage.pid, signal.SIGTERM)
        time.sleep(0.1)
        os.kill(child, signal.SIGCONT)
        assert waiting.result(10).renditions
    assert cage.process is not None and cage.process.wait(10) == 0
    assert children_of(cage.pid) == []


def test_an_inherited_socket_will_do(tmp_path: Path, fd: Fd) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        number = listener.fileno()
        command = [sys.executable, "-m", "heliograph.media.cage", "--fd", str(number)]
        broker = subprocess.Popen(command, pass_fds=(number,), cwd=Path(walls.__file__).parents[3])
    os.environ["HELIOGRAPH_CAGE"] = str(path)
    environment.use(None)
    try:
        assert cage_client.probe(fd(corpus.jpeg()))
    finally:
        broker.terminate()
        broker.wait(10)
        del os.environ["HELIOGRAPH_CAGE"]
        environment.use(None)


def test_clients_that_leave_or_talk_nonsense_harm_nobody(small: Callable[..., Cage], fd: Fd) -> None:
    cage = small(children=1)
    photo = fd(corpus.jpeg())
    for sent in (b"", b"\0\0\0\x02[]", b"\xff\xff\xff\xff", b"\0\0\0\x0bgarbage....", b"\0\0\0\x02{}"):
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(cage.path))
            rude.sendall(sent)
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as gone:
            gone.connect(str(cage.path))
            wire.send(gone, wire.pack({"op": "render", "recipe": {"sizes": [150]}}), [photo, photo])
    assert cage_client.probe(photo)
    opened = len(list(Path(f"/proc/{cage.pid}/fd").iterdir()))
    wait_until(lambda: len(list(Path(f"/proc/{cage.pid}/fd").iterdir())) <= opened, "descriptors are closed")


# A decoder that has been taken over


def lying(tmp_path: Path, answer: Callable[[int], bytes]) -> threading.Thread:
    """A cage that answers what it likes; gets the output's descriptor."""
    listener = socket.socket(socket.AF_UNIX)
    path = tmp_path / "liar"
    path.unlink(missing_ok=True)
    listener.bind(str(path))
    listener.listen()
    os.environ["HELIOGRAPH_CAGE"] = str(path)
    environment.use(None)

    def serve() -> None:
        sock, _ = listener.accept()
        with listener, sock:
            _, fds = wire.Reader(sock, takes_fds=True).wait()
            sock.sendall(answer(fds[1]))
            for number in fds:
                os.close(number)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def _place(data: bytes, **other: int) -> dict[str, int]:
    return {"at": 0, "bytes": len(data), "width": 800, "height": 600} | other


PLAIN = corpus.jpeg()
LIES: dict[str, tuple[bytes, Any]] = {
    "not an object": (PLAIN, []),
    "nothing": (PLAIN, {}),
    "brackets": (PLAIN, b"[" * 60_000),
    "no pictures": (PLAIN, {"pictures": {}, "placeholder": ""}),
    "another size": (PLAIN, {"pictures": {"150": _place(PLAIN, width=801)}, "placeholder": ""}),
    "outside": (PLAIN, {"pictures": {"150": _place(PLAIN, at=10**9)}, "placeholder": ""}),
    "before": (PLAIN, {"pictures": {"150": _place(PLAIN, at=-1)}, "placeholder": ""}),
    "too much": (PLAIN, {"pictures": {"150": _place(PLAIN, bytes=10**12)}, "placeholder": ""}),
    "words": (PLAIN, {"pictures": {"150": _place(PLAIN) | {"at": "x"}}, "placeholder": ""}),
    "html": (b"<script>", {"pictures": {"150": _place(b"<script>")}, "placeholder": ""}),
    "polyglot": (PLAIN + b"<script>", {"pictures": {"150": _place(PLAIN + b"<script>")}, "placeholder": ""}),
    "metadata": (
        gps := corpus.encode(corpus.scene(), exif=corpus.exif()),
        {"pictures": {"150": _place(gps)}, "placeholder": ""},
    ),
    "comment": (
        said := corpus.with_segments(PLAIN, corpus.segment(0xFE, b"hello")),
        {"pictures": {"150": _place(said)}, "placeholder": ""},
    ),
    "placeholder": (PLAIN, {"pictures": {"150": _place(PLAIN)}, "placeholder": '"><script>'}),
    "an error nobody knows": (PLAIN, {"error": "rm -rf", "why": "?"}),
}


@pytest.mark.parametrize("name", LIES)
def test_what_a_decoder_says_is_not_believed(
    name: str, tmp_path: Path, fd: Fd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cage_client, "_AGAIN_SECONDS", 0.0)
    data, message = LIES[name]

    def answer(output: int) -> bytes:
        os.pwrite(output, data, 0)
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return len(body).to_bytes(4, "big") + body

    thread = lying(tmp_path, answer)
    try:
        with pytest.raises((Unprocessable, CageAway)):
            cage_client.render(fd(PLAIN), Recipe(sizes=(150,), master=False))
    finally:
        thread.join()
        del os.environ["HELIOGRAPH_CAGE"]
        environment.use(None)
