"""`python -m heliograph.embedded.cluster DATA`, as root: makes a database for a user that has no name.

initdb insists on a name, the server does not. Where there is no useradd, root therefore makes the database as
`nobody`, hands it over, and only then becomes the bare number that everything runs as.
"""

from __future__ import annotations

import sys
from pathlib import Path

from heliograph.embedded.data import Data
from heliograph.embedded.postgres import Postgres
from heliograph.embedded.refusal import CannotStart


def main(folder: Path) -> int:
    data = Data(folder)
    try:
        data.open()
        Postgres(folder / "postgres", run_dir=folder / "run").init()
    except CannotStart as refusal:
        data.undo()
        print(f"heliograph: {refusal}", file=sys.stderr)
        return 2
    finally:
        data.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
