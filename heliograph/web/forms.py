"""The forms of accounts: labels, hints, and what helps browsers to fill them in.

What is right is decided by the flows; a form only carries values there and sentences back, to the field they are
about (`tell`). So nothing is checked twice, and the API says the same sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from heliograph.accounts.names import LONGEST_FULL_NAME, LONGEST_USERNAME
from heliograph.accounts.passwords import SHORTEST
from heliograph.core.errors import HeliographError, Invalid

_PLAIN = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


@dataclass(frozen=True)
class Field:
    """One field: its `<input>` is of the type `kind` and has the attributes `attrs`."""

    name: str
    label: Any  # a sentence in the language of whoever reads it
    kind: str = "text"
    hint: Any = ""
    required: bool = True
    attrs: Mapping[str, str] = field(default_factory=dict)

    @property
    def secret(self) -> bool:
        """Whether it is taken to the letter, and never sent back."""
        return self.kind == "password"

    def read(self, text: str) -> str:
        """What somebody typed, as flows want it. Raises ValueError with a sentence."""
        text = text if self.secret else text.strip()
        if "\0" in text:
            raise ValueError(gettext("This cannot be read. Type it once more."))
        if self.required and not text:
            raise ValueError(gettext("This field is required."))
        return text


@dataclass(frozen=True)
class Shown:
    """A field with what was typed and what is wrong with it."""

    field: Field
    value: str
    mistakes: list[str]

    @property
    def described_by(self) -> str:
        """The ids of what is said about the field."""
        said = [("helptext", self.field.hint), ("error", self.mistakes)]
        return " ".join(f"id_{self.field.name}_{what}" for what, there in said if there)


class Form:
    """A form that can be told what a flow refused."""

    fields: tuple[Field, ...] = ()

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        self.is_bound = data is not None
        self.cleaned_data: dict[str, str] = {}
        self.mistakes: list[str] = []  # of the form as a whole
        self._typed = data or {}
        self._mistakes: dict[str, list[str]] = {}

    def is_valid(self) -> bool:
        """Whether it was sent, with all that it needs; then `cleaned_data` has it."""
        if not self.is_bound:
            return False
        for one in self.fields:
            try:
                self.cleaned_data[one.name] = one.read(self._typed.get(one.name, ""))
            except ValueError as error:
                self._mistakes[one.name] = [str(error)]
        return not self._mistakes

    def tell(self, error: HeliographError) -> None:
        """Put the sentences of an error where they belong: at their fields, else above the form."""
        told = error.fields.items() if isinstance(error, Invalid) else ()
        names = {one.name for one in self.fields}
        for name, sentence in told:
            (self._mistakes.setdefault(name, []) if name in names else self.mistakes).append(sentence)
        if not told:
            self.mistakes.append(gettext(error.sentence))

    def __iter__(self) -> Iterator[Shown]:
        for one in self.fields:
            value = "" if one.secret else self._typed.get(one.name, "")
            yield Shown(one, value, self._mistakes.get(one.name, []))


def _login() -> Field:
    return Field("login", _("Username or e-mail"), attrs={"autocomplete": "username", **_PLAIN})


def _email(hint: Any = "") -> Field:
    # Whether it is an address, accounts/email.py says.
    attrs = {"autocomplete": "email", "inputmode": "email", **_PLAIN}
    return Field("email", _("E-mail"), "email", hint=hint, attrs=attrs)


def _new_password(name: str, label: Any) -> Field:
    hint = _("At least 8 characters. A few words in a row are easy to remember and hard to guess.")
    attrs = {"autocomplete": "new-password", "minlength": str(SHORTEST)}
    return Field(name, label, "password", hint=hint, attrs=attrs)


def _present_password(name: str, label: Any) -> Field:
    return Field(name, label, "password", attrs={"autocomplete": "current-password"})


class SignUp(Form):
    fields = (
        Field(
            "username",
            _("Username"),
            hint=_("Letters from a to z, digits, dots and underscores. This is how people find you."),
            attrs={"autocomplete": "username", **_PLAIN, "maxlength": str(LONGEST_USERNAME)},
        ),
        Field(
            "full_name",
            _("Name"),
            required=False,
            attrs={"autocomplete": "name", "maxlength": str(LONGEST_FULL_NAME), "dir": "auto"},
        ),
        _email(_("Never shown to anybody. It is needed when you forget your password.")),
        _new_password("password", _("Password")),
    )


class SignIn(Form):
    fields = (_login(), _present_password("password", _("Password")))


class ChangePassword(Form):
    fields = (
        _present_password("old", _("Present password")),
        _new_password("new", _("New password")),
    )


class DeleteAccount(Form):
    fields = (_present_password("password", _("Your password")),)


class ForgottenPassword(Form):
    fields = (_login(),)


class ResetPassword(Form):
    fields = (_new_password("new", _("New password")),)


class ChangeEmail(Form):
    fields = (_email(), _present_password("password", _("Password")))
