"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import BasePasswordHasher

from heliograph.core import hashing


class Argon2(BasePasswordHasher):
    """argon2id at 12 MiB and three passes, the cheapest of the three ways that ASVS 5.0 approves (appendix C).

    Django's own asks for 100 MiB, of a library that does without the wide registers of today's processors. By this one
    23 sign-ups a second (the rush of April 2012) take about a quarter of a core for their hashes. A web process has it
    done aside: a crowd that signs in must not make everybody's feed slow (core/hashing.py).
    """

    algorithm = "argon2"  # what Django puts before argon2's own notation
    time_cost = 3
    memory_cost = 12 * 1024  # KiB

    def salt(self) -> str:
        return hashing.salt()

    def encode(self, password: str, salt: str) -> str:
        made = hashing.encode(password, salt, time_cost=self.time_cost, memory_kib=self.memory_cost)
        return self.algorithm + made

    def verify(self, password: str, encoded: str) -> bool:
        return hashing.verify(encoded.removeprefix(self.algorithm), password)

    def must_update(self, encoded: str) -> bool:
        today = f"{self.algorithm}$argon2id$v=19$m={self.memory_cost},t={self.time_cost},p=1$"
        return not encoded.startswith(today)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: those of before cost more than ours, not less."""
