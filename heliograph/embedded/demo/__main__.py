"""`python -m heliograph.embedded.demo --ledger FILE`: makes the demo, while the network runs. Says how far in JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from heliograph.core.errors import HeliographError

_PAUSE_SECONDS = 0.1  # between two looks at what the worker has done


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", type=Path, required=True)
    asked = parser.parse_args()
    from heliograph.ops.ready import ready

    ready()
    from heliograph.embedded.demo import cast, making
    from heliograph.embedded.demo.ledger import Ledger

    whole = cast.load()
    work = making.Making(whole, Ledger(asked.ledger), wait=lambda: time.sleep(_PAUSE_SECONDS), tell=_tell)
    try:
        work.all()
    except HeliographError as error:
        print(error.sentence, flush=True)
        return 1
    except making.Unfinished as unfinished:
        print(unfinished, flush=True)
        return 1
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        print("The disk is full." if "No space left" in str(error) else str(error).split("\n")[0], flush=True)
        return 1
    print(json.dumps({"people": len(whole.members), "photos": len(whole.shots)}), flush=True)
    return 0


def _tell(done: int, of: int, about: str) -> None:
    print(json.dumps({"done": done, "of": of, "about": about}), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
