"""What an e-mail address looks like, and how two of them are compared."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from heliograph.core.errors import Invalid

LONGEST = 254  # characters


def address(typed: str) -> str:
    """The address that was meant, its domain in lower case; Invalid (field `email`) when it is none.

    The part before the @ is kept as typed (it belongs to the host there); compared, it is folded, because no
    mail host that people use tells `Bob@` from `bob@`, and people do not either.
    """
    text = typed.strip() if len(typed) <= 4 * LONGEST else ""
    local, _at, domain = text.rpartition("@")
    text = f"{local}@{domain.lower()}"
    try:
        if len(text) > LONGEST or not text.isprintable():
            # Between quotes the validator lets control characters through, of which mails make ends of lines.
            raise ValidationError("too long, or not to be written in a mail")
        validate_email(text.encode().decode())
    except (ValidationError, UnicodeEncodeError):
        sentence = _("This is not an e-mail address.")
        raise Invalid(sentence, fields={"email": sentence}) from None
    return text


def compared(text: str) -> str:
    """The form in which two addresses are the same: as `Lower("email")` in the directory."""
    return text.strip().lower()
