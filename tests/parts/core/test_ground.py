"""The ground: knobs, errors, cursors, limits, and how Valkey is spoken to."""

from __future__ import annotations

import base64
import dataclasses
import os
import pickle
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import cursor, environment, errors, limits, paging, trips, valkey
from heliograph.core.environment import BadEnvironment
from heliograph.core.errors import Limited
from tests.harness.servers import Network
from tests.harness.threads import together

_LEAST = {"HELIOGRAPH_SECRET_KEY": "k" * 32, "HELIOGRAPH_DIRECTORY": "dbname=d"}


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(BadEnvironment) as told:
        environment.load(
            {"HELIOGRAPH_FEED_MAX": "many", "HELIOGRAPH_NONSENSE": "1", "HELIOGRAPH_DEBUG": "maybe"}
        )
    text = str(told.value)
    for mistake in ("SECRET_KEY is missing", "DIRECTORY is missing", "FEED_MAX", "NONSENSE is not", "DEBUG"):
        assert mistake in text


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("FEED_MAX", "many", "'many' is not a whole number"),
        ("FEED_MAX", "-1", "-1 is less than 1"),
        ("FEED_MAX", "0", "0 is less than 1"),
        ("FEED_MAX", "9" * 20, "is more than 2147483647"),
        ("FEED_MAX", "9" * 5000, "is more than 2147483647"),
        ("UPLOAD_FREE_BYTES", str(2**63), "is more than 4611686018427387904"),
        ("FEED_MAX", "x" * 200, "is not a whole number"),
        ("ACCOUNT_GRACE_DAYS", "2000000000", "2000000000 is more than 36500"),
        ("HASHING_THREADS", "2000000000", "2000000000 is more than 1024"),
        ("MAIL_FROM", "a b@c d", "has no mail address"),
        ("METRICS_PORT", "65536", "65536 is more than 65535"),
        ("OUTGOING_PORTS", "443, http", "'http' is not a whole number"),
        ("OUTGOING_PORTS", "0", "0 is less than 1"),
        ("MAIL_FROM", "foo", "'foo' has no mail address"),
        ("MAIL_FROM", "a@b\nBcc: c@d", "cannot be in a header"),
        ("DEMO", "yes", "'yes' is neither no nor credits nor open"),
        ("LOG_FORMAT", "xml", "'xml' is neither line nor json"),
        ("UPLOAD_MAX_BYTES", "1e9", "'1e9' is not a whole number"),
        ("SIGN_UPS_PER_HOUR", "-3", "-3 is less than 0"),
        ("URL", "ftp://a.b", "neither http:// nor https:// and a name"),
        ("URL", "a.b", "neither http:// nor https:// and a name"),
        ("URL", "https://a.b/photos", "without a path"),
        ("URL", "https://a.b:99999", "Port out of range"),
        ("TRUSTED_PROXIES", "10.0.0.1, proxy", "'proxy' is neither an address nor a network"),
    ],
)
def test_what_would_only_be_noticed_later_is_refused_at_the_start(
    name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadEnvironment) as told:
        environment.load({**_LEAST, f"HELIOGRAPH_{name}": value})
    assert sentence in str(told.value)


def test_a_sender_may_have_a_name_in_any_writing() -> None:
    variables = {**_LEAST, "HELIOGRAPH_MAIL_FROM": "写真\u3000共有 <a@example.org>"}
    assert environment.load(variables).mail_from.startswith("写真")


def test_a_disk_may_be_larger_than_a_number_of_32_bits() -> None:
    variables = {**_LEAST, "HELIOGRAPH_UPLOAD_FREE_BYTES": str(10**13)}
    assert environment.load(variables).upload_free_bytes == 10**13


def test_nobody_may_sign_up_where_the_limit_is_none() -> None:
    assert environment.load({**_LEAST, "HELIOGRAPH_SIGN_UPS_PER_HOUR": "0"}).sign_ups_per_hour == 0


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("x" * 40 + "\n")
    variables = {**_LEAST, "HELIOGRAPH_SECRET_KEY_FILE": str(file)}
    assert environment.load(variables).secret_key == "x" * 40


def test_values_have_types() -> None:
    read = environment.load(
        {**_LEAST, "HELIOGRAPH_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16", "HELIOGRAPH_URL": "https://a.b/"}
    )
    assert read.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")
    assert (read.url, read.secure) == ("https://a.b", True)


def test_the_docstring_is_the_sentence_and_errors_travel() -> None:
    error = errors.Limited(retry_after_seconds=9, cause="secret cause")
    assert error.sentence == "That was a little too often. Wait a moment and try again."
    assert "secret" not in error.sentence
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.retry_after_seconds, again.sentence) == (Limited, 9, error.sentence)


