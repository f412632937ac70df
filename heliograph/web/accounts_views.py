"""Pages of accounts: sign up, in and out, passwords, the e-mail address, the first administrator.

Every form works without scripts. Links from mails show a page first and do their work by its button: mail programs
open links by themselves.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from heliograph.accounts.errors import Gone, Leaving
from heliograph.core import environment
from heliograph.core.errors import Conflict, HeliographError, Invalid, Limited, NotAllowed
from heliograph.flows import (
    administrators,
    delete_account,
    email_addresses,
    passwords,
    sign_in,
    sign_up,
    web_sessions,
)
from heliograph.sharding.ids import PersonId
from heliograph.web import address, errors, forms, times
from heliograph.web.answers import local, see
from heliograph.web.rendering import render
from heliograph.web.session import (
    READER,
    PageRequest,
    SignedInRequest,
    give_key,
    key_of,
    keys_of,
    open_to_all,
    signed_in,
    take_key,
)

#: What a form can tell; everything else is a page of its own (web/errors.py).
_TOLD = (Invalid, NotAllowed, Conflict, Limited)

_form = require_http_methods(["GET", "HEAD", "POST"])


@sensitive_post_parameters("password")
@_form
@open_to_all
def join(request: PageRequest) -> HttpResponse:
    """Sign up, and be signed in."""
    if request.viewer is not None:
        return see(_next(request))
    form = forms.SignUp(request.POST or None)
    if not form.is_valid():
        return _show(request, "accounts/sign_up.html", form)
    try:
        person_id = sign_up.sign_up(**form.cleaned_data, address=address.of(request))
    except _TOLD as error:
        return _refuse(request, "accounts/sign_up.html", form, error)
    return let_in(request, person_id)


@sensitive_post_parameters("password")
@_form
@open_to_all
def enter(request: PageRequest) -> HttpResponse:
    """Sign in, and go on where one came from."""
    if request.viewer is not None:
        return see(_next(request))
    form = forms.SignIn(request.POST or None)
    if not form.is_valid():
        return _show(request, "accounts/sign_in.html", form)
    try:
        proof = sign_in.prove(**form.cleaned_data, address=address.of(request))
        return let_in(request, proof.person_id, proof)
    except Leaving as leaving:
        return _ask_to_keep(request, form, leaving.person_id)
    except _TOLD as error:
        return _refuse(request, "accounts/sign_in.html", form, error)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign this browser out."""
    for key in keys_of(request):
        web_sessions.close(key)
    return _forgotten(see("/"))


