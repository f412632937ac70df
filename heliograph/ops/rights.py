"""What the application role may do in the directory: use its tables, not change them."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from heliograph.core import environment
from heliograph.sharding import nodes

_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
)


def grant() -> None:
    """Give the application role its rights on the directory's tables. Safe to repeat."""
    env = environment.get()
    role = sql.Identifier(str(conninfo_to_dict(env.directory).get("user", "")))
    with psycopg.connect(nodes.with_passfile(env.owner_conninfo), autocommit=True) as connection:
        for statement in _GRANTS:
            connection.execute(sql.SQL(statement).format(role=role))
