"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher

from heliograph.core import hashing

_NAME = "argon2"  # what Django puts before argon2's own notation


class Argon2(Argon2PasswordHasher):
    """argon2id at 19 MiB and two passes: OWASP's smallest recommendation.

    Django's default of 100 MiB takes 8 threads to 800 MiB; this one leaves room for 23 sign-ups a second on
    one core (the rush of April 2012). A web process has it done aside: a crowd that signs in must not make everybody's
    feed slow (core/hashing.py).
    """

    algorithm = _NAME
    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        made = hashing.encode(
            password,
            salt,
            time_cost=self.time_cost,
            memory_kib=self.memory_cost,
            lanes=self.parallelism,
            length=self.params().hash_len,
        )
        return _NAME + made

    def verify(self, password: str, encoded: str) -> bool:
        return hashing.verify(encoded.removeprefix(_NAME), password)
