"""People in the directory: names, credentials, sessions and tokens. Truth, but for the copy of the face."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from heliograph.accounts import names


class People(BaseUserManager["Person"]):
    """Finds people by the name they sign in with."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(username=names.fold(username or ""))


class Person(AbstractBaseUser):
    """One person. The id is made by PostgreSQL for the home shard (flows/sign_up.py)."""

    id = models.BigIntegerField(primary_key=True)
    username = models.CharField(max_length=30, unique=True)
    email = models.EmailField(blank=True)
    email_verified = models.BooleanField(default=False)
    is_administrator = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # A copy of the public face, for search; the truth is the home shard.
    full_name = models.CharField(max_length=60, blank=True)
    avatar = models.CharField(max_length=80, blank=True)
    private = models.BooleanField(default=False)
    state = models.CharField(max_length=12, default="active")
    face_version = models.BigIntegerField(default=0)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()

    class Meta:
        db_table = "person"
        constraints = [
            # Several people may claim an address; the first to verify it has it.
            models.UniqueConstraint(
                Lower("email"), name="person_email_verified", condition=models.Q(email_verified=True)
            ),
        ]
        indexes = [models.Index(Lower("email"), name="person_email")]

    def __str__(self) -> str:
        return f"@{self.username}"


class PersonWord(models.Model):
    """One word that somebody is found by (accounts/finding.py). In the order of bytes, which ranges rely on."""

    pk = models.CompositePrimaryKey("word", "person")
    word = models.CharField(max_length=30, db_collation="C")
    person = models.ForeignKey(Person, on_delete=models.CASCADE)

    class Meta:
        db_table = "person_word"

    def __str__(self) -> str:
        return self.word


class RetiredName(models.Model):
    """A name that nobody may take yet: whoever had it is gone, and links and mentions still mean them."""

    name = models.CharField(primary_key=True, max_length=30)
    until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "retired_name"

    def __str__(self) -> str:
        return self.name


class Token(models.Model):
    """An API token. Only its SHA-256 is kept; `client` is the 7 hex digits in its middle."""

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    client = models.CharField(max_length=7)
    scopes = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, help_text="null: never, as the clients of 2011 expect")

    class Meta:
        db_table = "token"

    def __str__(self) -> str:
        return f"token of {self.person_id}"


class WebSession(models.Model):
    """A browser that is signed in. Only the SHA-256 of the cookie's value is kept."""

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "web_session"

    def __str__(self) -> str:
        return f"session of {self.person_id}"


class AdministratorLink(models.Model):
    """The one-time link that makes the first administrator; stored hashed, good for 24 hours."""

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL)

    class Meta:
        db_table = "administrator_link"

    def __str__(self) -> str:
        return f"administrator link of {self.created_at:%Y-%m-%d %H:%M}"


class Report(models.Model):
    """What somebody told the operator about a photo, a comment or a person: one for each of them who tells.

    `thing_id` is an id of that kind, `photo_id` the photo of a comment, `owner_id` whose it is, `seen` the words
    that stood there. Open until an operator has looked (`closed_at`).
    """

    reporter = models.ForeignKey(Person, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8)
    thing_id = models.BigIntegerField()
    photo_id = models.BigIntegerField(null=True)
    owner_id = models.BigIntegerField()
    reason = models.CharField(max_length=12)
    words = models.CharField(max_length=500, blank=True)
    seen = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "report"
        constraints = [
            models.UniqueConstraint(fields=["reporter", "kind", "thing_id"], name="report_once"),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="report_open", condition=models.Q(closed_at=None)),
            models.Index(fields=["owner_id"], name="report_of_owner"),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} of {self.kind} {self.thing_id}"
