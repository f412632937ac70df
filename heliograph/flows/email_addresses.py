"""E-mail addresses: claimed by anybody, had by the first who proves that they read the mail sent there."""

from __future__ import annotations

from heliograph.sharding.ids import PersonId
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import DirectoryTx


def ask(tx: DirectoryTx, person_id: PersonId, email: str) -> None:
    """Have a mail sent that asks whoever reads it to prove the address."""
    tx.enqueue("mail_verification.v1", person_id=person_id, email=email)


@task("mail_verification.v1", lane="outside")
def mail_verification(person_id: PersonId, email: str) -> None:
    """Send the link."""
