"""Bodies on their way in: each is a coroutine that waits, with an end to every wait.

A sender may fall silent for `body_silence_seconds`, must after as long have kept up `upload_minimum_rate`, and be done
by a deadline. What is small is kept in memory; what is large goes to a file without a name on the disk of incoming/, so
that nothing is left of it when this process dies. Before the first byte is read there is a place for it: of all, of
one network address, and on the disk.

The server tells by one empty piece that a body is complete, and by two that its connection broke (Granian 2.8).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from heliograph.core import environment, metrics
from heliograph.core.errors import HeliographError
from heliograph.gate.errors import ArrivedInPart, ArrivedTooSlowly, Crowded, FormTooLarge, YourNetwork
from heliograph.media.errors import Interrupted, NoRoom, TooLarge, TooSlow

FORM_BYTES = 1024 * 1024  # of a request without files, and beside them
IN_MEMORY = 64 * 1024  # bytes; more goes to the disk
_DISK_PIECE = 256 * 1024  # bytes that are written at once


@dataclass(frozen=True)
class Body:
    """All that was sent: to be read from its beginning, then closed."""

    file: BinaryIO
    size: int


class Arrivals:
    """The bodies that are arriving in this process. To be used by its event loop alone."""

    def __init__(self) -> None:
        self._disk = ThreadPoolExecutor(2, "spool")
        self._by_address: Counter[str] = Counter()
        self._reserved = 0  # bytes on the disk that were promised to bodies and are not written yet
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing = False

    def __len__(self) -> int:
        return len(self._tasks)

    async def receive(
        self, pieces: AsyncIterable[bytes], length: int | None, address: str, *, takes_files: bool
    ) -> Body:
        """The whole body. Raises FormTooLarge or TooLarge, Crowded, NoRoom at once; later what _Arriving raises."""
        limit = FORM_BYTES + (environment.get().upload_max_bytes if takes_files else 0)
        if length is not None and length > limit:
            raise TooLarge() if takes_files else FormTooLarge()
        with self._place(address, length):
            arriving = _Arriving(self, length, limit, takes_files=takes_files)
            try:
                return await arriving.all_of(pieces)
            except BaseException:
                arriving.forget()
                raise

    @contextlib.contextmanager
    def _place(self, address: str, length: int | None) -> Iterator[None]:
        env = environment.get()
        if self._closing or len(self._tasks) >= env.bodies_at_once:
            raise Crowded(retry_after_seconds=2)
        if self._by_address[address] >= env.bodies_by_address:
            metrics.count("bodies_refused_total", why="address")
            raise YourNetwork(retry_after_seconds=5)
        task = cast("asyncio.Task[object]", asyncio.current_task())
        reserved = length if length is not None and length > IN_MEMORY else 0
        if reserved:
            self.require_room(reserved)
        self._reserved += reserved
        self._by_address[address] += 1
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)
            self._reserved -= reserved
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def require_room(self, size: int) -> None:
        """Raise NoRoom when the disk would be left with less than `upload_free_bytes`, all promises kept."""
        env = environment.get()
        try:
            there = os.statvfs(env.incoming)
        except FileNotFoundError:
            env.incoming.mkdir(parents=True, exist_ok=True)
            there = os.statvfs(env.incoming)
        if there.f_bavail * there.f_frsize - self._reserved - size < env.upload_free_bytes:
            metrics.count("bodies_refused_total", why="disk")
            raise NoRoom(retry_after_seconds=60)

    def write(self, file: BinaryIO, data: bytearray) -> Future[None]:
        """Write to the disk, in a thread: a disk that stalls holds this body up, not the loop."""
        return self._disk.submit(_write_all, file, data)

    def close(self) -> None:
        """No more bodies; those that are on their way end now."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()


class _Arriving:
    """One body. Raises ArrivedTooSlowly, ArrivedInPart, TooLarge, FormTooLarge, NoRoom; uploads in words of theirs."""

    def __init__(self, arrivals: Arrivals, length: int | None, limit: int, *, takes_files: bool) -> None:
        self._arrivals = arrivals
        self._length = length
        self._limit = limit
        self._takes_files = takes_files
        self._size = 0
        self._waiting = bytearray()  # what is not on the disk, or never goes there
        self._file: BinaryIO | None = None
        self._writing: Future[None] | None = None

    async def all_of(self, pieces: AsyncIterable[bytes]) -> Body:
        try:
            await self._read(pieces)
        except TimeoutError:  # counted, not logged: whoever means ill does it a thousand times
            metrics.count("bodies_ended_total", how="slow")
            raise (TooSlow if self._takes_files else ArrivedTooSlowly)() from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom(retry_after_seconds=60, cause=error) from error
            raise
        if self._file is None:
            return Body(io.BytesIO(self._waiting), self._size)
        self._file.seek(0)
        return Body(self._file, self._size)

    async def _read(self, pieces: AsyncIterable[bytes]) -> None:
        env, loop = environment.get(), asyncio.get_running_loop()
        began, empty = loop.time(), 0
        deadline = began + (env.upload_deadline_seconds if self._takes_files else env.form_deadline_seconds)
        silence, rate = env.body_silence_seconds, env.upload_minimum_rate or 1e-6
        async with asyncio.timeout_at(min(deadline, began + silence)) as clock:
            async for piece in pieces:
                empty += not piece
                self._size += len(piece)
                if self._size > self._limit:
                    raise TooLarge() if self._takes_files else FormTooLarge()
                await self._keep(piece)
                if self._size == self._length:
                    break
                pace = began + silence + self._size / rate
                clock.reschedule(min(deadline, pace, loop.time() + silence))
            await self._write_out()
        if empty > 1 or (self._length is not None and self._size < self._length):
            metrics.count("bodies_ended_total", how="broken")
            raise (Interrupted if self._takes_files else ArrivedInPart)()

    async def _keep(self, piece: bytes) -> None:
        self._waiting += piece
        if self._file is None and len(self._waiting) > IN_MEMORY:
            self._file = _nameless_file(environment.get().incoming)
            if self._length is None:
                self._arrivals.require_room(self._limit)
        if len(self._waiting) >= _DISK_PIECE:
            await self._write_out()

    async def _write_out(self) -> None:
        if self._file is not None and self._waiting:
            data, self._waiting = self._waiting, bytearray()
            self._writing = self._arrivals.write(self._file, data)
            await asyncio.wrap_future(self._writing)

    def forget(self) -> None:
        """Let go of what has arrived; of the file once nobody writes into it any more."""
        self._waiting = bytearray()
        file, writing = self._file, self._writing
        if file is not None and writing is not None and not writing.cancel():
            writing.add_done_callback(lambda _: file.close())
        elif file is not None:
            file.close()


def _nameless_file(folder: Path) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder, buffering=0)


def _write_all(file: BinaryIO, data: bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


async def drain(pieces: AsyncIterable[bytes], *, seconds: float, most: int) -> None:
    """Read on and forget, for a moment: who is still sending would otherwise not read the answer."""
    got = 0
    with contextlib.suppress(TimeoutError, HeliographError):
        async with asyncio.timeout(seconds):
            async for piece in pieces:
                got += len(piece)
                if got > most:
                    return