@pytest.mark.parametrize("value", ["", "7", "234979730208588845", "ü" * 30])
def test_a_sealed_value_comes_back_and_is_not_to_be_read(value: str) -> None:
    sealed = cursor.seal("feed", value)
    assert cursor.unseal("feed", sealed) == value
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    # A single character is in a random text by chance; longer ones are not.
    assert len(value) < 5 or (value not in sealed and value.encode() not in raw)
    assert cursor.seal("feed", value) != sealed


@pytest.mark.parametrize("text", ["", "x", "AAAA" * 20, "é", "\0", "a" * 10_000])
def test_what_nobody_sealed_is_refused(text: str) -> None:
    with pytest.raises(cursor.BadCursor):
        cursor.unseal("feed", text)


def test_a_cursor_of_another_kind_is_refused() -> None:
    with pytest.raises(cursor.BadCursor):
        cursor.unseal("likers", cursor.seal("feed", 7))


@pytest.mark.parametrize("text", ["-1", "9223372036854775808", "1e3", "٣", "0x10", "1 ", "9" * 400])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(cursor.BadCursor):
        cursor.number(text)


def test_numbers_are_numbers() -> None:
    assert [cursor.number(text) for text in (None, "", "0", "9223372036854775807")] == [
        None,
        None,
        0,
        2**63 - 1,
    ]
    assert [paging.clamp(count) for count in (None, 0, -5, 7, 10**9)] == [20, 1, 1, 7, 100]


def test_a_limit_is_a_limit(network: Network) -> None:
    left = [limits.spend("t", "alice", allowed=3, seconds=60).left for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(Limited) as told:
        limits.spend("t", "alice", allowed=3, seconds=60)
    assert 0 < told.value.retry_after_seconds <= 60
    assert limits.spend("t", "bob", allowed=3, seconds=60).left == 2


@pytest.fixture
def stopped_valkey(network: Network) -> Iterator[Network]:
    """It runs, and says nothing."""
    assert network.valkey.process is not None
    environment.use(dataclasses.replace(environment.get(), valkey_timeout_ms=300))
    valkey.forget()  # a connection keeps the limit that it was made with
    os.kill(network.valkey.process.pid, signal.SIGSTOP)
    yield network
    os.kill(network.valkey.process.pid, signal.SIGCONT)
    environment.use(None)
    valkey.forget()
    valkey.patience.answered()


def test_a_silent_valkey_is_waited_for_once_and_not_by_every_call(stopped_valkey: Network) -> None:
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(valkey.ValkeyAway):
            valkey.call("GET", "a")
    assert time.monotonic() - began < 20 * 0.3 / 2, "half of what each of them would have waited"

    def ask() -> float:
        began = time.monotonic()
        with pytest.raises(valkey.ValkeyAway):
            valkey.call("GET", "a")
        return time.monotonic() - began

    time.sleep(0.4)
    waited = together(*[ask] * 5)
    assert sum(seconds > 0.2 for seconds in waited) == 1, "one knocks"


def test_a_valkey_that_speaks_again_is_heard_soon(stopped_valkey: Network) -> None:
    with pytest.raises(valkey.ValkeyAway):
        valkey.call("GET", "a")
    assert stopped_valkey.valkey.process is not None
    os.kill(stopped_valkey.valkey.process.pid, signal.SIGCONT)
    with pytest.raises(valkey.ValkeyAway):
        valkey.call("GET", "a")
    time.sleep(0.35)
    assert valkey.call("GET", "a") is None
    assert valkey.call("GET", "a") is None


def test_a_limit_holds_without_valkey(network: Network) -> None:
    network.valkey.kill()
    try:
        for _ in range(3):
            limits.spend("away", "alice", allowed=3, seconds=60)
        with pytest.raises(Limited):
            limits.spend("away", "alice", allowed=3, seconds=60)
    finally:
        network.valkey.start()


def test_many_commands_are_one_trip_and_one_mistake_is_one(network: Network) -> None:
    with trips.counted() as made:
        replies = valkey.pipeline([("SET", "a", 1), ("LPUSH", "a", 2), ("GET", "a")])
    assert made["valkey"] == 1
    assert isinstance(replies[1], valkey.ValkeyError)
    assert replies[2] == b"1"
    with pytest.raises(valkey.ValkeyError):
        valkey.call("LPUSH", "a", 2)


def test_a_script_is_known_again_after_a_restart(network: Network) -> None:
    script = valkey.Script("return {KEYS[1], ARGV[1]}")
    assert script(["k"], ["v"]) == [b"k", b"v"]
    before = valkey.run_id()
    network.valkey.kill()
    network.valkey.start()
    assert script(["k"], [1]) == [b"k", b"1"]
    assert valkey.run_id() != before


def test_every_thread_has_a_connection_of_its_own(network: Network) -> None:
    ids: list[Any] = together(*[lambda: valkey.call("CLIENT", "ID")] * 3)
    assert len(set(ids)) == 3


def test_big_values_come_whole(network: Network) -> None:
    big = b"x" * 3_000_000
    valkey.call("SET", "big", big)
    assert valkey.call("GET", "big") == big
