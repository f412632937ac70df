"""`python -m heliograph.media.cage`: the broker."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from heliograph.media.cage import walls
from heliograph.media.cage.broker import Broker, Limits


def main() -> None:
    parser = argparse.ArgumentParser(prog="heliograph.media.cage", description="Decode photos behind walls.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--fd", type=int, help="an inherited listening unix socket")
    where.add_argument("--socket", type=Path, help="where to listen; what lies there is removed")
    standard = Limits()
    parser.add_argument("--children", type=int, default=standard.children, help="decoders at most")
    parser.add_argument("--photo-seconds", type=float, default=standard.photo_seconds, help="for one photo")
    parser.add_argument(
        "--idle-seconds", type=float, default=standard.idle_seconds, help="until a decoder ends"
    )
    parser.add_argument("--wait-seconds", type=float, default=standard.wait_seconds, help="in the queue")
    parser.add_argument("--photos-per-child", type=int, default=standard.photos_per_child)
    parser.add_argument(
        "--modern", type=int, choices=(0, 1), default=0, help="1: HEIC and AVIF, too (HELIOGRAPH_ACCEPT_HEIC)"
    )
    asked = parser.parse_args()
    listener = socket.socket(fileno=asked.fd) if asked.fd is not None else listen(asked.socket)
    for lack in walls.protection():
        print(f"cage: WARNING: {lack}", file=sys.stderr, flush=True)
    limits = Limits(
        children=asked.children,
        photo_seconds=asked.photo_seconds,
        idle_seconds=asked.idle_seconds,
        wait_seconds=asked.wait_seconds,
        photos_per_child=asked.photos_per_child,
        modern=bool(asked.modern),
    )
    Broker(listener, limits).run()


def listen(path: Path) -> socket.socket:
    """A listening socket that only this user may reach."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


if __name__ == "__main__":
    main()
