"""What `bin/up` can be told. Standard library only: the bootstrap reads it before anything is installed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heliograph.core import addresses
from heliograph.embedded.refusal import CannotStart

MOST_SHARDS = 8_191  # 13 bits of an id, and number 0 is not used


@dataclass(frozen=True)
class Options:
    """`data` is absolute, or None for the default."""

    port: int = 8000
    host: str = "127.0.0.1"
    data: Path | None = None
    shards: int = 16
    demo: bool = False

    def as_arguments(self, data: Path) -> list[str]:
        """The same, for another process, with the data directory decided."""
        told = ["--port", str(self.port), "--host", self.host, "--shards", str(self.shards)]
        return [*told, "--data", str(data), *(["--demo"] if self.demo else [])]


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse itself answers --help and mistakes (exit code 2)."""
    parser = argparse.ArgumentParser(
        prog="bin/up",
        description="Run the whole network on this machine: PostgreSQL, Valkey, web, worker. Ctrl-C stops it.",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port of the site; numbers on the next one (8000)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument(
        "--data",
        type=Path,
        help="where everything is kept (./var or ./var-demo; as root in /var/lib/heliograph)",
    )
    parser.add_argument("--shards", type=int, default=16, help="logical shards, at the first start (16)")
    parser.add_argument("--demo", action="store_true", help="with a small community in it, to look around in")
    told = parser.parse_args(arguments)
    if not 1 <= told.port <= 65_534:
        raise CannotStart("--port must be between 1 and 65534 (the next port serves the numbers).")
    if not 1 <= told.shards <= MOST_SHARDS:
        raise CannotStart(f"--shards must be between 1 and {MOST_SHARDS}.")
    if told.demo and not addresses.is_loopback(told.host):
        raise CannotStart(
            f"--demo lets everybody in without a password, so it is for this machine alone, and {told.host} is not; "
            "leave --host out."
        )
    data = told.data.absolute() if told.data is not None else None
    return Options(told.port, told.host, data, told.shards, told.demo)
