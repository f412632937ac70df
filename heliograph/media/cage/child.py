"""One decoder: warms up, walls itself in, then makes pictures until its socket closes.

Started by the broker as a fresh interpreter with an empty environment:
`main(fd, parent)`, fd being its end of a socketpair.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from heliograph.media.cage import walls, wire
from heliograph.media.errors import Damaged, NoFile, Unprocessable

if TYPE_CHECKING:
    from heliograph.media.recipes import Picture

_NICE = 5  # photos wait for people, not people for photos


def main(fd: int, parent: int, *, modern: bool = False) -> None:
    """`modern`: HEIC and AVIF are decoded, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the broker, which ends us
    walls.leave_with_parent(parent)
    os.nice(_NICE)
    # One photo, one core; read by the libraries when they are loaded, so before warm().
    os.environ |= {"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    warm(modern=modern)
    for lack in walls.close_in():
        print(f"cage: {lack}", file=sys.stderr, flush=True)
    channel = socket.socket(fileno=fd)
    wire.send(channel, wire.pack({"ready": True}))  # until here nobody counts our time as a photo's
    _serve(channel)


def warm(*, modern: bool = False) -> None:
    """Use everything once, so that nothing has to be loaded behind the walls."""
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
    for kind in renditions.allow_modern() if modern else ():
        modern_out = io.BytesIO()
        Image.new("RGB", (400, 300), "red").save(modern_out, "HEIF" if kind == "heic" else "AVIF")
        renditions.render(modern_out.getvalue(), Recipe())
    renditions.previews(out.getvalue(), filters.names())  # reads every filter's file
    repr(Damaged(cause="x"))


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
        walls.limit_photo()
        answer, go_on = _answer(wire.unpack(frame), fds)
        for fd in fds:
            os.close(fd)
        wire.send(channel, wire.pack(answer))
        if not go_on:
            return


def _answer(request: wire.Message, fds: list[int]) -> tuple[wire.Message, bool]:
    """The answer, and whether this process is still good for another photo."""
    from heliograph.core.errors import Invalid

    try:
        return _work(request, fds), True
    except Invalid as refused:
        return {"error": refused.code, "why": str(refused.cause)[:500]}, True
    except MemoryError:
        return {"error": Unprocessable.code, "why": "memory"}, False
    except (
        Exception
    ) as error:  # a bug of ours or of a library: this photo fails, the next gets a fresh process
        return {"error": Unprocessable.code, "why": repr(error)[:500]}, False


def _work(request: wire.Message, fds: list[int]) -> wire.Message:
    from heliograph.media import recipes, renditions

    source, *output = fds
    if os.fstat(source).st_size == 0:
        raise NoFile()
    with mmap.mmap(source, 0, access=mmap.ACCESS_READ) as data:
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
