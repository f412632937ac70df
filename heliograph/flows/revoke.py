"""Ending what stands for a person: the rows go in a transaction, the records in Valkey at once after it, and a job
makes sure when Valkey did not answer. Access ends within 5 seconds everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from heliograph.accounts import records
from heliograph.accounts.models import Token, WebSession
from heliograph.sharding.ids import PersonId
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import DirectoryTx


def tokens(tx: DirectoryTx, sha256s: Iterable[bytes]) -> None:
    """End these tokens."""
    hashes = list(sha256s)
    Token.objects.filter(sha256__in=hashes).delete()
    _forget(tx, [records.keys_of_token(sha256) for sha256 in hashes])


def browsers(tx: DirectoryTx, sha256s: Iterable[bytes]) -> None:
    """End these web sessions."""
    hashes = list(sha256s)
    WebSession.objects.filter(sha256__in=hashes).delete()
    _forget(tx, [records.keys_of_browser(sha256) for sha256 in hashes])


def everything(tx: DirectoryTx, person_id: PersonId, *, but: bytes | None = None) -> None:
    """End all tokens and web sessions of a person, except the one with the SHA-256 `but`."""
    own_tokens = Token.objects.filter(person_id=person_id).values_list("sha256", flat=True)
    tokens(tx, [sha256 for sha256 in map(bytes, own_tokens) if sha256 != but])
    own_browsers = WebSession.objects.filter(person_id=person_id).values_list("sha256", flat=True)
    browsers(tx, [sha256 for sha256 in map(bytes, own_browsers) if sha256 != but])


def _forget(tx: DirectoryTx, keys: list[str]) -> None:
    if keys:
        tx.enqueue("forget_record.v1", keys=keys)
        tx.after_commit(lambda: records.forget(keys))


@task("forget_record.v1", lane="feed", away_pause=4)
def forget_record(keys: list[str]) -> None:
    """Refuse credentials whose rows are gone; the request has done the same, if it could."""
    records.forget(keys)


@task("forget_person.v1", lane="feed", away_pause=4)
def forget_person(person_id: PersonId) -> None:
    """Ask anew about all credentials of a person, whose state or name has changed."""
    records.forget_person(person_id)
