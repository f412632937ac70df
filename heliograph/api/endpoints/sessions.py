"""Signing up, in and out: the ways to a token of the built-in client."""

from __future__ import annotations

from typing import Annotated, Any

from heliograph.accounts import names
from heliograph.api import parameters, render
from heliograph.api.endpoint import Call, delete, post
from heliograph.core.errors import Unavailable
from heliograph.flows import homes, sign_in, sign_up
from heliograph.pages import cards
from heliograph.pages.cards import PersonCard


@post("/accounts", gives="Session", scope=None)
def join(
    call: Call,
    username: Annotated[str, parameters.text(30)],
    email: Annotated[str, parameters.text(254)],
    password: Annotated[str, parameters.text(1000)],
    full_name: Annotated[str, parameters.text(60)] = "",
) -> dict[str, Any]:
    """Open an account."""
    person_id = sign_up.sign_up(username, email, password, full_name, address=call.address)
    # What they look like was just said: their node need not be asked, and may be away.
    return _session(cards.newcomer(person_id, names.username(username), names.full_name(full_name)))


@post("/sessions", gives="Session", scope=None)
def enter(
    call: Call,
    username: Annotated[str, parameters.text(254, "A username, or an e-mail address that was verified.")],
    password: Annotated[str, parameters.text(1000)],
) -> dict[str, Any]:
    """Sign in."""
    proof = sign_in.prove(username, password, address=call.address)
    return _session(_face(proof.person_id), proof)


@delete("/sessions", gives="null")
def leave(call: Call) -> None:
    """Sign out: the token that asks is good no longer."""
    sign_in.revoke_token(call.token)


def _session(person: PersonCard, proof: sign_in.Proof | None = None) -> dict[str, Any]:
    token = sign_in.issue_token(person.id, proof=proof)
    return {"user": render.person(person), "access_token": token}


def _face(person_id: int) -> PersonCard:
    found = cards.people(person_id, [person_id])
    if not found:  # a home that sign-up had no time to make
        homes.ensure([person_id])
        found = cards.people(person_id, [person_id])
    if not found:  # their node is away: no token that nobody gets to read
        raise Unavailable(cause=person_id)
    return found[0]
