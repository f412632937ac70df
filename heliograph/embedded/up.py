"""`python -m heliograph.embedded.up`: the whole network, until Ctrl-C. bin/up ends here."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from heliograph.config import languages, mail
from heliograph.core import environment
from heliograph.core.environment import BadEnvironment
from heliograph.embedded import filling, options, places, ports, variables
from heliograph.embedded.data import Data
from heliograph.embedded.lines import Printer
from heliograph.embedded.options import Options
from heliograph.embedded.pg_making import APP, OWNER, plain_environment
from heliograph.embedded.postgres import Postgres
from heliograph.embedded.refusal import CannotStart
from heliograph.embedded.supervisor import Part, Stopped, Supervisor
from heliograph.embedded.valkey import Valkey

#: Of the web server. Connections are cheap: who sends nothing for a while, in the middle of a header or between two
#: requests, is let go; for bodies and answers see gate/.
_CONNECTIONS, _QUIET_MS = 4096, 15_000


class Stack:
    """The parts of the local network, on one data directory."""

    def __init__(self, chosen: Options, data: Data) -> None:
        self._options = chosen
        self._data = data
        run = places.socket_folder(data.folder / "run")
        self._postgres = Postgres(data.folder / "postgres", run_dir=run)
        self._valkey = Valkey(data.folder / "valkey", run_dir=run)
        known = variables.ours(chosen, data.folder, self._postgres, self._valkey)
        self._variables = variables.for_processes(known)
        self._variables["HELIOGRAPH_DEMO"] = filling.knob(chosen, data, self._variables)
        self._cage = Path(known["HELIOGRAPH_CAGE"])

    @property
    def url(self) -> str:
        """The public address."""
        return self._variables["HELIOGRAPH_URL"]

    @property
    def demo(self) -> bool:
        """Whether the demo is to be put in."""
        return self._options.demo

    def check_variables(self) -> None:
        """Refuse a bad configuration now, not in five processes."""
        self._valkey.ensure_password()
        try:
            known = environment.load(self._variables)
            languages.offered(known.languages)
            mail.mail(known.mail)
        except BadEnvironment as error:
            raise CannotStart(f"The configuration cannot be used:\n{error}") from error
        places.write_secret(self._data.folder / "environment", variables.as_file(self._variables))

    def make_databases(self) -> None:
        """Before the first part starts: the data directory of PostgreSQL."""
        self._postgres.init()

    def servers(self) -> list[Part]:
        """What the others need: databases, and the cage."""
        postgres, valkey = self._postgres, self._valkey
        self._cage.unlink(
            missing_ok=True
        )  # of a run that was killed: its presence is to mean that one listens
        plain = plain_environment()
        modern = str(int(environment.load(self._variables).accept_heic))
        cage = ["-m", "heliograph.media.cage", "--socket", str(self._cage), "--modern", modern]
        return [
            Part("postgres", postgres.command, plain, postgres.ready, stop_signal=signal.SIGINT),
            Part("valkey", valkey.command, plain, valkey.ready),
            self._python("cage", cage, self._cage.is_socket),
        ]

    def preparation(self) -> Part:
        """What is done once, when the databases answer and before anybody uses them."""
        try:
            for name in (variables.DIRECTORY, variables.NODE):
                self._postgres.create_database(name)
        except psycopg.Error as error:
            raise CannotStart(
                f"PostgreSQL refused to make a database: {str(error).splitlines()[0]}"
            ) from error
        node = self._postgres.conninfo(variables.NODE, APP, passfile=False)
        owner = self._postgres.conninfo(variables.NODE, OWNER, passfile=False)
        command = ["-m", "heliograph.embedded.prepare", "--node", node, "--node-owner", owner]
        command += ["--shards", str(self._options.shards), *(["--link"] if self._data.first else [])]
        return self._python("prepare", command, lambda: True)

    def doors(self) -> list[Part]:
        """What people and jobs meet."""
        chosen = self._options
        web = ["-m", "granian", "--interface", "rsgi", "--host", chosen.host, "--port", str(chosen.port)]
        web += [
            "--workers",
            str(environment.load(self._variables).web_processes),
            "--respawn-failed-workers",
            "--http",
            "1",
            "--no-ws",
        ]
        web += ["--backlog", str(_CONNECTIONS), "--backpressure", str(_CONNECTIONS)]
        web += ["--http1-header-read-timeout", str(_QUIET_MS)]
        web += ["--no-access-log", "--log-level", "error", "heliograph.config.rsgi:application"]
        metrics = f"http://{_host(chosen)}:{self._variables['HELIOGRAPH_METRICS_PORT']}/metrics"
        here = f"http://{_host(chosen)}:{chosen.port}/readyz"
        heliograph = ["-m", "heliograph.ops.command"]
        return [
            self._python("web", web, lambda: _answers(here), early=True),
            self._python("worker", [*heliograph, "worker"], self._worker_beats, early=True),
            self._python(
                "metrics",
                [*heliograph, "metrics", "--host", chosen.host],
                lambda: _answers(metrics),
                early=True,
            ),
        ]

    def filling(self) -> Part:
        """What puts people and photos into a demo."""
        ledger = str(self._data.folder / "demo.done")
        return self._python("demo", ["-m", "heliograph.embedded.demo", "--ledger", ledger], lambda: True)

    def _worker_beats(self) -> bool:
        # The worker's sign of life (sharding/worker.py); what a dead one left is gone after 20 seconds.
        return self._valkey.ask("KEYS", "heliograph:worker:*") not in (None, "*0")

    def _python(
        self, name: str, arguments: list[str], ready: Callable[[], bool], *, early: bool = False
    ) -> Part:
        return Part(name, lambda: [sys.executable, *arguments], self._variables, ready, early=early)


def _host(chosen: Options) -> str:
    return variables.url(chosen).removeprefix("http://").rsplit(":", 1)[0]


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:  # noqa: S310  (our own)
            return int(answer.status) == 200
    except (OSError, urllib.error.URLError):
        return False


def run(chosen: Options) -> None:
    """Start everything, say so, watch, and stop everything."""
    if os.geteuid() == 0:
        raise CannotStart(
            "Nothing of this runs as root; bin/up does what is needed and becomes an ordinary user."
        )
    os.umask(0o077)
    ports.check(chosen.host, chosen.port)
    data = Data(chosen.data or Path("var").absolute())
    data.open()
    printer = Printer()
    supervisor = Supervisor(printer, folder=data.folder)
    supervisor.handle_signals()
    try:
        supervisor.end_leftovers()
        began = time.monotonic()
        stack = Stack(chosen, data)
        link = _start(stack, supervisor, printer, data)
        printer.ours(f"everything answered after {time.monotonic() - began:.1f} s")
        data.succeeded()
        there = filling.fill(stack.filling(), supervisor, printer) if chosen.demo else ""
        _welcome(printer, link, there)
        supervisor.watch()
    except Stopped:
        pass
    except BaseException:
        supervisor.stop()
        data.undo()  # a first start that failed has nobody's data yet
        raise
    printer.ours("stopping")
    supervisor.stop()
    printer.ours("stopped")


def _start(stack: Stack, supervisor: Supervisor, printer: Printer, data: Data) -> tuple[str, str]:
    stack.check_variables()
    if data.first:
        printer.ours("first start: making the databases")
    stack.make_databases()
    supervisor.start(stack.servers())
    said = json.loads(supervisor.run_once(stack.preparation())[-1])
    if stack.demo:
        filling.move_in(data, people=bool(said["people"]))
    supervisor.start(stack.doors())
    return stack.url, str(said["link"])


def _welcome(printer: Printer, links: tuple[str, str], there: str) -> None:
    url, administrator = links
    printer.plain(f"heliograph is ready at {url}")
    if there:
        printer.plain(there)
    if administrator:
        printer.plain(
            f"sign up there, then open this once, within 24 hours, to become the administrator: {administrator}"
        )


def main(arguments: Sequence[str]) -> int:
    """Run; a refusal is one sentence and exit code 2."""
    try:
        run(options.parse(arguments))
    except CannotStart as refusal:
        print(f"heliograph: {refusal}", file=sys.stderr, flush=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
