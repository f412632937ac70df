"""An unmodified Firefox, spoken to as it speaks: WebDriver BiDi over a WebSocket (RFC 6455), without a driver between.

Just enough for a story: addresses, scripts in the page, files, keys. Playwright's way to such a Firefox asks for
commands that Debian's does not know.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

_SAYS_WHERE = re.compile(r"WebDriver BiDi listening on ws://([\d.]+):(\d+)")
_PATIENCE = 60.0  # seconds for a start, and for an answer
#: What Firefox says of a load that was under way when its page was left. One that really fails keeps a page from being
#: `scripted`, which a story waits for.
_INTERRUPTED = "A ServiceWorker intercepted the request and encountered an unexpected error"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Wire:
    """A client's end of a WebSocket: whole texts, both ways."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._socket = socket.create_connection((host, port), timeout=_PATIENCE)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._exactly(1)
        assert b" 101 " in head.split(b"\r\n")[0], head

    def send(self, text: str, kind: int = _TEXT) -> None:
        data, mask = text.encode(), secrets.token_bytes(4)
        size = len(data)
        length = (
            bytes([0x80 | size])
            if size < 126
            else bytes([0x80 | 126]) + struct.pack("!H", size)
            if size < 65536
            else bytes([0x80 | 127]) + struct.pack("!Q", size)
        )
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self._socket.sendall(bytes([0x80 | kind]) + length + mask + masked)

    def receive(self) -> str:
        whole = b""
        while True:
            first, second = self._exactly(2)
            size = second & 127
            if size > 125:
                (size,) = struct.unpack("!H" if size == 126 else "!Q", self._exactly(2 if size == 126 else 8))
            data = self._exactly(size)
            kind = first & 15
            if kind == _PING:
                self.send(data.decode(), _PONG)
            elif kind == _CLOSE:
                raise ConnectionError("the browser hung up")
            else:
                whole += data
                if first & 0x80:
                    return whole.decode()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the browser is gone")
            data += piece
        return data

    def close(self) -> None:
        self._socket.close()


class Fox:
    """One Firefox with a profile of its own, and one page. `complaints`: errors of its console, refused requests."""

    def __init__(self, program: str, site: str) -> None:
        self.site = site
        self.complaints: list[str] = []
        self._home = Path(tempfile.mkdtemp(prefix="fox-"))
        (self._home / "profile").mkdir()
        self._said = (self._home / "said").open("w")
        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--no-remote",
                "--profile",
                str(self._home / "profile"),
                "--remote-debugging-port",
                "0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env={**os.environ, "HOME": str(self._home)},
        )
        self._wire: Wire | None = None
        self._number = 0
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self._wire = Wire(*self._where(), "/session")
        self.do("session.new", capabilities={})
        self.do("session.subscribe", events=["log.entryAdded", "network.responseCompleted"])
        self._page: str = self.do("browsingContext.getTree")["contexts"][0]["context"]
        self.do("browsingContext.setViewport", context=self._page, viewport={"width": 390, "height": 844})

    def _where(self) -> tuple[str, int]:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            found = _SAYS_WHERE.search((self._home / "said").read_text(errors="replace"))
            if found:
                return found[1], int(found[2])
            assert self._process.poll() is None, (self._home / "said").read_text(errors="replace")[-500:]
            time.sleep(0.1)
        raise AssertionError("Firefox did not say where it listens")

    def do(self, method: str, **params: Any) -> Any:
        """One command, and its result; what happened meanwhile is listened to."""
        assert self._wire is not None
        self._number += 1
        self._wire.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(self._wire.receive())
            if "method" in said:
                self._hear(said["method"], said["params"])
            elif said["id"] == self._number:
                assert said["type"] == "success", f"{method}: {said.get('error')} {said.get('message')}"
                return said["result"]

    def _hear(self, event: str, said: dict[str, Any]) -> None:
        if event == "log.entryAdded" and said["level"] in {"error", "warn"}:
            if _INTERRUPTED in (said["text"] or ""):
                return
            self.complaints.append(f"{said['level']}: {said['text']}")
        if event == "network.responseCompleted" and said["response"]["status"] >= 400:
            self.complaints.append(f"{said['response']['status']} {said['request']['url']}")

    def goto(self, path: str) -> None:
        self.do("browsingContext.navigate", context=self._page, url=self.site + path, wait="complete")

    def js(self, code: str) -> Any:
        """What an expression comes to in the page; a promise is waited for."""
        said = self.do("script.evaluate", expression=code, target={"context": self._page}, awaitPromise=True)
        if said["type"] == "exception":
            raise RuntimeError(f"{code}: {said['exceptionDetails']['text']}")
        return said["result"].get("value")

    def until(self, code: str, seconds: float = 30) -> Any:
        """Its value once it is one that counts as true; pages may change meanwhile."""
        end, last = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            try:
                if value := self.js(code):
                    return value
            except (RuntimeError, AssertionError) as error:
                last = str(error)
            time.sleep(0.1)
        raise AssertionError(f"in {seconds} s it did not happen that {code} {last}")

    def fill(self, selector: str, text: str) -> None:
        self.js(
            f"(field => {{ field.focus(); field.value = {json.dumps(text)};"
            f" field.dispatchEvent(new Event('input', {{ bubbles: true }})) }})({_one(selector)})"
        )

    def click(self, selector: str) -> None:
        self.until(f"Boolean({_one(selector)})")
        self.js(f"{_one(selector)}.click()")

    def files(self, selector: str, *files: Path) -> None:
        place = {"type": "css", "value": selector}
        found = self.do("browsingContext.locateNodes", context=self._page, locator=place)["nodes"][0]
        self.do(
            "input.setFiles",
            context=self._page,
            element={"sharedId": found["sharedId"]},
            files=[*map(str, files)],
        )

    def keys(self, *keys: str) -> None:
        acts = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.do(
            "input.performActions",
            context=self._page,
            actions=[{"type": "key", "id": "keys", "actions": acts}],
        )

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._said.close()
        shutil.rmtree(self._home, ignore_errors=True)


def _one(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"
