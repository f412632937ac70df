"""Asking the cage: a descriptor goes in, pictures come out.

Nothing that comes back is believed: each picture must be a whole JPEG of the size it claims, without
any metadata. So even a decoder that has been taken over can hand out wrong pixels only.

A killed broker is waited for and asked again (its supervisor starts it again); a killed decoder
raises CageAway, which the caller's job repeats; a photo that kills its decoder is Unprocessable.
"""

from __future__ import annotations

import os
import re
import socket
import time
from typing import Any

from heliograph.core import environment, metrics
from heliograph.media import recipes
from heliograph.media.cage import walls, wire
from heliograph.media.errors import BY_CODE, Busy, CageAway, Unprocessable
from heliograph.media.formats import bmff, jpeg
from heliograph.media.recipes import Picture, Recipe, Rendered

_AGAIN_SECONDS = 3.0  # how long a broker may be away: the time a supervisor needs
_SLACK_SECONDS = 15.0  # in the queue, on top of the photo's own time
_MAX_OUTPUT = 64 * 1024 * 1024
_PLACEHOLDER = re.compile(r"[A-Za-z0-9+/]{0,120}={0,2}")

protection = walls.protection


def probe(fd: int) -> str:
    """Decode a JPEG strictly at 1/8 of its size: its placeholder. Raises Damaged and its sisters."""
    with metrics.time("cage_seconds", op="probe"):
        return _placeholder(_ask({"op": "probe"}, [fd]))


def render(fd: int, recipe: Recipe) -> Rendered:
    """All pictures of the photo in an open file. Raises leaves of `media.errors`."""
    with metrics.time("cage_seconds", op="render"):
        answer, pictures = _with_output({"op": "render", "recipe": recipes.packed(recipe)}, fd)
    names = {str(size) for size in recipe.sizes} | ({"master"} if recipe.master else set())
    if pictures.keys() != names:
        raise Unprocessable(cause=f"pictures {sorted(pictures)}")
    master = pictures.pop("master", None)
    sizes = {int(name): picture for name, picture in pictures.items()}
    return Rendered(sizes, _placeholder(answer), master)


def previews(fd: int, names: tuple[str, ...]) -> dict[str, Picture]:
    """The photo small and square, once with each of the filters named."""
    with metrics.time("cage_seconds", op="previews"):
        _, pictures = _with_output({"op": "previews", "names": names}, fd)
    return pictures


def preview(fd: int, recipe: Recipe, longest: int) -> Picture:
    """What would be made of the photo, with sides of `longest` pixels at most."""
    request = {"op": "preview", "recipe": recipes.packed(recipe), "longest": longest}
    with metrics.time("cage_seconds", op="preview"):
        _, pictures = _with_output(request, fd)
    found = pictures.get("preview")
    if found is None or max(found.width, found.height) > longest:
        raise Unprocessable(cause=f"pictures {sorted(pictures)}")
    return found


def hello() -> wire.Message:
    """How busy the cage is; raises CageAway when it does not answer. For readiness.

    `alarms`: how often, since the broker began, a decoder did what none does by itself. More than 0: an attack.
    """
    told = _ask({"op": "hello"}, [], again=False)
    metrics.gauge("cage_alarms", int(told.get("alarms", 0)))
    return told


def _with_output(request: wire.Message, fd: int) -> tuple[wire.Message, dict[str, Picture]]:
    output = os.memfd_create("pictures", os.MFD_CLOEXEC)
    try:
        # The decoders of HEIC and AVIF have the worst record: each of their photos gets a child of its own.
        answer = _ask({**request, "alone": bmff.is_bmff(os.pread(fd, 16, 0))}, [fd, output])
        return answer, {str(name): _picture(output, place) for name, place in answer["pictures"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(cause=f"the answer makes no sense: {error!r}") from error
    finally:
        os.close(output)


def _picture(output: int, place: dict[str, Any]) -> Picture:
    at, length, width, height = (int(place[key]) for key in ("at", "bytes", "width", "height"))
    if not (0 <= at <= _MAX_OUTPUT and 0 < length <= _MAX_OUTPUT):
        raise Unprocessable(cause=f"a picture of {length} bytes at {at}")
    data = os.pread(output, length, at)
    if not jpeg.is_plain(data, width, height):
        raise Unprocessable(cause="the decoder gave something that is not a plain picture")
    return Picture(data, width, height)


def _placeholder(answer: wire.Message) -> str:
    text = answer.get("placeholder", "")
    if (
        not isinstance(text, str)
        or len(text) > 200
        or not text.replace("+", "").replace("/", "").rstrip("=").isalnum()
    ):
        raise Unprocessable(cause="the placeholder makes no sense")
    return text


def _ask(request: wire.Message, fds: list[int], *, again: bool = True) -> wire.Message:
    """One request, one answer; errors of the answer are raised."""
    path = environment.get().cage
    if not path:
        raise CageAway(cause="HELIOGRAPH_CAGE is not set")
    broken: Exception | None = None
    # A dying broker may still take one more connection before it is gone: hence a pause, and a third time.
    for pause_seconds in (0.0, 0.1, 0.4) if again else (0.0,):
        time.sleep(pause_seconds)
        try:
            with _connected(path, time.monotonic() + again * _AGAIN_SECONDS) as sock:
                wire.send(sock, wire.pack(request), fds)
                frame, _ = wire.Reader(sock).wait()
            return _sound(wire.unpack(frame))
        except (OSError, EOFError, wire.Garbled) as error:
            broken = error
            if isinstance(error, TimeoutError | FileNotFoundError):
                break
    metrics.count("cage_away_total")
    raise CageAway(cause=f"{path}: {broken!r}") from broken


def _connected(path: str, until: float) -> socket.socket:
    """A connection; a socket that is not there (yet) is waited for until the given time."""
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(environment.get().cage_timeout_seconds + _SLACK_SECONDS)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


def _sound(answer: wire.Message) -> wire.Message:
    code, why = answer.get("error"), answer.get("why")
    if code is None:
        return answer
    metrics.count("cage_refusals_total", code=str(code) if code in BY_CODE else "other")
    if code == Busy.code:
        raise Busy(retry_after_seconds=5, cause=why)
    if code == wire.KILLED:
        raise CageAway(cause=why)
    raise BY_CODE.get(str(code), Unprocessable)(cause=why)
