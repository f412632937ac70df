"""Stepping back for those who answer people."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph.core import background

_GROUP = Path("/proc/self/autogroup")

#: In the group of the kernel's own, where everything is that never began a session (what PID 1 starts without one, as
#: some CI does), the file is there and empty.
_TELL = "print((group.read_text().split() or ['of no session'])[-1] if group.exists() else 'no groups')"


def _told(what: str, *, leads: bool) -> list[str]:
    """What a process says that does this; `group` is what the kernel says of its group."""
    begin = "import pathlib, time; from heliograph.core import background; group = pathlib.Path('/proc/self/autogroup')"
    return subprocess.run(
        [sys.executable, "-c", f"{begin}\n{what}"],
        start_new_session=leads,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")[:-1]


def test_a_group_steps_back_and_comes_forward_when_it_is_late() -> None:
    told = _told(
        "place = background.Place()\n"
        "for late in (False, True, False):\n"
        f"    for _ in range(4): place.take(late=late); time.sleep(0.11)\n"
        f"    {_TELL}",
        leads=True,
    )
    assert told == (["10", "0", "10"] if _GROUP.exists() else ["no groups"] * 3)


def test_nobody_moves_the_group_of_those_they_were_started_by() -> None:
    told = _told(f"{_TELL}\nprint(background.step_group(10))\n{_TELL}", leads=False)
    assert told[1] == "False"
    assert told[0] == told[2]


def test_a_kernel_without_groups_is_no_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.getsid", lambda pid: os.getpid())
    monkeypatch.setattr(background, "_GROUP", tmp_path / "none" / "autogroup")
    assert not background.step_group(3)
    background.Place().take(late=False)
