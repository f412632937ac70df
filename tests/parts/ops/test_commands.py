"""What an operator types, and what is answered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from heliograph.core import environment
from heliograph.core.errors import Invalid
from heliograph.ops import command as operators
from heliograph.ops.commands import audit, jobs, metrics, people, shards
from heliograph.sharding import map, sessions
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.parts.sharding import test_queue

assert test_queue  # its tasks are enqueued here


def typed(command: Any, *words: str) -> Result:
    return CliRunner().invoke(command, words, catch_exceptions=False)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("--data /there audit", "--data /there audit"),
        ("audit --data /there", "--data /there audit"),
        ("people delete --yes --data=/there erin", "--data=/there people delete --yes erin"),
        ("people suspend -- --data", "people suspend -- --data"),
        ("audit --data", "--data audit"),
    ],
)
def test_where_the_data_is_may_be_said_anywhere(told: str, read: str) -> None:
    assert operators._data_first(told.split()) == read.split()


@pytest.mark.parametrize(
    ("name", "address", "why"),
    [
        ("far", "nonsense", "no connection string"),
        ("far", "host=/nowhere dbname=x user=y", "no database that answers"),
        ("far", "host=/nowhere dbname=x", "user="),
        ("", "host=/nowhere user=y", "a name"),
        ("x" * 100, "host=/nowhere user=y", "a name"),
        ("a b", "host=/nowhere user=y", "a name"),
        ("node1", "host=/nowhere user=y", "already"),
    ],
)
def test_a_node_that_nobody_could_ask_is_not_entered(
    network: Network, name: str, address: str, why: str
) -> None:
    """Everything asks all nodes of the map from then on, also the next start."""
    before = map.nodes()
    with pytest.raises(Invalid) as refused:
        typed(
            shards.command,
            "add-node",
            name,
            "--conninfo",
            address,
            "--owner-conninfo",
            address,
            "--shards",
            "0",
        )
    assert why in refused.value.sentence
    map.refresh()
    assert map.nodes() == before


def test_naming_a_node_again_changes_nothing(network: Network) -> None:
    (node,) = (node for node in map.nodes() if node.name == "node1")
    told = ["--conninfo", node.conninfo, "--owner-conninfo", node.owner_conninfo, "--shards", "0"]
    assert "node1 has 4 shards." in typed(shards.command, "add-node", "node1", *told).output


def test_jobs_are_counted_by_database(alice: Somebody) -> None:
    sessions.write(alice.id, lambda tx: tx.enqueue("test_note.v1", what=1))
    said = typed(jobs.command).output
    assert "node1: 1 feed todo" in said
    assert "node2: no jobs; 0 rows to mirror" in said


def test_a_failed_job_is_shown_retried_and_forgotten(alice: Somebody, run_jobs: Any) -> None:
    assert typed(jobs.command, "failed").exit_code == 0
    sessions.write(alice.id, lambda tx: tx.enqueue("test_poison.v1"))
    run_jobs(allow_failures=True)
    shown = typed(jobs.command, "failed")
    assert shown.exit_code == 1
    name = shown.output.split()[0]
    assert name.startswith("node1:")
    assert "1 jobs wait again" in typed(jobs.command, "retry", name).output
    run_jobs(allow_failures=True)
    assert "1 jobs are forgotten" in typed(jobs.command, "forget", name).output
    assert typed(jobs.command, "failed").exit_code == 0


@pytest.mark.parametrize(
    "words", [("retry",), ("retry", "--all", "node1:1"), ("forget", "node1"), ("forget", "x:y")]
)
def test_what_makes_no_sense_is_refused(network: Network, words: tuple[str, ...]) -> None:
    assert typed(jobs.command, *words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("failed", "--most", "0"),
        ("retry", "nowhere:1"),
        ("forget", "node1:²"),
        ("retry", "node1:" + "9" * 30),
    ],
)
def test_jobs_that_cannot_be_are_refused(network: Network, words: tuple[str, ...]) -> None:
    refused = typed(jobs.command, *words)
    assert refused.exit_code == 2
    assert "Usage:" in refused.output


def test_who_is_suspended_already_is_said_to_be(alice: Somebody) -> None:
    for deed, told in [
        ("suspend", "@alice is suspended."),
        ("suspend", "@alice was suspended already."),
        ("restore", "@alice is restored."),
        ("restore", "@alice was not suspended."),
    ]:
        assert typed(people.command, deed, "@Alice").stdout.splitlines()[-1] == told


def test_an_argument_in_no_encoding_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["heliograph", "people", "suspend", "al\udcffice"])
    with pytest.raises(SystemExit) as ended:
        operators.main()
    assert ended.value.code == 2
    assert r"'al\udcffice' is not written" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "a" * 300])
def test_numbers_that_cannot_be_served_there_are_a_sentence(
    network: Network, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = dataclasses.replace(environment.get(), metrics_dir=str(tmp_path), metrics_port=0)
    monkeypatch.setattr(environment, "get", lambda: chosen)
    monkeypatch.setattr("signal.signal", lambda *told: None)
    refused = typed(metrics.command, "--host", host)
    assert refused.exit_code == 2
    assert f"Nothing can listen on {host}" in refused.output


def test_shards_are_up_to_date(network: Network) -> None:
    said = typed(shards.command, "status")
    assert said.exit_code == 0
    assert "node2: 4 shards (5 to 8)" in said.output
    assert "Everything is up to date" in typed(shards.command, "migrate").output


def test_audit_ends_with_1_when_something_differs_and_mends_it(alice: Somebody, run_jobs: Any) -> None:
    run_jobs()
    assert typed(audit.command, "--no-files").exit_code == 0
    sessions.write(alice.id, lambda tx: tx.run("UPDATE {s}.counters SET photos = 3"))
    said = typed(audit.command, "--no-files", "--repair")
    assert said.exit_code == 1
    assert "counter photos" in said.output
    assert typed(audit.command, "--no-files").exit_code == 0
