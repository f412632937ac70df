"""bin/up, bin/heliograph, bin/test, bin/bench and bin/develop, from a bare Python on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from heliograph.embedded import account as accounts
from heliograph.embedded import options, ports, signals
from heliograph.embedded.account import Account
from heliograph.embedded.bootstrap import debian, house, interpreter, venv
from heliograph.embedded.bootstrap.venv import Plan, say
from heliograph.embedded.refusal import CannotStart


def main(clone: str, deed: str, arguments: Sequence[str]) -> int:
    """Do one of these; a refusal is one sentence and exit code 2."""
    deeds: dict[str, Callable[[Path, Sequence[str]], int]] = {
        "up": up,
        "test": test,
        "bench": bench,
        "develop": develop,
        "command": command,
    }
    try:
        return deeds[deed](Path(clone), arguments)
    except CannotStart as refusal:
        say(str(refusal))
        return 2
    except OSError as error:
        say(f"{error.strerror}: {error.filename}." if error.filename else f"{error}.")
        return 2
    except KeyboardInterrupt:
        return 130


def up(clone: Path, arguments: Sequence[str]) -> int:
    """Install what is needed and become the supervisor; returns only by a refusal."""
    chosen = options.parse(arguments)
    ports.check(chosen.host, chosen.port)
    lock = clone / "requirements.lock"
    if os.geteuid() != 0:
        python = _in_clone(clone, lock)
        data = chosen.data or clone / ("var-demo" if chosen.demo else "var")
        signals.hold()
        return _become(python, ["-m", "heliograph.embedded.up", *chosen.as_arguments(data)], None, clone)
    os.umask(0o022)
    account = accounts.service()
    data = _data_for(account, chosen.data or house.HOME / ("demo" if chosen.demo else "data"))
    python = house.install(clone, lock, account)
    if not data.exists():
        data.mkdir(mode=0o700)
        os.chown(data, account.uid, account.gid)
    if not account.named:
        made = subprocess.run([python, "-m", "heliograph.embedded.cluster", data], cwd="/", check=False)
        if made.returncode:
            return made.returncode
    signals.hold()
    return _become(python, ["-m", "heliograph.embedded.up", *chosen.as_arguments(data)], account, Path("/"))


#: All tests: three processes at once, each with servers of its own, a file of tests never split between them. Three on
#: two cores, since tests of what is away or slow mostly wait. In the order of the alphabet, so that the longest files
#: (tests/browser, tests/faults) are the first and not the last.
_WHOLE_SUITE = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")


def test(clone: Path, arguments: Sequence[str]) -> int:
    """Install what the tests need and run them; pytest's totals are the last thing printed.

    Without options of one's own, or with none but what pytest reports, all tests run, in three processes.
    """
    if all(argument.startswith("--durations") for argument in arguments):
        arguments = [*_WHOLE_SUITE, *arguments]
    missing = debian.ensure(clone / "packages.txt")
    if missing:
        say(f"NOT INSTALLED, so their tests are LEFT OUT: {', '.join(missing)}")
        if os.environ.get("CI") == "true":
            raise CannotStart("Under CI nothing may be left out.")
    lock = clone / "requirements-test.lock"
    if os.geteuid() != 0:
        python = _in_clone(clone, lock)
        return subprocess.run([python, "-m", "pytest", *arguments], cwd=clone, check=False).returncode
    os.umask(0o022)
    account = accounts.service()
    python, tree = house.install_tests(clone, lock, account)
    say(f"as root, the tests run as user {account} in a copy, {tree}")
    variables = _variables(account)
    # What Python compiles it keeps beside the copy: the tests start a few hundred processes of the same code.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(
        [python, "-m", "pytest", *arguments],
        cwd=tree,
        env=variables,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        check=False,
    ).returncode


def bench(clone: Path, arguments: Sequence[str]) -> int:
    """Install what the tests need and run the benches; servers that they start change user by themselves."""
    python = _in_clone(clone, clone / "requirements-test.lock")
    return subprocess.run([python, "-m", "bench.table", *arguments], cwd=clone, check=False).returncode


def command(clone: Path, arguments: Sequence[str]) -> int:
    """Become the `heliograph` command of this clone, as the user that its network runs as."""
    lock = clone / "requirements.lock"
    told = ["-m", "heliograph.ops.command", *arguments]
    if os.geteuid() != 0:
        return _become(_in_clone(clone, lock), told, None, Path.cwd())
    os.umask(0o022)
    account = accounts.service()
    return _become(house.install(clone, lock, account), told, account, Path("/"))


def develop(clone: Path, arguments: Sequence[str]) -> int:
    """Make .venv with everything that editors, linters and tests want."""
    if arguments:
        raise CannotStart("bin/develop takes no options.")
    print(_in_clone(clone, clone / "requirements-test.lock"))
    return 0


def _in_clone(clone: Path, lock: Path) -> Path:
    tools = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "heliograph"
    with venv.one_at_a_time(clone):
        return venv.ensure(clone / ".venv", Plan(lock, interpreter.own(), clone, tools))


def _data_for(account: Account, data: Path) -> Path:
    wall = accounts.unreachable(data if data.exists() else data.parent, account, write=data.exists())
    if wall is not None:
        raise CannotStart(
            f"Everything runs as user {account}, who may not use {wall}; "
            f"choose another --data, or give that folder to {account}."
        )
    return data


def _become(python: Path, arguments: Sequence[str], account: Account | None, folder: Path) -> int:
    """Go on as another program and, when an account is given, as that user for good."""
    variables = dict(os.environ)
    if account is not None:
        variables = _variables(account)
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    for name in [name for name in variables if name.startswith("PYTHON")]:
        del variables[name]
    os.chdir(folder)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(python, [str(python), *arguments], variables)  # noqa: S606


def _variables(account: Account) -> dict[str, str]:
    """The caller's variables, less those that lead into root's home."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(part for part in parts if _open(part, account))
    told = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SUDO_", "PYENV"))
    }
    return {**told, "HOME": str(house.HOME), "USER": str(account), "LOGNAME": str(account), "PATH": path}


def _open(folder: str, account: Account) -> bool:
    try:
        return accounts.unreachable(Path(folder), account) is None
    except OSError:
        return False
