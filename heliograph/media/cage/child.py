"""One decoder: warms up, walls itself in, then makes pictures until its socket closes.

Started by the broker as a fresh interpreter with an empty environment:
`main(fd, parent)`, fd being its end of a socketpair.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from heliograph.media import checks
from heliograph.media.cage import walls, wire
from heliograph.media.errors import Damaged, TooLarge, Unprocessable

if TYPE_CHECKING:
    from heliograph.media.recipes import Picture

_NICE = 5  # photos wait for people, not people for photos; where there are groups, the broker steps back with ours
_VIPS_THREADS = 3  # made when libvips is loaded, the least that it takes


def main(fd: int, parent: int, *, modern: bool = False) -> NoReturn:
    """`modern`: HEIC and AVIF are decoded, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the broker, which ends us
    walls.leave_with_parent(parent)
    os.nice(_NICE)
    # One photo, one core, and all threads before the walls; read by the libraries when they are loaded.
    os.environ |= {"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    os.environ["VIPS_MAX_THREADS"] = str(_VIPS_THREADS)
    walls.begin()
    threads = warm(modern=modern)
    channel = socket.socket(fileno=fd)
    for lack in walls.close_in():
        print(f"cage: {lack}", file=sys.stderr, flush=True)
    os.dup2(sys.stdin.fileno(), sys.stderr.fileno())  # the operator's log is not for what photos make us say
    _get_ready(channel, walls.only_needed_calls(threads=threads))
    with contextlib.suppress(Exception):
        _serve(channel)
    os._exit(0)  # an interpreter that ends properly asks for much that it may not have here


def _get_ready(channel: socket.socket, listener: int | None) -> None:
    """Until here nobody counts our time as a photo's. The broker hears from now on what we are refused."""
    given = [] if listener is None else [listener]
    wire.send(channel, wire.pack({"ready": True}), given)
    for number in given:
        os.close(number)


def warm(*, modern: bool = False) -> bool:
    """Use everything once, so that nothing has to be loaded behind the walls; whether threads are still needed."""
    import io

    from PIL import Image, ImageCms

    from heliograph.media import filters, renditions
    from heliograph.media.frames import WHOLE, Frame
    from heliograph.media.recipes import Recipe

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP"):
        for mode in ("RGB", "RGBA"):
            out = io.BytesIO()
            sample = Image.new(mode, (400, 300), "red").convert("RGB" if kind == "JPEG" else mode)
            tag = Image.Exif()
            tag[0x0112] = 6
            sample.save(out, kind, icc_profile=_renamed(profile), exif=tag)
            for frame in (WHOLE, Frame(straighten=3.0, turn=90)):
                renditions.render(out.getvalue(), Recipe(frame=frame))
        with contextlib.suppress(Damaged):
            renditions.probe(out.getvalue()[:-50])
    kinds = renditions.allow_modern() if modern else []
    for kind in kinds:
        modern_out = io.BytesIO()
        Image.new("RGB", (400, 300), "red").save(modern_out, "HEIF" if kind == "heic" else "AVIF")
        renditions.render(modern_out.getvalue(), Recipe())
    renditions.previews(out.getvalue(), filters.names())  # reads every filter's file
    repr(Damaged(cause="x"))
    return "heic" in kinds


def _renamed(profile: bytes) -> bytes:
    """Pillow's sRGB profile under a name that makes the conversion run."""
    name = "sRGB".encode("utf-16-be")
    return profile.replace(name, "Warm".encode("utf-16-be")).replace(b"sRGB built-in", b"Warm built-in")


def _serve(channel: socket.socket) -> None:
    reader = wire.Reader(channel, takes_fds=True)
    while True:
        try:
            frame, fds = reader.wait()
        except (EOFError, OSError):
            return
        answer = _answer(wire.unpack(frame), fds)
        for fd in fds:
            os.close(fd)
        wire.send(channel, wire.pack(answer))


def _answer(request: wire.Message, fds: list[int]) -> wire.Message:
    """The answer. `last`: this process is not good for another photo, and waits to be ended."""
    from heliograph.core.errors import Invalid

    try:
        return _work(request, fds)
    except Invalid as refused:
        return {"error": refused.code, "why": str(refused.cause)[:500]}
    except MemoryError:
        return {"error": Unprocessable.code, "why": "memory", wire.LAST: True}
    except (
        Exception
    ) as error:  # a bug of ours or of a library: this photo fails, the next gets a fresh process
        return {"error": Unprocessable.code, "why": repr(error)[:500], wire.LAST: True}


def _work(request: wire.Message, fds: list[int]) -> wire.Message:
    from heliograph.media import recipes, renditions

    source, *output = fds
    data = _read(source)
    match request["op"]:
        case "probe":
            return {"placeholder": renditions.probe(data)}
        case "previews":
            return {"pictures": _written(output[0], renditions.previews(data, tuple(request["names"])))}
        case "preview":
            recipe = recipes.unpacked(request["recipe"])
            made_small = renditions.preview(data, recipe, int(request["longest"]))
            return {"pictures": _written(output[0], {"preview": made_small})}
        case "render":
            made = renditions.render(data, recipes.unpacked(request["recipe"]))
            pictures = {str(size): picture for size, picture in made.renditions.items()}
            if made.master is not None:
                pictures["master"] = made.master
            return {"pictures": _written(output[0], pictures), "placeholder": made.placeholder}
    raise Unprocessable(cause="unknown request")


def _read(source: int) -> bytes:
    """All of a photo. Not mapped: a mapping asks for the state of its file, and that call takes paths as well."""
    size = os.lseek(source, 0, os.SEEK_END)
    if size > checks.MAX_BYTES:
        raise TooLarge(cause=f"{size} bytes")
    return os.pread(source, size, 0)


def _written(fd: int, pictures: dict[str, Picture]) -> dict[str, dict[str, Any]]:
    """Write pictures one behind the other; return where each lies."""
    at, places = 0, {}
    for name, picture in pictures.items():
        places[name] = {
            "at": at,
            "bytes": len(picture.data),
            "width": picture.width,
            "height": picture.height,
        }
        at += os.pwrite(fd, picture.data, at)
    return places
