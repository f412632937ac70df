"""`python -m tests.parts.embedded.little FOLDER SECONDS '{"name": "shell command", …}'`: a supervisor over shell
commands, which ends them hard after so many seconds.

A part whose command touches `$PWD/NAME.ready` is waited for. A process of its own, because a supervisor adopts
and ends everything that its process has started.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from heliograph.embedded import supervisor
from heliograph.embedded.lines import Printer
from heliograph.embedded.refusal import CannotStart
from heliograph.embedded.supervisor import Part, Stopped, Supervisor

supervisor.GRACE_SECONDS = 0.5
supervisor.PAUSES = (0.05, 0.1, 0.2)


def main(folder: Path, commands: dict[str, str]) -> int:
    def part(name: str, command: str) -> Part:
        mark = folder / f"{name}.ready"
        mark.unlink(missing_ok=True)
        ready = mark.exists if ".ready" in command else lambda: True
        return Part(
            name, lambda: ["/bin/sh", "-c", command], {"PATH": os.defpath}, ready, early=name == "early"
        )

    watcher = Supervisor(Printer(), folder=folder)
    watcher.handle_signals()
    try:
        watcher.end_leftovers()
        watcher.start([part(name, command) for name, command in commands.items()])
        print("ready", flush=True)
        watcher.watch()
    except Stopped:
        pass
    except CannotStart as refusal:
        watcher.stop()
        print(f"refused: {refusal}", flush=True)
        return 2
    watcher.stop()
    return 0


if __name__ == "__main__":
    supervisor.HARD_STOP_SECONDS = supervisor._YOUNG_GRACE = float(sys.argv[2])
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[3])))
