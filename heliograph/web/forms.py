"""The forms of accounts: labels, hints, and what helps browsers to fill them in.

What is right is decided by the flows; a form only carries values there and sentences back, to the field they are
about (`tell`). So nothing is checked twice, and the API says the same sentences.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from heliograph.accounts.names import LONGEST_FULL_NAME, LONGEST_USERNAME
from heliograph.accounts.passwords import SHORTEST
from heliograph.core.errors import HeliographError, Invalid

_PLAIN = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class Form(forms.Form):
    """A form that can be told what a flow refused."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="")

    def tell(self, error: HeliographError) -> None:
        """Put the sentences of an error where they belong: at their fields, else above the form."""
        told = error.fields.items() if isinstance(error, Invalid) else ()
        for name, sentence in told:
            self.add_error(name if name in self.fields else None, sentence)
        if not told:
            self.add_error(None, gettext(error.sentence))


def _name(**more: Any) -> forms.CharField:
    attrs = {"autocomplete": "username", **_PLAIN, **more.pop("attrs", {})}
    return forms.CharField(widget=forms.TextInput(attrs), **more)


def _email(**more: Any) -> forms.CharField:
    # Not forms.EmailField: what an address is, accounts/email.py says.
    attrs = {"autocomplete": "email", "inputmode": "email", **_PLAIN}
    return forms.CharField(label=_("E-mail"), widget=forms.EmailInput(attrs), **more)


def _new_password(label: Any) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "new-password", "minlength": str(SHORTEST)})
    hint = _("At least 8 characters. A few words in a row are easy to remember and hard to guess.")
    return forms.CharField(label=label, widget=widget, help_text=hint, strip=False)


def _present_password(label: Any) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "current-password"})
    return forms.CharField(label=label, widget=widget, strip=False)


class SignUp(Form):
    username = _name(
        label=_("Username"),
        help_text=_("Letters from a to z, digits, dots and underscores. This is how people find you."),
        attrs={"maxlength": str(LONGEST_USERNAME)},
    )
    full_name = forms.CharField(
        label=_("Name"),
        required=False,
        widget=forms.TextInput({"autocomplete": "name", "maxlength": str(LONGEST_FULL_NAME), "dir": "auto"}),
    )
    email = _email(help_text=_("Never shown to anybody. It is needed when you forget your password."))
    password = _new_password(_("Password"))


class SignIn(Form):
    login = _name(label=_("Username or e-mail"))
    password = _present_password(_("Password"))


class ChangePassword(Form):
    old = _present_password(_("Present password"))
    new = _new_password(_("New password"))


class ForgottenPassword(Form):
    login = _name(label=_("Username or e-mail"))


class ResetPassword(Form):
    new = _new_password(_("New password"))


class ChangeEmail(Form):
    email = _email()
    password = _present_password(_("Password"))
