"""What `bin/up` does for a demo: who may have one, and making it once the network runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from heliograph.core import addresses
from heliograph.embedded.data import Data
from heliograph.embedded.lines import Printer
from heliograph.embedded.options import Options
from heliograph.embedded.refusal import CannotStart
from heliograph.embedded.supervisor import Part, Supervisor


def knob(chosen: Options, data: Data, variables: Mapping[str, str]) -> str:
    """HELIOGRAPH_DEMO for the processes: open only where nobody but this machine can come in. CannotStart when
    --demo was asked for and others could."""
    if not (chosen.demo or data.demo):
        return "no"
    url = variables["HELIOGRAPH_URL"]
    proxies = [
        name for name in variables if name.startswith("HELIOGRAPH_TRUSTED_PROXIES") and variables[name]
    ]
    alone = (
        addresses.is_loopback(chosen.host)
        and addresses.is_loopback(urlsplit(url).hostname or "")
        and not proxies
    )
    if chosen.demo and not alone:
        why = f"{proxies[0]} is set" if proxies else f"HELIOGRAPH_URL is {url}"
        raise CannotStart(
            f"--demo lets everybody in without a password, so it is for this machine alone, and {why}."
        )
    return "open" if alone else "credits"


def move_in(data: Data, *, people: bool) -> None:
    """Note that this data directory is a demo's; CannotStart when other people are in it."""
    if data.demo:
        return
    if people:
        raise CannotStart(
            f"Somebody has signed up in {data.folder} already, and --demo would put made-up people beside them; "
            "choose an empty --data for the demo."
        )
    data.becomes_demo()


def fill(part: Part, supervisor: Supervisor, printer: Printer) -> str:
    """Make what is missing of the demo; the sentence about it. The network runs on when that fails."""
    made: dict[str, int] = {}
    ended = False  # what is still said while everything stops is of no interest

    def told(line: str) -> None:
        said = json.loads(line)
        if ended:
            return
        if "done" in said:
            printer.bar("demo", said["done"], said["of"], said["about"])
        else:
            made.update(said)

    try:
        supervisor.run_beside(part, told)
    except CannotStart as error:
        return f"the demo is not complete: {error} Stop, and start it again, to go on where it stopped"
    finally:
        ended = True
        printer.no_bar()
    return f"{made['people']} people and {made['photos']} photos are there: open it and look around as Alice"
