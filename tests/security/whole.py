"""Everything that is in the databases, as one short number for each table: to see that a deed changed nothing."""

from __future__ import annotations

from tests.harness.jobs import Runner

_TABLES = """
SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables
WHERE schemaname !~ '^(pg_|information_schema)'
  AND schemaname || '.' || tablename <> ALL (%s)
ORDER BY 1
"""
#: Who is awake says so while nothing happens.
_BEATING = ["public.procrastinate_workers"]


def contents(runner: Runner) -> dict[str, str]:
    """A checksum by database and table."""
    found: dict[str, str] = {}
    for name in ("directory", "node1", "node2"):
        database = runner.database(name)
        tables = [row[0] for row in database.execute(_TABLES, (_BEATING,)).fetchall()]
        sql = " UNION ALL ".join(
            f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
            for table in tables
        )
        found |= {f"{name}: {table}": sum for table, sum in database.execute(sql.encode()).fetchall()}
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not what they were."""
    return sorted(table for table in before | after if before.get(table) != after.get(table))
