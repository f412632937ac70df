"""Where packages come from: the machine's own settings, and uv by its hash from whatever index there is."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from heliograph.embedded.bootstrap import sources, uv, venv
from heliograph.embedded.bootstrap.sources import Sources
from heliograph.embedded.refusal import CannotStart

PROGRAM = b"#!/bin/sh\necho uv 0.0\n"


def _wheel() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"uv-{uv.VERSION}.data/scripts/uv", PROGRAM)
    return packed.getvalue()


WHEEL = _wheel()
NAME = f"uv-{uv.VERSION}-py3-none-any.whl"
DIGEST = hashlib.sha256(WHEEL).hexdigest()


@pytest.fixture(autouse=True)
def _a_small_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "_wheel_for_this_machine", lambda: (NAME, DIGEST))
    monkeypatch.setattr(shutil, "which", lambda name: None)


def _fetched(tmp_path: Path, places: Sources) -> bytes:
    return uv.find_or_fetch(tmp_path / "tools", places).read_bytes()


def test_from_a_folder_of_wheels(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(WHEEL)
    assert _fetched(tmp_path, Sources(find_links=[str(tmp_path)], no_index=True)) == PROGRAM


def test_from_a_simple_index_on_disk(tmp_path: Path) -> None:
    page = tmp_path / "simple" / "uv"
    page.mkdir(parents=True)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / NAME).write_bytes(WHEEL)
    (page / "index.html").write_text(f'<a href="../../files/{NAME}#sha256={DIGEST}">{NAME}</a>')
    assert _fetched(tmp_path, Sources(indexes=[(tmp_path / "simple").as_uri()])) == PROGRAM


class _Index(BaseHTTPRequestHandler):
    """An index that speaks JSON or HTML, to those who know the password."""

    speaks = "html"

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(b"alice:se/cret").decode()
        if self.headers.get("Authorization") != wanted:
            self.send_error(401)
            return
        if self.path == "/simple/uv/" and self.speaks == "json":
            body = json.dumps({"files": [{"filename": NAME, "url": f"../../files/{NAME}"}]}).encode()
        elif self.path == "/simple/uv/":
            body = f'<!DOCTYPE html><a href="/files/{NAME}#sha256=0">x</a>'.encode()
        elif self.path == f"/files/{NAME}":
            body = WHEEL
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("speaks", ["html", "json"])
def test_from_an_index_with_a_password(
    tmp_path: Path, address: str, speaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Index, "speaks", speaks)
    # The password is for the index's pages and files alike, which our reader asks with the same host.
    monkeypatch.setattr(uv, "_credentials", lambda name, word, host: ("alice", "se/cret"))
    assert _fetched(tmp_path, Sources(indexes=[f"http://{address}"])) == PROGRAM


def test_the_index_after_a_broken_one_is_asked(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(WHEEL)
    places = Sources(find_links=["http://127.0.0.1:9/nobody", str(tmp_path)], no_index=True)
    assert _fetched(tmp_path, places) == PROGRAM


def test_a_file_with_another_hash_is_not_used(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(WHEEL + b"and something else")
    with pytest.raises(CannotStart, match="not the one that was pinned"):
        _fetched(tmp_path, Sources(find_links=[str(tmp_path)], no_index=True))
    assert not (tmp_path / "tools").exists()


def test_a_password_is_not_in_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as refused:
        _fetched(tmp_path, Sources(indexes=["http://alice:secret@127.0.0.1:9/simple"]))
    assert "secret" not in str(refused.value)


def test_every_pinned_wheel_is_of_the_pinned_version() -> None:
    for name, digest in uv.WHEELS.values():
        assert name.startswith(f"uv-{uv.VERSION}-py3-none-")
        assert len(digest) == 64


class TestSettings:
    """What pip and uv are told, in files and variables."""

    @pytest.fixture(autouse=True)
    def _no_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            sources, "_pip_files", lambda variables: [Path(variables["CONF"])] if "CONF" in variables else []
        )

    def test_nothing_said_is_the_public_index(self) -> None:
        assert sources.read({}).indexes == [sources.PUBLIC_INDEX]

    def test_a_pip_conf_is_told_to_uv(self, tmp_path: Path) -> None:
        conf = tmp_path / "pip.conf"
        conf.write_text(
            "[global]\nindex-url = https://mirror.example/simple\nextra-index-url =\n  https://one.example/simple\n"
            "  file:///two/simple\nfind-links = /wheels\ntrusted-host = mirror.example\n[install]\ncert = /ca.pem\n"
        )
        assert sources.read({"CONF": str(conf)}).for_uv({}) == {
            "UV_DEFAULT_INDEX": "https://mirror.example/simple",
            "UV_INDEX": "https://one.example/simple file:///two/simple",
            "UV_INDEX_STRATEGY": "unsafe-best-match",
            "UV_FIND_LINKS": "/wheels",
            "UV_INSECURE_HOST": "mirror.example",
            "SSL_CERT_FILE": "/ca.pem",
        }

    def test_variables_of_pip_win_over_files(self, tmp_path: Path) -> None:
        conf = tmp_path / "pip.conf"
        conf.write_text("[global]\nindex-url = https://file.example/simple\nno-index = true\n")
        found = sources.read({"CONF": str(conf), "PIP_INDEX_URL": "https://variable.example/simple"})
        assert found.indexes == ["https://variable.example/simple"]
        assert found.no_index

    def test_variables_of_uv_win_over_pip(self) -> None:
        told = {
            "PIP_INDEX_URL": "https://pip.example/simple",
            "UV_DEFAULT_INDEX": "https://uv.example/simple",
        }
        found = sources.read(told)
        assert found.indexes == ["https://uv.example/simple"]
        assert "UV_DEFAULT_INDEX" not in found.for_uv(told)

    def test_an_index_of_uv_may_have_a_name(self) -> None:
        found = sources.read({"UV_INDEX": "corp=https://corp.example/simple"})
        assert found.indexes == [sources.PUBLIC_INDEX, "https://corp.example/simple"]


def test_pips_files_are_read_from_general_to_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [str(path) for path in sources._pip_files({"HOME": "/home/alice", "XDG_CONFIG_DIRS": "/a:/b"})]
    assert found[:5] == [
        "/b/pip/pip.conf",
        "/a/pip/pip.conf",
        "/etc/pip.conf",
        "/home/alice/.pip/pip.conf",
        "/home/alice/.config/pip/pip.conf",
    ]
    assert list(sources._pip_files({"PIP_CONFIG_FILE": "/dev/null"})) == []


def test_two_trees_share_packages_and_each_finds_its_own_code(tmp_path: Path) -> None:
    pythons = []
    for name in ("one", "other"):
        house = tmp_path / name / "heliograph"
        house.mkdir(parents=True)
        (house / "__init__.py").write_text(f"TREE = {name!r}")
        pythons.append(venv.beside(Path(sys.prefix), tmp_path / f"python-{name}", house.parent))
    ask = "import heliograph, psycopg; print(heliograph.TREE)"
    said = [subprocess.check_output([python, "-I", "-c", ask], cwd="/", text=True) for python in pythons]
    assert said == ["one\n", "other\n"]
