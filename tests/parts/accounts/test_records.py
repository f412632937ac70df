"""Records of who is asking: only good news that is still true lets anybody in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from heliograph.accounts import credentials, records
from heliograph.accounts.errors import Suspended, TokenMalformed, TokenRevoked
from heliograph.accounts.models import Person, Token, WebSession
from heliograph.core import clock, environment, valkey
from heliograph.core.errors import NotFound, Unavailable
from heliograph.flows import revoke, sign_in, web_sessions
from heliograph.pages import who
from heliograph.sharding import sessions
from tests.parts.accounts.threads import at_once


@pytest.fixture
def token(alice: Any) -> str:
    return sign_in.issue_token(alice.id)


@pytest.fixture
def browser(alice: Any) -> str:
    return web_sessions.open(alice.id, "Firefox")


@pytest.fixture
def no_valkey(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def go_away() -> None:
        def away(*_: Any) -> Any:
            raise valkey.ValkeyAway(cause="a test")

        monkeypatch.setattr(valkey, "pipeline", away)

    return go_away


def test_only_the_hash_of_a_token_is_kept(alice: Any, token: str, browser: str) -> None:
    who.from_token(token)
    who.from_web_session(browser)
    row = Token.objects.get()
    assert bytes(row.sha256) == credentials.sha256(token)
    kept = [valkey.call("GET", key) for key in valkey.call("KEYS", "*")]
    kept += valkey.call("KEYS", "*")
    assert not [text for text in kept if text and (token.encode() in text or browser.encode() in text)]


def test_a_token_is_known_from_memory_after_its_first_use(alice: Any, token: str, count_trips: Any) -> None:
    assert who.from_token(token) == who.Viewer(alice.id, frozenset(credentials.ALL_SCOPES), "alice")
    with count_trips() as made:
        assert who.from_token(token).person_id == alice.id
    assert dict(made) == {"valkey": 1}


def test_a_browser_is_known_from_memory_after_its_first_use(
    alice: Any, browser: str, count_trips: Any
) -> None:
    viewer = who.from_web_session(browser)
    assert viewer is not None and viewer.person_id == alice.id
    with count_trips() as made:
        assert who.from_web_session(browser) == viewer
    assert dict(made) == {"valkey": 1}


def test_the_feed_comes_in_the_same_round_trip(
    alice: Any, token: str, browser: str, count_trips: Any
) -> None:
    who.from_token(token)
    who.from_web_session(browser)
    valkey.call("RPUSH", f"feed:{alice.id}", "3", "2", "0")
    with count_trips() as made:
        assert who.from_token_and_feed(token)[1] == [b"3", b"2", b"0"]
        assert who.from_web_session_and_feed(browser)[1] == [b"3", b"2", b"0"]
    assert dict(made) == {"valkey": 2}


def test_a_feed_that_is_not_there_is_no_empty_feed(alice: Any, token: str) -> None:
    assert who.from_token_and_feed(token)[1] is None


def test_the_feed_of_somebody_else_is_never_given(alice: Any, bob: Any, token: str) -> None:
    valkey.call("RPUSH", f"feed:{bob.id}", "7")
    altered = token.replace(str(alice.id), str(bob.id))
    with pytest.raises(TokenRevoked):
        who.from_token_and_feed(altered)
    # Even if a record for the altered token came to be there, and said Alice.
    who.from_token(token)
    valkey.call("COPY", records.token_key(token), records.token_key(altered), "REPLACE")
    with pytest.raises(TokenRevoked):
        who.from_token_and_feed(altered)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "null", "Bearer 1", "1.0000001." + "G" * 32, "\0", "x" * 10_000]
)
def test_a_malformed_token_asks_nobody(network: Any, count_trips: Any, text: str) -> None:
    with count_trips() as made:
        with pytest.raises(TokenMalformed):
            who.from_token(text)
        assert who.from_web_session(text) is None
    assert not made


def test_a_token_that_never_was_is_refused_and_the_refusal_remembered(alice: Any, count_trips: Any) -> None:
    wrong = credentials.new_token(alice.id, "built-in")
    with pytest.raises(TokenRevoked):
        who.from_token(wrong)
    with count_trips() as made, pytest.raises(TokenRevoked):
        who.from_token(wrong)
    assert dict(made) == {"valkey": 1}
    assert 0 < valkey.call("TTL", records.token_key(wrong)) <= records.GONE_SECONDS


def test_a_token_lives_as_long_as_it_was_given(alice: Any) -> None:
    token = sign_in.issue_token(alice.id, lives=timedelta(minutes=10))
    who.from_token(token)
    assert valkey.call("TTL", records.token_key(token)) <= 600
    clock.shift(timedelta(minutes=11))
    with pytest.raises(TokenRevoked):  # the record is still there, and says until when
        who.from_token(token)
    valkey.call("FLUSHALL")
    with pytest.raises(TokenRevoked):
        who.from_token(token)


def test_a_browser_that_comes_back_stays_signed_in(alice: Any, browser: str) -> None:
    for _ in range(5):
        clock.shift(clock._shift + timedelta(days=40))
        valkey.call("FLUSHALL")
        assert who.from_web_session(browser) is not None


def test_a_browser_that_stays_away_does_not(alice: Any, browser: str) -> None:
    clock.shift(timedelta(days=61))
    assert who.from_web_session(browser) is None


def test_a_browser_that_is_used_every_day_signs_in_again_after_a_year(
    alice: Any, browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(50, 365, 50):
        clock.shift(timedelta(days=days))
        valkey.call("FLUSHALL")
        assert who.from_web_session(browser) is not None
    clock.shift(timedelta(days=366))
    assert who.from_web_session(browser) is None
    valkey.call("FLUSHALL")
    assert who.from_web_session(browser) is None


def test_or_never_where_the_operator_wants_it_so(
    alice: Any, browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_current", replace(environment.get(), session_days=0))
    for days in range(50, 500, 50):
        clock.shift(timedelta(days=days))
        valkey.call("FLUSHALL")
        assert who.from_web_session(browser) is not None


def test_a_visit_is_not_written_down_each_time(alice: Any, browser: str) -> None:
    before = WebSession.objects.get().seen_at
    clock.shift(timedelta(minutes=59))
    valkey.call("FLUSHALL")
    who.from_web_session(browser)
    assert WebSession.objects.get().seen_at == before


def test_scopes_are_those_it_was_given(alice: Any) -> None:
    token = sign_in.issue_token(alice.id, scopes=["basic"])
    assert who.from_token(token).scopes == {"basic"}
    assert who.from_token(token).scopes == {"basic"}


def test_nobody_gets_a_token_for_nobody(network: Any) -> None:
    with pytest.raises(NotFound):
        sign_in.issue_token(2**40)
    with pytest.raises(NotFound):
        web_sessions.open(2**40)


# Revoking


def test_a_revoked_token_is_refused_at_once(alice: Any, token: str) -> None:
    who.from_token(token)
    sign_in.revoke_token(token)
    with pytest.raises(TokenRevoked):
        who.from_token(token)


def test_also_by_an_emptied_memory(alice: Any, token: str, browser: str) -> None:
    who.from_token(token)
    sign_in.revoke_token(token)
    web_sessions.close(browser)
    valkey.call("FLUSHALL")
    with pytest.raises(TokenRevoked):
        who.from_token(token)
    assert who.from_web_session(browser) is None


def test_an_emptied_memory_signs_nobody_out(alice: Any, token: str, browser: str) -> None:
    who.from_token(token)
    who.from_web_session(browser)
    valkey.call("FLUSHALL")
    assert who.from_token(token).person_id == alice.id
    assert who.from_web_session(browser) is not None


def test_without_valkey_the_directory_answers(
    alice: Any, token: str, browser: str, no_valkey: Callable[[], None]
) -> None:
    no_valkey()
    assert who.from_token(token).person_id == alice.id
    assert who.from_token_and_feed(token)[1] is None
    assert who.from_web_session(browser) is not None
    sign_in.revoke_token(token)
    with pytest.raises(TokenRevoked):
        who.from_token(token)


def test_a_revocation_that_valkey_did_not_hear_is_made_sure_by_a_job(
    alice: Any, token: str, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    who.from_token(token)
    with monkeypatch.context() as away:

        def unheard(keys: Any) -> None:
            raise valkey.ValkeyAway(cause="a test")

        away.setattr(records, "forget", unheard)
        sign_in.revoke_token(token)
    assert who.from_token(token).person_id == alice.id  # its record has survived …
    run_jobs(only=lambda task: task == "forget_record.v1")
    with pytest.raises(TokenRevoked):  # … until the job
        who.from_token(token)


def test_revoking_twice_or_what_never_was_says_nothing(alice: Any, token: str) -> None:
    sign_in.revoke_token(token)
    sign_in.revoke_token(token)
    sign_in.revoke_token("nonsense")
    web_sessions.close("nonsense")


def test_closing_all_keeps_the_one_that_asks(alice: Any, bob: Any, token: str, browser: str) -> None:
    another, of_bob = web_sessions.open(alice.id), web_sessions.open(bob.id)
    web_sessions.close_all(alice.id, but=browser)
    assert who.from_web_session(browser) is not None
    assert who.from_web_session(another) is None
    assert who.from_web_session(of_bob) is not None
    with pytest.raises(TokenRevoked):
        who.from_token(token)


# The race: a miss reads "good", a revocation commits and is written, the miss writes "good"


def _revoked_in_between(monkeypatch: pytest.MonkeyPatch, name: str, deed: Callable[[], None]) -> None:
    """Do the deed right after the directory was read by a miss, on a connection of its own."""
    read = getattr(who, name)

    def read_then_deed(sha256: bytes) -> Any:
        found = read(sha256)
        monkeypatch.setattr(who, name, read)
        assert at_once(deed) == [None]
        return found

    monkeypatch.setattr(who, name, read_then_deed)


def test_old_news_never_overwrite_a_revocation(
    alice: Any, token: str, browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _revoked_in_between(monkeypatch, "_token", lambda: sign_in.revoke_token(token))
    _revoked_in_between(monkeypatch, "_browser", lambda: web_sessions.close(browser))
    assert who.from_token(token).person_id == alice.id  # asked before it was revoked
    assert who.from_web_session(browser) is not None
    with pytest.raises(TokenRevoked):
        who.from_token(token)
    assert who.from_web_session(browser) is None


def test_nor_when_memory_is_emptied_on_top_of_it(
    alice: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deed() -> None:
        sign_in.revoke_token(token)
        valkey.call("FLUSHALL")

    _revoked_in_between(monkeypatch, "_token", deed)
    who.from_token(token)
    with pytest.raises(TokenRevoked):
        who.from_token(token)


def test_nor_a_suspension(alice: Any, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def deed() -> None:
        suspend(alice.id)
        records.forget_person(alice.id)

    _revoked_in_between(monkeypatch, "_token", deed)
    who.from_token(token)
    with pytest.raises(Suspended):
        who.from_token(token)


def test_two_misses_at_once_leave_one_good_record(alice: Any, token: str, count_trips: Any) -> None:
    seen = b""
    lease = records._take(records.token_key(token), seen)
    assert lease is not None
    assert who.from_token(token).person_id == alice.id  # the second: answered, but not written
    assert valkey.call("GET", records.token_key(token)).startswith(b"lease:")
    records._keep(records.token_key(token), lease, None)
    with pytest.raises(TokenRevoked):
        who.from_token(token)


def test_a_record_of_an_earlier_life_of_valkey_counts_for_nothing(
    alice: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Valkey restarts with the data of a minute ago, in which the token was good.
    who.from_token(token)
    old = valkey.call("GET", records.token_key(token))
    sign_in.revoke_token(token)
    valkey.call("SET", records.token_key(token), old)
    with monkeypatch.context() as another_life:
        another_life.setattr(valkey, "life", lambda: "another")
        with pytest.raises(TokenRevoked):
            who.from_token(token)


def test_and_is_replaced_by_one_of_this_life(alice: Any, token: str, count_trips: Any) -> None:
    with pytest.MonkeyPatch.context() as another_life:
        another_life.setattr(valkey, "life", lambda: "another")
        who.from_token(token)
    who.from_token(token)
    with count_trips() as made:
        who.from_token(token)
    assert dict(made) == {"valkey": 1}


def test_a_life_ends_with_the_server(servers: Any, network: Any) -> None:
    before = valkey.life()
    network.valkey.stop()
    with pytest.raises(Unavailable):
        valkey.call("PING")
    network.valkey.start()
    valkey.call("PING")
    assert valkey.life() not in ("", before)


# Suspending


def suspend(person_id: int, state: str = "suspended") -> None:
    """As flows/suspend does, home first."""
    at_home(person_id, state)
    Person.objects.filter(id=person_id).update(state=state)


def at_home(person_id: int, state: str) -> None:
    sql = "UPDATE {s}.person SET state = %s WHERE id = %s"
    sessions.write(person_id, lambda tx: tx.run(sql, (state, person_id)))


def test_a_suspended_person_is_out_everywhere_and_back_when_restored(
    alice: Any, bob: Any, token: str, browser: str
) -> None:
    of_bob = sign_in.issue_token(bob.id)
    who.from_token(token)
    who.from_web_session(browser)
    suspend(alice.id)
    records.forget_person(alice.id)
    with pytest.raises(Suspended):
        who.from_token(token)
    with pytest.raises(Suspended):
        who.from_token(token)  # from memory
    assert who.from_web_session(browser) is None
    assert who.from_token(of_bob).person_id == bob.id
    suspend(alice.id, "active")
    records.forget_person(alice.id)
    assert who.from_token(token).person_id == alice.id
    assert who.from_web_session(browser) is not None


@pytest.mark.damages("home and directory differ, as in the moment between the two writes of a suspension")
def test_what_the_home_says_counts_before_the_directory_knows(alice: Any, token: str, browser: str) -> None:
    at_home(alice.id, "suspended")
    with pytest.raises(Suspended):
        who.from_token(token)
    assert who.from_web_session(browser) is None


def test_a_suspended_person_gets_nothing_new(alice: Any) -> None:
    suspend(alice.id)
    with pytest.raises(Suspended):
        sign_in.issue_token(alice.id)
    with pytest.raises(Suspended):
        web_sessions.open(alice.id)
    suspend(alice.id, "active")


def test_forgetting_a_person_is_a_job_too(alice: Any, token: str) -> None:
    who.from_token(token)
    revoke.forget_person(alice.id)
    assert valkey.call("GET", records.token_key(token)) is None
    assert who.from_token(token).person_id == alice.id


def test_whoever_lives_on_a_node_that_is_away_is_still_known(
    alice: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heliograph.accounts import home

    def away(*_: Any) -> Any:
        raise Unavailable(cause="a test")

    monkeypatch.setattr(home, "load", away)
    assert who.from_token(token).person_id == alice.id
