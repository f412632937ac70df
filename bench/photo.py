"""One 12-megapixel photo: the whole job in the cage against what decoding and encoding cost at least.

    python -m bench.photo [--photo FILE.jpg] [--rounds 9] [--filter amber]

The floor is libjpeg-turbo alone: decode at the scale that the job uses, encode the four sizes in the
formats of the job, with resizing for free. Processor time of this process, the rounds interleaved, medians.
Budget: at most 2.5 times the floor (without a filter).
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ |= {"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
import simplejpeg
from PIL import Image

from bench import rows
from bench.rows import Row, Rows
from heliograph.core import environment
from heliograph.media import cage_client, renditions
from heliograph.media.recipes import SIZES, Recipe

BUDGET = 2.5


def main() -> None:
    parser = rows.parser(__doc__)
    parser.add_argument("--photo", type=Path, help="a JPEG; without it, 4032 x 3024 are made")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--filter", default="amber")
    asked = parser.parse_args()
    photo = asked.photo.read_bytes() if asked.photo else _photo()
    encode = _floor_encode(photo)
    measured = _measured(
        asked.rounds,
        {
            "floor": lambda: (simplejpeg.decode_jpeg(photo, "RGB", min_width=_scaled(photo)), encode()),
            "probe at 1/8": lambda: renditions.probe(photo),
            "4 sizes, no master": lambda: renditions.render(photo, Recipe(master=False)),
            "4 sizes and master": lambda: renditions.render(photo, Recipe()),
            f"the same, filter {asked.filter}": lambda: renditions.render(photo, Recipe(filter=asked.filter)),
        },
    )
    floor = measured["floor"]
    print(f"photo: {len(photo) / 1e6:.1f} MB")
    for name, seconds in measured.items():
        print(f"{name:28} {seconds * 1000:7.1f} ms CPU   {seconds / floor:5.2f} x floor")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    _in_the_cage(photo, asked.rounds)
    told = Rows()
    ratio, filtered = (measured[name] / floor for name in ("4 sizes and master", list(measured)[-1]))
    whole = measured["4 sizes and master"] * 1000
    said = f"{ratio:.2f}x with its master ({whole:.0f} ms), {filtered:.2f}x with a filter"
    told.say(
        Row("photo, 12 MP JPEG, 4 sizes", said, ratio, BUDGET, f"<= {BUDGET}x decoding and encoding alone")
    )
    told.save(asked.json)


def _photo() -> bytes:
    """A picture with the detail of a photo: soft forms, edges, and noise as of a small sensor."""
    random = np.random.default_rng(5)
    coarse = Image.fromarray(random.integers(0, 256, (48, 64, 3), dtype=np.uint8)).resize(
        (4032, 3024), Image.Resampling.BICUBIC
    )
    fine = Image.fromarray(random.integers(96, 160, (756, 1008, 3), dtype=np.uint8)).resize(
        (4032, 3024), Image.Resampling.BICUBIC
    )
    pixels = np.asarray(coarse).astype(np.int16) + (np.asarray(fine).astype(np.int16) - 128)
    pixels += random.normal(0, 3, (3024, 4032, 1)).astype(np.int16)
    out = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=92)
    return out.getvalue()


def _scaled(photo: bytes) -> int:
    """The width at which the job decodes this photo (0: whole)."""
    _, width, *_ = simplejpeg.decode_jpeg_header(photo)
    return next((-(-width // s) for s in (1, 2, 4, 8) if width / s <= 2160), 0)


def _floor_encode(photo: bytes) -> Callable[[], Any]:
    made = renditions.render(photo, Recipe(master=False))
    pictures = [simplejpeg.decode_jpeg(made.renditions[size].data) for size in SIZES]

    def encode() -> None:
        for picture in pictures:
            if picture.shape[1] < renditions.PROGRESSIVE_FROM:
                simplejpeg.encode_jpeg(picture, renditions.QUALITY, "RGB", "420")
            else:
                kept = Image.fromarray(picture)
                kept.save(io.BytesIO(), "JPEG", quality=renditions.QUALITY, progressive=True)

    return encode


def _measured(rounds: int, jobs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            began = time.process_time()
            job()
            if number:  # the first round warms up
                took[name].append(time.process_time() - began)
    return {name: statistics.median(times) for name, times in took.items()}


def _in_the_cage(photo: bytes, rounds: int) -> None:
    """Wall clock as a worker sees it, and the first photo after a rest."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/cage"
        command = [sys.executable, "-m", "heliograph.media.cage", "--socket", path]
        broker = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[1])
        known = {"HELIOGRAPH_SECRET_KEY": "x" * 32, "HELIOGRAPH_DIRECTORY": "-", "HELIOGRAPH_CAGE": path}
        environment.use(environment.load(known))
        fd = os.memfd_create("photo")
        os.write(fd, photo)
        try:
            while not os.path.exists(path):
                time.sleep(0.02)
            walls = []
            for _ in range(rounds + 1):
                began = time.perf_counter()
                cage_client.render(fd, Recipe())
                walls.append(time.perf_counter() - began)
            rest = statistics.median(walls[1:])
            print(f"in the cage, wall clock: first {walls[0] * 1000:.0f} ms, then {rest * 1000:.0f} ms")
        finally:
            os.close(fd)
            broker.terminate()
            broker.wait()


if __name__ == "__main__":
    main()
