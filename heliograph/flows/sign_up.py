"""Signing up: one transaction in the directory, and a home that follows.

The id is minted by the directory for the shard that takes new people; the rows at home are made by the job
`make_home.v1`, or by whoever needs them first (flows/homes.py). A username that is taken is told, because names are
public anyway; an e-mail address never: whoever asks could learn who is here. Several people may claim an address, the
first to verify it has it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import IntegrityError

from heliograph.accounts import email as email_addresses
from heliograph.accounts import entry, names, passwords
from heliograph.core import addresses, environment, limits, metrics
from heliograph.core.errors import Invalid, Unavailable
from heliograph.flows import email_addresses as verification
from heliograph.flows import homes
from heliograph.sharding import hurry, map, sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.sessions import DirectoryTx

_TRIES_PER_ACCOUNT = (
    10  # attempts for each account that an address may open: typing errors, names that are taken
)
_ID_CLASHES = 5


def sign_up(
    username: str, email: str, password: str, full_name: str = "", *, address: str | None
) -> PersonId:
    """Make a new person; their id. `address` is where the request came from (None: an operator's own doing).

    Invalid names every guilty field at once. Limited after HELIOGRAPH_SIGN_UPS_PER_HOUR from one address.
    """
    with metrics.time("sign_up_seconds"):
        wanted = _checked(username, email, password, full_name)
        _spend("sign_up_tries", address, _TRIES_PER_ACCOUNT)
        if not entry.free(sessions.reader().directory, wanted.username):
            raise names.taken()
        _spend("sign_up", address, 1)
        wanted.password = passwords.hashed(password)
        return _make(wanted)


@dataclass
class _Wanted:
    """What somebody asks for; `password` is its hash, as soon as there is one."""

    username: str = ""
    email: str = ""
    full_name: str = ""
    password: str = ""


def _checked(username: str, email: str, password: str, full_name: str) -> _Wanted:
    person = _Wanted()
    mistakes: list[Invalid] = []
    try:
        person.username = names.username(username)
    except Invalid as mistake:
        mistakes.append(mistake)
    try:
        person.email = email_addresses.address(email)
    except Invalid as mistake:
        mistakes.append(mistake)
    try:
        person.full_name = names.full_name(full_name)
    except Invalid as mistake:
        mistakes.append(mistake)
    try:
        passwords.check_new(
            password, username=person.username, email=person.email, full_name=person.full_name
        )
    except Invalid as mistake:
        mistakes.append(mistake)
    if mistakes:
        fields = {name: sentence for mistake in mistakes for name, sentence in mistake.fields.items()}
        raise Invalid(mistakes[0].sentence, fields=fields)
    return person


def _spend(name: str, address: str | None, times: int) -> None:
    if address is not None:
        where = addresses.household(address)
        limits.spend(name, where, allowed=times * environment.get().sign_ups_per_hour, seconds=3600)


def _make(wanted: _Wanted) -> PersonId:
    for _ in range(_ID_CLASHES):
        shard = map.pick_open_shard()
        try:
            id = sessions.directory(lambda tx, shard=shard: _insert(tx, wanted, shard))  # type: ignore[misc]
        except IntegrityError as error:
            if _constraint(error) == "person_pkey":
                metrics.count("id_clashes_total")
                continue  # the next millisecond has other ids
            raise names.taken() from error
        metrics.count("sign_ups_total")
        return int(id)
    raise Unavailable(cause="no free id")


def _insert(tx: DirectoryTx, wanted: _Wanted, shard: int) -> PersonId:
    person_id = entry.join(tx, shard, **asdict(wanted))
    tx.enqueue("make_home.v1", person_id=person_id)
    verification.ask(tx, person_id, wanted.email, wanted.password)
    tx.after_commit(lambda: _settle(person_id, wanted))
    return person_id


def _settle(person_id: PersonId, wanted: _Wanted) -> None:
    """Make the home at once if its node answers quickly: the person's next page then finds it."""
    with hurry.on(environment.get().inline_projection_ms):
        homes.settle(person_id, wanted.username, wanted.full_name)


def _constraint(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")
