"""Cases: each is a photo out of a seed and a number, so that it can be made again; and what may become of it."""

from __future__ import annotations

import io
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from PIL import Image

from heliograph.core.errors import Invalid
from heliograph.media import cage_client, checks, filters
from heliograph.media.errors import Busy, CageAway, Unprocessable
from heliograph.media.formats import bmff, icc, jpeg, png, webp
from heliograph.media.frames import Crop, Frame
from heliograph.media.recipes import Recipe
from tests import corpus
from tests.fuzz.mutations import mutate

CHECK_SECONDS = 2.0  # processor time of the request's look at one file; a photo of 25 MB takes 0.1
_LARGEST = (
    4 * 1024 * 1024
)  # bytes of what is changed, and seldom so many: most time would go into copying else
_USUAL = 128 * 1024

Photo = tuple[str, bytes]


@dataclass(frozen=True)
class Case:
    """One photo, and whence it comes."""

    seed: int
    number: int
    source: str
    data: bytes


@dataclass
class Verdict:
    """What became of it: a word for the table, and what is wrong, if something is."""

    outcome: str
    seconds: float
    wrong: str = ""


@dataclass
class Tally:
    """What became of many."""

    outcomes: dict[str, int] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")
    findings: list[tuple[Case, Verdict]] = field(default_factory=list)

    def add(self, case: Case, verdict: Verdict) -> None:
        self.outcomes[verdict.outcome] = self.outcomes.get(verdict.outcome, 0) + 1
        name = f"case {case.number}, {case.source}"
        self.slowest = max(self.slowest, (verdict.seconds, name))
        if verdict.wrong:
            self.findings.append((case, verdict))


def own(*, modern: bool = True) -> list[Photo]:
    """Photos that are made here, small ones: whole, broken, and in every format that may be switched on."""
    made = [(name, make()) for name, make in corpus.GOOD.items()]
    made += [(name, make()) for name, (make, _) in corpus.BAD.items()]
    made += [(name, make()) for name, make in corpus.BROKEN_INSIDE.items()]
    if modern:
        made.append(("plain.avif", corpus.encode(corpus.scene(400, 300), "AVIF", quality=60)))
        made.append(("plain.heic", _heic()))
    return [(name, data) for name, data in made if data]


def _heic() -> bytes:
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(corpus.scene(400, 300)).save(out, quality=60)
    return out.getvalue()


def case(photos: Sequence[Photo], seed: int, number: int) -> Case:
    """The first cases are the photos themselves; then comes what is made of them."""
    if number < len(photos):
        return Case(seed, number, *photos[number])
    rng = random.Random(f"{seed} {number}")
    name, data = _base(photos, rng)
    return Case(seed, number, name, mutate(rng, data, _base(photos, rng)[1]))


def _base(photos: Sequence[Photo], rng: random.Random) -> Photo:
    """Mostly a photo that is taken as it is, else one that is not refused for its first bytes alone."""
    sound = rng.random() < 0.8
    most = _USUAL if rng.random() < 0.95 else _LARGEST
    for _ in range(200):
        name, data = rng.choice(photos)
        if len(data) <= most and _is_known(data) and not (sound and _is_refused(name, data)):
            return name, data
    return photos[0]


def _is_known(data: bytes) -> bool:
    start = data[:16]
    return start.startswith((jpeg.MAGIC, png.MAGIC)) or webp.is_webp(start) or bmff.is_bmff(start)


_refused: dict[str, bool] = {}


def _is_refused(name: str, data: bytes) -> bool:
    if name not in _refused:
        try:
            checks.check(data, modern=True)
            _refused[name] = False
        except Invalid:
            _refused[name] = True
    return _refused[name]


# The request's checks, in this process


class Hanging(Exception):
    """It takes longer than anything may."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise Hanging

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check(case: Case) -> Verdict:
    """All that the web server itself does with the bytes of a stranger."""
    began = time.process_time()
    outcome, wrong = "taken", ""
    try:
        with _limited(CHECK_SECONDS):
            _look(case.data)
    except Invalid as refused:
        outcome = refused.code
    except Hanging:
        outcome, wrong = "HANGS", f"more than {CHECK_SECONDS} s"
    except BaseException as error:
        outcome, wrong = "CRASHES", repr(error)
    return Verdict(outcome, time.process_time() - began, wrong)


def _look(data: bytes) -> None:
    jpeg.is_plain(data, 640, 480)
    header = checks.check(data, modern=True)
    if header.icc is not None:
        icc.is_srgb(header.icc)
    if header.kind == "png":
        png.picture(data)


# The decoders, in a real cage


def ask(case: Case, photo_seconds: float) -> Verdict:
    """The same photo to a decoder, as one of the four questions that people and jobs ask."""
    rng = random.Random(f"ask {case.seed} {case.number}")
    began = time.monotonic()
    outcome, wrong = "made", ""
    fd = os.memfd_create("photo")
    try:
        os.write(fd, case.data)
        rng.choice(QUESTIONS)(fd, rng)
    except Busy as error:
        outcome, wrong = "busy", f"nobody else asks: {error.cause}"
    except CageAway as error:
        outcome, wrong = "AWAY", f"the cage or a decoder was lost: {error.cause}"
    except Unprocessable as error:
        outcome, wrong = _unprocessable(str(error.cause))
    except Invalid as refused:
        outcome = refused.code
    except BaseException as error:
        outcome, wrong = "CRASHES", repr(error)
    finally:
        os.close(fd)
    seconds = time.monotonic() - began
    if seconds > photo_seconds + 10:
        wrong = wrong or f"{seconds:.0f} s"
    return Verdict(outcome, seconds, wrong)


def _unprocessable(cause: str) -> tuple[str, str]:
    """Given up, as it should be: too slow, too large, or a decoder died of it, in the cage, where that is allowed."""
    for words, outcome in (("too long", "given up: slow"), ("memory", "given up: memory")):
        if words in cause:
            return outcome, ""
    if "ended with -31" in cause:
        return "ALARM", cause
    if "ended with" in cause:
        return f"given up: a decoder died ({cause.rpartition(' ')[2]})", ""
    return f"given up: {cause.partition('(')[0][:60]}", ""


def _recipe(rng: random.Random) -> Recipe:
    crop = rng.choice((None, Crop(rng.random() / 2, rng.random() / 2, 0.3, 0.3)))
    frame = Frame(
        crop=crop, straighten=rng.choice((0.0, 0.0, 7.5, -20.0)), turn=rng.choice((0, 90, 180, 270))
    )
    return Recipe(filter=rng.choice(("", *filters.names())), strength=rng.choice((100, 40)), frame=frame)


QUESTIONS: tuple[Callable[[int, random.Random], object], ...] = (
    lambda fd, rng: cage_client.render(fd, _recipe(rng)),
    lambda fd, rng: cage_client.render(fd, Recipe(square=True, sizes=(150,), master=False)),
    lambda fd, rng: cage_client.probe(fd),
    lambda fd, rng: cage_client.previews(fd, filters.names()[:3]),
    lambda fd, rng: cage_client.preview(fd, _recipe(rng), 640),
)

Image.init()
