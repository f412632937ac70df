"""No secret is in anything that a process writes: a small story with secrets that we know, told to real processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from django.contrib.auth.hashers import make_password

from heliograph.accounts import links
from heliograph.accounts.models import Person
from heliograph.flows import passwords
from tests.browser.stack import Stack
from tests.harness.cage import wait_until
from tests.harness.jobs import Runner
from tests.harness.people import PASSWORD, Somebody
from tests.harness.servers import Network

MAIL_PASSWORD = "only-the-mail-host-knows"
WRONG = "not-my-password-but-of-another-site"
NEW = "three new words in a row"
_TRIED = """
SELECT count(*) FROM public.procrastinate_jobs WHERE task_name LIKE 'mail%%' AND (attempts > 0 OR status = 'failed')
"""


class Heard(Stack):
    """The stack, and everything that its processes say."""

    def __init__(self, folder: Path, **more: str) -> None:
        super().__init__(**more)
        self.log = folder / "said"

    def _run(self, name: str, *command: str) -> None:
        with self.log.open("ab") as out:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *command],
                env=self._variables | {"HELIOGRAPH_LOG_FORMAT": "json" if name == "web" else "line"},
                start_new_session=True,
                stdout=out,
                stderr=subprocess.STDOUT,
            )


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Visitor:
    """A browser of a few lines: cookies, and the token of the last form."""

    def __init__(self, url: str) -> None:
        self._url, self._open = url, build_opener(_Stay()).open
        self.cookies: dict[str, str] = {}
        self.text = ""

    def ask(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> int:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = (
            None if fields is None else urlencode({**fields, "csrfmiddlewaretoken": self._token()}).encode()
        )
        request = Request(self._url + path, body, {"Cookie": cookies, **headers})
        try:
            answer = self._open(request, timeout=20)
        except HTTPError as error:
            answer = error
        with answer:
            self.text = answer.read().decode("utf-8", "replace")
            for line in answer.headers.get_all("Set-Cookie") or []:
                self.cookies |= {name: it.value for name, it in SimpleCookie(line).items()}
            return int(answer.status or 0)

    def _token(self) -> str:
        found = re.search(r'csrfmiddlewaretoken" value="([^"]+)', self.text)
        return found[1] if found else ""


@pytest.fixture
def heard(network: Network, tmp_path: Path) -> Iterator[Heard]:
    mail = f"smtp://mailer:{MAIL_PASSWORD}@127.0.0.1:9?tls=0"  # nobody is there, so trouble is written down
    stack = Heard(tmp_path, HELIOGRAPH_MAIL=mail, HELIOGRAPH_MAIL_FROM="heliograph@example.org")
    stack.start_web()
    stack.start_worker()
    stack._run("metrics", "-m", "heliograph.ops.command", "metrics")
    stack._run("cage", "-m", "heliograph.media.cage", "--socket", str(tmp_path / "cage.sock"))
    yield stack
    stack.stop()


def test_no_process_writes_a_secret(heard: Heard, alice: Somebody, runner: Runner, network: Network) -> None:
    kept = make_password(PASSWORD, hasher="argon2")  # the cast's are hashed in a way that only tests know
    Person.objects.filter(id=alice.id).update(email_verified=True, password=kept)
    visitor = Visitor(heard.url)
    visitor.ask("/sign-in")
    assert visitor.ask("/sign-in", {"login": "alice", "password": WRONG}) == 400
    assert visitor.ask("/sign-in", {"login": "alice", "password": PASSWORD}) == 303
    secrets = {"session": visitor.cookies["session"], "form": visitor.cookies["csrftoken"]}
    assert visitor.ask("/settings/password") == 200
    visitor.ask("/nothing?password=" + WRONG)
    secrets["token"] = _api(Visitor(heard.url))
    stranger = Visitor(heard.url)
    stranger.ask("/password/forgotten")
    assert stranger.ask("/password/forgotten", {"login": "alice"}) == 200
    secrets["link"] = _reset(Visitor(heard.url), alice)
    wait_until(lambda: runner.database("directory").execute(_TRIED).fetchone()[0] > 0, "mail was tried", 30)
    heard.stop()
    secrets |= {"wrong": WRONG, "password": PASSWORD, "new": NEW, "mail": MAIL_PASSWORD}
    secrets |= _of_the_house(network)
    said = _everything(heard, network)
    assert "heliograph" in said["said"]  # it does write something
    events = [json.loads(line) for line in said["said"].splitlines() if line.startswith("{")]
    assert {it.get("outcome") for it in events if it.get("event") == "sign_in"} == {"refused", "welcome"}
    assert re.search(r"^\d{4}-\d\d-\d\dT[\d:.]+Z [A-Z]+ heliograph", said["said"], re.MULTILINE)
    found = {
        (name, file) for name, secret in secrets.items() for file, text in said.items() if secret in text
    }
    assert found == set()


def _api(visitor: Visitor) -> str:
    """A token, used in every way and wrongly."""
    visitor.ask("/v1/sessions", {"username": "alice", "password": WRONG})
    assert visitor.ask("/v1/sessions", {"username": "alice", "password": PASSWORD}) == 200
    found = re.search(r'"access_token":"([^"]+)"', visitor.text)
    assert found
    token = found[1]
    for path in ("/v1/users/self", "/v1/nothing", "/v1/users/self/feed"):
        visitor.ask(f"{path}?access_token={token}")
        visitor.ask(path, Authorization=f"Bearer {token}")
    visitor.ask(f"/nothing/{token}")
    return token


def _reset(visitor: Visitor, alice: Somebody) -> str:
    """A link as the mail would have it, opened, used, and opened again."""
    person = Person.objects.get(id=alice.id)
    token = links.seal("reset", passwords.LIVES, person=person.id, print=links.print_of_password(person))
    for _ in range(2):
        visitor.ask(f"/password/reset/{token}")
        visitor.ask(f"/password/reset/{token}", {"new": NEW})
    return token


def _of_the_house(network: Network) -> dict[str, str]:
    """What only the operator knows."""
    infos = [os.environ["HELIOGRAPH_DIRECTORY"], os.environ["HELIOGRAPH_DIRECTORY_OWNER"]]
    found = {f"database {at}": re.search(r"password=(\S+)", info) for at, info in enumerate(infos)}
    passwords_of = {name: match[1].strip("'") for name, match in found.items() if match}
    return passwords_of | {
        "key": os.environ["HELIOGRAPH_SECRET_KEY"],
        "valkey": network.valkey.password,
    }


def _everything(heard: Heard, network: Network) -> dict[str, str]:
    files = [heard.log, *network.folder.rglob("*.log")]
    return {path.name if path == heard.log else str(path): path.read_text(errors="replace") for path in files}