def _forgotten(response: HttpResponse) -> HttpResponse:
    """The answer to a browser in which nobody is signed in any more."""
    take_key(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'  # nothing that was seen stays readable
    response.headers[READER] = "none"
    return response


@sensitive_post_parameters("old", "new")
@_form
@signed_in
def password(request: SignedInRequest) -> HttpResponse:
    """Another password; all other devices are signed out."""
    form = forms.ChangePassword(request.POST or None)
    if not form.is_valid():
        return _show(request, "accounts/password.html", form)
    try:
        passwords.change(request.viewer.person_id, **form.cleaned_data, keep=key_of(request))
    except _TOLD as error:
        return _refuse(request, "accounts/password.html", form, error)
    return _note(
        request,
        _("Your password is changed"),
        _("All other devices were signed out. This one stays signed in."),
        "/settings",
        _("Back to the settings"),
    )


@sensitive_post_parameters("password")
@_form
@signed_in
def delete(request: SignedInRequest) -> HttpResponse:
    """Delete one's account: what that means, and the password."""
    form = forms.DeleteAccount(request.POST or None)
    days = environment.get().account_grace_days
    if not form.is_valid():
        return _show(request, "accounts/delete.html", form, days=days)
    try:
        leaves_at = delete_account.ask(request.viewer.person_id, **form.cleaned_data)
    except _TOLD as error:
        return _refuse(request, "accounts/delete.html", form, error, days=days)
    request.viewer = None  # type: ignore[assignment]  # a page of a guest
    day = times.day(leaves_at)
    said = _("Nobody sees it any more. Until %(day)s you can have it back by signing in.") % {"day": day}
    gone = _("Nobody sees it any more, and in a few minutes it is gone.")
    answer = _note(request, _("Your account is deleted"), said if days else gone, "/", _("Goodbye"))
    return _forgotten(answer)


def _ask_to_keep(request: PageRequest, form: forms.Form, person_id: PersonId) -> HttpResponse:
    """Who has signed in to an account that is being deleted may have changed their mind."""
    try:
        seal, leaves_at = delete_account.question(person_id)
    except Gone as error:
        return _refuse(request, "accounts/sign_in.html", form, error)
    context = {"seal": seal, "day": times.day(leaves_at), "next": _next(request)}
    return render(request, "accounts/keep.html", context)


@require_POST
@open_to_all
def keep(request: PageRequest) -> HttpResponse:
    """Keep one's account after all, and be signed in."""
    return let_in(request, delete_account.keep(request.POST.get("seal", "")))


@_form
@open_to_all
def forgotten(request: PageRequest) -> HttpResponse:
    """Ask for a mail that lets one set a new password; the answer is the same for everybody."""
    form = forms.ForgottenPassword(request.POST or None)
    if not form.is_valid():
        return _show(request, "accounts/forgotten.html", form)
    try:
        passwords.forgot(form.cleaned_data["login"], address=address.of(request))
    except _TOLD as error:
        return _refuse(request, "accounts/forgotten.html", form, error)
    return _note(
        request,
        _("Look into your mailbox"),
        _(
            "If there is an account with this name and a confirmed e-mail address, a link is on its way there."
        ),
        "/sign-in",
        _("Back to signing in"),
    )


@sensitive_post_parameters("new")
@_form
@open_to_all
def reset(request: PageRequest, token: str) -> HttpResponse:
    """Set a new password by the link from a mail."""
    username = passwords.look(token)
    form = forms.ResetPassword(request.POST or None)
    if not form.is_valid():
        return _show(request, "accounts/reset.html", form, username=username)
    try:
        passwords.reset(token, form.cleaned_data["new"])
    except _TOLD as error:
        return _refuse(request, "accounts/reset.html", form, error, username=username)
    return _note(
        request,
        _("Your new password is set"),
        _("All devices were signed out. Sign in with the new password."),
        "/sign-in",
        _("Sign in"),
    )


@sensitive_post_parameters("password")
@_form
@signed_in
def email(request: SignedInRequest) -> HttpResponse:
    """One's own address: confirmed or not, and another one."""
    claim = email_addresses.of(request.viewer.person_id)
    form = forms.ChangeEmail(request.POST or None)
    if not form.is_valid():
        return _show(request, "accounts/email.html", form, claim=claim)
    try:
        email_addresses.change(request.viewer.person_id, **form.cleaned_data)
    except _TOLD as error:
        return _refuse(request, "accounts/email.html", form, error, claim=claim)
    return _link_is_on_its_way(request)


@require_POST
@signed_in
def email_again(request: SignedInRequest) -> HttpResponse:
    """Send the link to one's unconfirmed address once more."""
    email_addresses.ask_again(request.viewer.person_id)
    return _link_is_on_its_way(request)


@_form
@open_to_all
def verify(request: PageRequest, token: str) -> HttpResponse:
    """Confirm an address by the link from a mail; by a button, so that looking changes nothing."""
    claim = email_addresses.look(token)
    if request.method == "POST":
        claim = email_addresses.verify(token)
    if not claim.verified:
        return render(request, "accounts/verify.html", {"claim": claim})
    sentence = _("%(email)s belongs to @%(username)s now.")
    return _note(
        request,
        _("Your address is confirmed"),
        sentence % {"email": claim.email, "username": claim.username},
        "/",
        _("Home"),
    )


@_form
@open_to_all
def administrator(request: PageRequest, token: str) -> HttpResponse:
    """The one-time link that makes the first administrator."""
    administrators.look(token)
    if request.viewer is None:
        return render(request, "accounts/administrator.html", {"query": urlencode({"next": request.path})})
    if request.method != "POST":
        return render(request, "accounts/administrator.html")
    administrators.claim(token, request.viewer.person_id)
    return _note(
        request,
        _("You are the administrator"),
        _("The link is used up. Who else may help is up to you."),
        "/",
        _("Home"),
    )


def let_in(request: HttpRequest, person_id: PersonId, proof: sign_in.Proof | None = None) -> HttpResponse:
    """Sign this browser in and go on."""
    key = web_sessions.open(person_id, request.headers.get("User-Agent", ""), proof=proof)
    rotate_token(request)
    response = see(_next(request))
    give_key(response, key)
    return response


def _next(request: HttpRequest) -> str:
    """Where to go on: one of our own pages."""
    return local(request.POST.get("next") or request.GET.get("next"))


def _show(
    request: HttpRequest, template: str, form: forms.Form, *, status: int | None = None, **context: object
) -> HttpResponse:
    after = _next(request)
    context |= {"form": form, "next": after, "query": urlencode({"next": after}) if after != "/" else ""}
    return render(request, template, context, status=status or (400 if form.is_bound else 200))


def _refuse(
    request: HttpRequest, template: str, form: forms.Form, error: HeliographError, **context: object
) -> HttpResponse:
    """The form once more, with what is wrong, and what was typed but for passwords."""
    form.tell(error)
    response = _show(request, template, form, status=errors.status_of(error), **context)
    if isinstance(error, Limited):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _link_is_on_its_way(request: HttpRequest) -> HttpResponse:
    return _note(
        request,
        _("Look into your mailbox"),
        _("A link is on its way to this address. Open it to confirm that it is yours."),
        "/settings",
        _("Back to the settings"),
    )


def _note(request: HttpRequest, title: str, sentence: str, onward: str, label: str) -> HttpResponse:
    context = {"title": title, "sentence": sentence, "onward": onward, "label": label}
    return render(request, "accounts/note.html", context)
