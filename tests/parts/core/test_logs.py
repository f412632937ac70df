"""Lines of the log: their time, their form, and nothing secret in either."""

from __future__ import annotations

import io
import json
import logging

import pytest

from heliograph.core import environment, logs
from heliograph.core.redaction import Redacting

TOKEN = "1234.abcdef0.0123456789abcdef0123456789abcdef"


def _said(form: logging.Formatter, write: str, *arguments: object, trouble: Exception | None = None) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(form)
    handler.addFilter(Redacting())
    record = logging.LogRecord(
        "heliograph.test",
        logging.INFO,
        "x.py",
        1,
        write,
        arguments,
        (type(trouble), trouble, None) if trouble else None,
    )
    record.created = 1795000000.25
    handler.handle(record)
    return out.getvalue()


def test_a_line_for_people_begins_with_its_time_in_utc() -> None:
    assert _said(logs.Line(), "GET %s", "/x") == "2026-11-18T11:06:40.250Z INFO heliograph.test: GET /x\n"


def test_a_line_for_machines_is_one_object_without_secrets() -> None:
    said = _said(
        logs.Json(), 'GET %s "quoted"\n', f"/x?access_token={TOKEN}", trouble=ValueError(f"bad {TOKEN}")
    )
    assert said.count("\n") == 1 and TOKEN not in said
    line = json.loads(said)
    assert line["time"] == "2026-11-18T11:06:40.250Z"
    assert (line["level"], line["logger"]) == ("INFO", "heliograph.test")
    assert line["message"] == 'GET /x?access_token=- "quoted"\\n'
    assert line["trace"] == "ValueError: bad -"
    assert json.loads(_said(logs.Json(), "half a character: %s", "\ud83d"))["level"] == "INFO"


def test_what_concerns_security_has_its_facts_apart(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "heliograph.security"):
        logs.event("sign_in", outcome="refused", address="203.0.113.7", person=12)
    (record,) = caplog.records
    line = json.loads(logs.Json().format(record))
    assert {key: line[key] for key in ("event", "outcome", "address", "person")} == {
        "event": "sign_in",
        "outcome": "refused",
        "address": "203.0.113.7",
        "person": 12,
    }
    assert logs.Line().format(record).endswith("sign_in outcome=refused address=203.0.113.7 person=12")


def test_a_name_is_told_from_another_and_from_itself_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = logs.disguised("alice")
    assert mine == logs.disguised("alice") != logs.disguised("bob")
    assert "alice" not in mine
    other = environment.load({"HELIOGRAPH_SECRET_KEY": "y" * 40, "HELIOGRAPH_DIRECTORY": "-"})
    monkeypatch.setattr(environment, "_current", other)
    assert logs.disguised("alice") != mine


def test_a_form_that_there_is_not_stops_the_start() -> None:
    with pytest.raises(environment.BadEnvironment, match="neither line nor json"):
        environment.load(
            {"HELIOGRAPH_SECRET_KEY": "y" * 40, "HELIOGRAPH_DIRECTORY": "-", "HELIOGRAPH_LOG_FORMAT": "xml"}
        )
