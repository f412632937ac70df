"""What can go wrong with names, passwords, links and credentials. The docstring is the sentence people see."""

from __future__ import annotations

from heliograph.core.errors import Conflict, Invalid, NotAllowed, NotSignedIn


class BadCredentials(Invalid):
    """The name or the password is not right."""

    code = "bad_credentials"


class WrongPassword(Invalid):
    """This is not your present password."""

    code = "wrong_password"


class TokenMalformed(NotSignedIn):
    """The access token is missing or is not one of ours."""

    code = "token_malformed"


class TokenRevoked(NotSignedIn):
    """The access token has expired or was revoked. Sign in again."""

    code = "token_revoked"


class Suspended(NotAllowed):
    """This account is suspended."""

    code = "suspended"


class Leaving(NotAllowed):
    """This account is being deleted. Whoever signs in on the website can still keep it."""

    code = "leaving"

    def __init__(self, person_id: int) -> None:
        super().__init__(cause=f"{person_id} is leaving")
        self.person_id = person_id


class Gone(NotAllowed):
    """This account is being deleted, and can no longer be kept."""

    code = "gone"


class BadLink(Invalid):
    """This link was used already, or is too old. Ask for a new one."""

    code = "bad_link"


class AddressTaken(Conflict):
    """This e-mail address belongs to another account already."""

    code = "address_taken"


class AdministratorExists(Conflict):
    """There is an administrator already."""

    code = "administrator_exists"
