"""`python -m heliograph.embedded.prepare`: tables, the node, its shards; at first start the administrator's link.

One process for all of it, because starting Django is what takes the time. It says what it does in lines, and
its results in one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback

import psycopg

from heliograph.core.errors import HeliographError


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--node", required=True)
    parser.add_argument("--node-owner", required=True)
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--link", action="store_true", help="make the link for the first administrator")
    asked = parser.parse_args()
    from heliograph.ops.ready import ready

    ready()
    from heliograph.ops import clocks, migration

    try:
        migration.directory()
        _enter_node(asked.node, asked.node_owner, asked.shards)
        migration.shards(_progress)
        clock = clocks.look()
        if clock.refused:
            print(clock)
            return 1
        _take_up()
        link = _link() if asked.link else ""
    except HeliographError as error:
        print(error.sentence)
        return 1
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        print("The disk is full." if "No space left" in str(error) else str(error).split("\n")[0], flush=True)
        return 1
    print(json.dumps({"link": link, "people": _people()}))
    return 0


def _enter_node(conninfo: str, owner_conninfo: str, shards: int) -> None:
    """The first start makes the node; a later one says where it is now, for a data directory may be moved."""
    from heliograph.sharding import map, models, schema

    found = models.Node.objects.filter(number=1).first()
    if found is None:
        schema.add_node("local", conninfo, owner_conninfo, shards=shards)
    elif (found.conninfo, found.owner_conninfo) != (conninfo, owner_conninfo):
        found.conninfo, found.owner_conninfo = conninfo, owner_conninfo
        found.save()
        map.refresh()


def _progress(what: str, done: int, total: int) -> None:
    if done == total or done % 16 == 0:
        print(f"shards: {done} of {total}", flush=True)


def _take_up() -> None:
    """After a power cut: nobody works yet, so what is being done is done by nobody, and need not wait to be found."""
    from heliograph.core import environment
    from heliograph.sharding import map, nodes, queue_care

    for conninfo in (environment.get().directory, *(node.conninfo for node in map.nodes())):
        with psycopg.connect(nodes.with_passfile(conninfo), autocommit=True) as connection:
            queue_care.take_up_all(connection)


def _people() -> bool:
    """Whether anybody has signed up yet."""
    from heliograph.accounts.models import Person

    return Person.objects.exists()


def _link() -> str:
    from heliograph.accounts.errors import AdministratorExists
    from heliograph.flows import administrators

    try:
        return administrators.make_link()
    except AdministratorExists:  # an earlier first start was cut short after this
        return ""


if __name__ == "__main__":
    raise SystemExit(main())
