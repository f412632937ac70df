"""The door itself: an RSGI application (Granian's interface) in front of a WSGI application."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import signal
from collections.abc import Awaitable
from functools import partial
from time import monotonic
from types import FrameType
from typing import Any, Protocol

from heliograph.core import addresses, environment, hashing, load, metrics, refused
from heliograph.core.errors import HeliographError
from heliograph.core.load import Level
from heliograph.gate import bodies, kinds, sockets, wsgi
from heliograph.gate.bodies import Arrivals, Body
from heliograph.gate.desk import Desk, Trickle, Turn
from heliograph.gate.errors import Crowded
from heliograph.gate.guests import Guests
from heliograph.gate.kinds import Kind
from heliograph.gate.refusals import Refusals

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 2.0  # for which a sender who was refused may go on, so as to hear it
_DRAIN_MOST = 64 * 1024 * 1024  # bytes
_LISTENS_SOON_SECONDS = 0.2
_TIDY_SECONDS = 30.0
#: Refused while more was on its way. Otherwise a wait for the next piece was broken off, and must not be begun again:
#: Granian would wait for the end of the first.
_STILL_SENDING = frozenset({"too_large", "body_too_large", "no_room"})
_CAN_WAIT = frozenset({Kind.WRITE, Kind.UPLOAD})


class Proto(wsgi.Answering, Protocol):
    """Granian's side of one request."""

    def __aiter__(self) -> Any: ...
    def __anext__(self) -> Awaitable[bytes]: ...


class _Pieces:
    """A body as it arrives. May be gone on with, which Granian's own iterator may not."""

    def __init__(self, proto: Proto) -> None:
        self._proto = proto
        self.begun = False

    def __aiter__(self) -> _Pieces:
        if not self.begun:
            self.begun = True
            self._proto.__aiter__()
        return self

    def __anext__(self) -> Awaitable[bytes]:
        return self._proto.__anext__()


class Gate:
    """Receives, lets in, and answers. One in each web process."""

    def __init__(self, application: wsgi.Application) -> None:
        self._application = application
        self._desk = Desk()
        self._trickle = Trickle()  # of those who are let in although they were to be put off
        self._arrivals = Arrivals()
        self._refusals = Refusals(application)
        self._guests = Guests()
        self._loop: asyncio.AbstractEventLoop  # from __rsgi_init__ on

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        sockets.allow_many()
        self._set_up_sockets()
        self._desk.open(loop)
        self._refusals.prepare()
        hashing.aside(environment.get().hashing_threads)
        self._tidy()
        # What is loaded stays: looking through it for garbage again and again stops everybody for 35 to 55 ms.
        # Source: "Copy-on-write friendly Python garbage collection", Instagram, 2017.
        gc.collect()
        gc.freeze()
        # Granian has its own handler of the loop, which is called as well: its signals go through a pipe.
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _tidy(self) -> None:
        hashing.tidy()
        self._loop.call_later(_TIDY_SECONDS, self._tidy)

    def _set_up_sockets(self) -> None:
        if not sockets.let_go_of_the_silent():
            self._loop.call_later(_LISTENS_SOON_SECONDS, self._set_up_sockets)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._desk.close()
        hashing.aside(0)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._arrivals.close)
        self._desk.closing = True

    async def __rsgi__(self, scope: wsgi.Scope, proto: Proto) -> None:
        """One request, from its headers to its answer."""
        address = kinds.of(scope.method, scope.path)
        pieces = _Pieces(proto)
        try:
            await self._serve(scope, address, pieces, proto)
        except Crowded as error:
            self._refusals.answer(scope, proto, error)
            if _has_body(scope) and not pieces.begun:
                await self._drain(pieces)
        except HeliographError as error:
            metrics.count("bodies_refused_total", why=error.code)
            await self._say(scope, proto, error)
            if error.code in _STILL_SENDING:
                await self._drain(pieces)

    async def _serve(self, scope: wsgi.Scope, address: kinds.Address, pieces: _Pieces, proto: Proto) -> None:
        if self._guests.serves(scope):
            await self._guests.answer(scope, proto, partial(self._work, scope, None, address.kind))
            return
        if address.kind in _CAN_WAIT and self._puts_off(address.kind):
            raise Crowded(retry_after_seconds=random.randint(5, 15))  # noqa: S311 - not all at once
        body = await self._body(scope, pieces, address)
        await self._work(scope, body, address.kind, proto)

    def _puts_off(self, kind: Kind) -> bool:
        """Whether it is to come again: at the highest level, all but one every three seconds."""
        if load.level() < Level.PUT_OFF:
            return False
        now = monotonic()
        if self._trickle.is_due(kind, now):
            self._trickle.passed(kind, now)
            return False
        return load.leaves_out(Level.PUT_OFF, "writes")

    async def _work(self, scope: wsgi.Scope, body: Body | None, kind: Kind, proto: wsgi.Answering) -> None:
        """Have a thread answer; Crowded when none had the time."""
        turn = Turn(kind, partial(self._answer, scope, body, proto), self._loop.create_future())
        try:
            self._desk.enter(turn)
            await turn.ended
        finally:
            if body is not None:
                body.file.close()

    async def _body(self, scope: wsgi.Scope, pieces: _Pieces, address: kinds.Address) -> Body | None:
        if not _has_body(scope):
            return None
        said = scope.headers.get("content-length")
        length = int(said) if said is not None else None
        try:
            return await self._arrivals.receive(
                pieces, length, _household(scope), takes_files=address.takes_files
            )
        except asyncio.CancelledError:
            raise Crowded(retry_after_seconds=2) from None  # this process is about to end

    def _answer(self, scope: wsgi.Scope, body: Body | None, proto: wsgi.Answering) -> None:
        try:
            wsgi.perform(self._application, wsgi.environ(scope, body), proto)
        finally:
            if body is not None:
                body.file.close()  # here, and not in the loop: a large one takes a moment

    async def _say(self, scope: wsgi.Scope, proto: Proto, error: HeliographError) -> None:
        """Tell why a body was not taken, in the words of the application."""

        def say() -> None:
            told = wsgi.environ(scope, None) | {refused.KEY: error}
            wsgi.perform(self._application, told, proto)

        turn = Turn(Kind.READ, say, self._loop.create_future())
        try:
            self._desk.enter(turn)
            await turn.ended
        except Crowded as crowded:
            self._refusals.answer(scope, proto, crowded)

    async def _drain(self, pieces: _Pieces) -> None:
        """Read on for a moment: who is still sending would otherwise not hear the answer."""
        if not self._desk.closing:
            await bodies.drain(pieces, seconds=_DRAIN_SECONDS, most=_DRAIN_MOST)


def _has_body(scope: wsgi.Scope) -> bool:
    # A number: anything else Granian (hyper) refuses before us, with a bare 400, and ends the connection.
    said = scope.headers.get("content-length", "0")
    return said != "0" or "transfer-encoding" in scope.headers


def _household(scope: wsgi.Scope) -> str:
    """Who counts as one sender. Each proxy adds itself at the end, some of them in a header of their own."""
    trusted = environment.get().trusted_proxies
    forwarded = [said for name, said in scope.headers.items() if name == "x-forwarded-for"] if trusted else []
    return addresses.household(addresses.of_client(wsgi.peer(scope), ",".join(forwarded), trusted))
