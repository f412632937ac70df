"""Signing up: one transaction in the directory, and a home that follows.

The id is minted by the directory for the shard that takes new people; the rows at home are made by the job
`make_home.v1`, or by whoever needs them first (flows/homes.py). A username that is taken is told, because names are
public anyway; an e-mail address never: whoever asks could learn who is here. Several people may claim an address, the
first to verify it has it.
"""

from __future__ import annotations

from django.db import IntegrityError

from heliograph.accounts import departure, finding, names, passwords
from heliograph.accounts import email as email_addresses
from heliograph.accounts.models import Person
from heliograph.core import addresses, clock, environment, limits, metrics
from heliograph.core.errors import Invalid, Unavailable
from heliograph.flows import email_addresses as verification
from heliograph.flows import homes
from heliograph.sharding import hurry, map, sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.sessions import DirectoryTx

_MINT = "SELECT public.next_id(%s, 'public.person_id_seq')"
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
        if Person.objects.filter(username=wanted.username).exists() or departure.rests(wanted.username):
            raise names.taken()
        _spend("sign_up", address, 1)
        wanted.password = passwords.hashed(password)
        return _make(wanted)


def _checked(username: str, email: str, password: str, full_name: str) -> Person:
    person = Person()
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


def _make(wanted: Person) -> PersonId:
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


def _insert(tx: DirectoryTx, wanted: Person, shard: int) -> PersonId:
    person = Person(
        id=tx.value(_MINT, (shard,)),
        username=wanted.username,
        email=wanted.email,
        full_name=wanted.full_name,
        password=wanted.password,
        created_at=clock.now(),
    )
    person.save(force_insert=True)
    finding.keep(person.id, person.username, person.full_name)
    tx.enqueue("make_home.v1", person_id=person.id)
    verification.ask(tx, person.id, person.email)
    tx.after_commit(lambda: _settle(person.id))
    return person.id


def _settle(person_id: PersonId) -> None:
    """Make the home at once if its node answers quickly: the person's next page then finds it."""
    with hurry.on(environment.get().inline_projection_ms):
        homes.ensure([person_id])


def _constraint(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")
