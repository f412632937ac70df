"""Making a PostgreSQL data directory: initdb, passwords, roles; by the account that will run it."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heliograph.embedded import account as accounts
from heliograph.embedded import children, places
from heliograph.embedded.account import Account
from heliograph.embedded.pg_binaries import Binaries
from heliograph.embedded.refusal import CannotStart

SUPERUSER = "postgres"
OWNER = "heliograph_owner"
APP = "heliograph_app"


class Recipe:
    """How a data directory is made, with which programs, for whom."""

    def __init__(self, binaries: Binaries, account: Account, *, durable: bool) -> None:
        self._binaries = binaries
        self._account = account
        self._durable = durable

    def make(self, building: Path) -> None:
        """Make the directory with its roles and its password files."""
        passwords = {name: secrets.token_urlsafe(24) for name in (SUPERUSER, OWNER, APP)}
        places.folder(building.parent, self._account)
        maker = self._account if self._account.named else _somebody_with_a_name(self._account)
        if maker != self._account:
            places.give(building.parent, maker)
        try:
            places.folder(building, maker)
            self._initdb(building, passwords[SUPERUSER], maker)
            self._make_roles(building, {name: passwords[name] for name in (OWNER, APP)}, maker)
        finally:
            if maker != self._account:
                _give_tree(building, self._account)
                places.give(building.parent, self._account)
        self._write_passwords(building, passwords)

    def _initdb(self, building: Path, password: str, maker: Account) -> None:
        secret = building.with_name(building.name + ".password")
        places.write_secret(secret, password, maker)
        command: list[str | Path] = [self._binaries.initdb, "--pgdata", building, "--username", SUPERUSER]
        command += ["--pwfile", secret]
        command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--data-checksums"]
        command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"]
        if not self._durable:
            command.append("--no-sync")
        process = children.start(
            command, account=maker, environment=plain_environment(), folder=Path("/"), output=subprocess.PIPE
        )
        said, _ = process.communicate()
        secret.unlink()
        if process.returncode:
            raise CannotStart(f"PostgreSQL could not make its data directory: {last_line(said)}")

    def _write_passwords(self, building: Path, passwords: Mapping[str, str]) -> None:
        both = "".join(f"*:*:*:{name}:{passwords[name]}\n" for name in (OWNER, APP))
        places.write_secret(building / "heliograph.pgpass", both, self._account)
        alone = f"*:*:*:{SUPERUSER}:{passwords[SUPERUSER]}\n"
        places.write_secret(building / "superuser.pgpass", alone, self._account)

    def _make_roles(self, building: Path, passwords: Mapping[str, str], maker: Account) -> None:
        # In single-user mode: no server, no socket, so a directory half made is never reachable. The passwords
        # travel over stdin, never on a command line.
        statements = [f"CREATE ROLE {name} LOGIN PASSWORD '{word}';\n" for name, word in passwords.items()]
        command = [str(self._binaries.postgres), "--single", "-D", str(building)]
        command += ["-c", "log_min_messages=warning", *([] if self._durable else ["-F"]), "postgres"]
        done = subprocess.run(
            command,
            input="".join(statements).encode(),
            capture_output=True,
            check=False,
            env=plain_environment(),
            cwd="/",
            **_switch(maker),
        )
        if done.returncode or b"ERROR" in done.stderr:
            raise CannotStart(f"PostgreSQL could not make its roles: {last_line(done.stderr)}")


def plain_environment() -> dict[str, str]:
    """The environment of every program of PostgreSQL.

    PG* variables of the caller must not reach the server; messages are in English, so logs can be searched.
    """
    keep = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {**keep, "LC_ALL": "C", "TZ": "UTC"}


def last_line(said: bytes) -> str:
    """What a program said last; of the lines that tell of an error, if there are any."""
    all_of_them = lines(said)
    troubles = [line for line in all_of_them if "error:" in line or "FATAL" in line or "PANIC" in line]
    return (troubles or all_of_them or ["(it said nothing)"])[-1]


def lines(said: bytes) -> list[str]:
    """What a program said, without empty lines."""
    return [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]


def _somebody_with_a_name(account: Account) -> Account:
    # initdb insists on a name for its user, the server does not: nobody makes it, and we hand it over.
    nobody = accounts.find("nobody")
    if nobody is None:
        raise CannotStart(f"PostgreSQL cannot be set up as user {account}, which has no name here.")
    return nobody


def _give_tree(top: Path, account: Account) -> None:
    for folder, _, files in os.walk(top):
        places.give(Path(folder), account)
        for name in files:
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)


def _switch(account: Account) -> dict[str, Any]:
    if os.geteuid() != 0 or account.uid == 0:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
