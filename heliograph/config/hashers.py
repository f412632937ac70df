"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """argon2id at 19 MiB and two passes: OWASP's smallest recommendation.

    Django's default of 100 MiB takes 8 threads to 800 MiB; this one leaves room for 23 sign-ups a second on
    one core (the rush of April 2012).
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
