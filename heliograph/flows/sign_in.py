"""Signing in: is this the password, and a token for whoever asked.

Whatever is wrong, the answer is the same sentence after the same work: one look in the directory and one argon2. (A
hash that was made in an older way takes the time of that, until its owner signs in.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from heliograph.accounts import credentials, entry, names, passwords, states
from heliograph.accounts.credentials import ALL_SCOPES
from heliograph.accounts.errors import BadCredentials, Leaving, Suspended
from heliograph.accounts.models import Person
from heliograph.core import addresses, environment, limits, logs, metrics
from heliograph.core.errors import NotFound
from heliograph.flows import revoke
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.sessions import DirectoryTx


@dataclass
class Proof:
    """That somebody knew a person's password, which is kept as `password`: good while that is so."""

    person_id: PersonId
    password: str


def prove(login: str, password: str, *, address: str | None) -> Proof:
    """Who signs in, by username or verified e-mail address.

    BadCredentials for everything that does not fit; Suspended and Leaving only to somebody who knows the password.
    Limited by address and by name: the second also when the attempts come from everywhere.
    """
    with metrics.time("sign_in_seconds"):
        _spend(login, address)
        person = entry.known(sessions.reader().directory, login)
        sessions.leave_directory()
        proof = Proof(0, "") if person is None else Proof(person.id, person.password)
        if not passwords.matches(
            password, person.password if person else None, _upgrade(person, proof, password)
        ):
            _note("refused", login, address)
            raise BadCredentials()
        assert person is not None  # noqa: S101 - nobody's password never matches
        state = states.of(sessions.reader(), person.id, person.state)
        if state == states.DELETING:
            raise Leaving(person.id)
        if state != states.ACTIVE:
            _note("suspended", login, address)
            raise Suspended()
        _note("welcome", login, address, person=person.id)
        return proof


def _note(outcome: str, login: str, address: str | None, **who: int) -> None:
    metrics.count("sign_ins_total", outcome=outcome)
    logs.event(
        "sign_in",
        outcome=outcome,
        address=address or "",
        name=logs.disguised(names.fold(login[:1000])),
        **who,
    )


def _spend(login: str, address: str | None) -> None:
    allowed = environment.get().sign_ins_per_minute
    if address is not None:
        limits.spend("sign_in_address", addresses.household(address), allowed=allowed, seconds=60)
        who = credentials.sha256(names.fold(login) or login[:1000]).hex()[:32]
        limits.spend("sign_in_name", who, allowed=allowed, seconds=60)


def _upgrade(person: entry.Known | None, proof: Proof, typed: str) -> Callable[[str], None] | None:
    """Keeps the password in today's way of hashing, once it was right in an older one; the proof is then of that."""
    if person is None:
        return None
    mine = Person.objects.filter(id=person.id)

    def keep(encoded: str) -> None:
        # Only over the same old hash: the password may be changed in this very moment.
        if mine.filter(password=person.password).update(password=encoded):
            proof.password = encoded
            return
        # Or somebody else who typed the same one was quicker.
        now = mine.values_list("password", flat=True).first()
        if now is not None and passwords.matches(typed, now):
            proof.password = now

    return keep


def issue_token(
    person_id: PersonId,
    *,
    client: str = "built-in",
    scopes: Iterable[str] = ALL_SCOPES,
    lives: timedelta | None = None,
    proof: Proof | None = None,
) -> str:
    """A new token of this person, told only now. Suspended; NotFound; BadCredentials when the password of `proof` was
    changed meanwhile.

    Its record is made at its first use, under a lease: made here, it could come after a suspension has looked for
    all tokens, and outlive it.
    """
    token = credentials.new_token(person_id, client)

    def body(tx: DirectoryTx) -> None:
        enter(tx, person_id, proof)
        entry.with_token(tx, person_id, token, client=client, scopes=scopes, lives=lives)

    scopes = tuple(scopes)
    sessions.directory(body)
    return token


def enter(tx: DirectoryTx, person_id: PersonId, proof: Proof | None = None) -> None:
    """Lock the person's row in the directory against a suspension, and see that they may come in.

    With `proof` also against another password: whoever sets one wants an end of all that came in by the old one.
    """
    found = entry.lock(tx, person_id)
    if found is None:
        raise NotFound(cause=f"nobody has id {person_id}")
    state, password = found
    if state != states.ACTIVE:
        raise Suspended()
    if proof is not None and proof.password != password:
        raise BadCredentials()


def revoke_token(token: str) -> None:
    """End this token. Nothing happens when there is no such token (any more)."""
    sha256 = credentials.sha256(token)
    sessions.directory(lambda tx: revoke.tokens(tx, [sha256]))
