"""A person as the record knows them, and the account they sign in with."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Func, Q


class Person(models.Model):
    """A human being (or the portal itself, `is_system`) as the record knows them. The ledger names only the id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    affiliation = models.CharField(max_length=200, blank=True)
    is_system = models.BooleanField(default=False)
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "persons"
        constraints = [
            # The portal acts under one name of its own, never under several.
            models.UniqueConstraint(fields=["is_system"], condition=Q(is_system=True), name="there_is_one_system_person"),
            models.CheckConstraint(condition=~Q(name=""), name="a_person_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> models.QuerySet[User]:
        # Every request asks who is behind the account; one join spares it a query.
        return super().get_queryset().select_related("person")

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A way to sign in, by e-mail and password. Holds no permission of its own: those belong to the person, with dates."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="user")
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField()
    # The last time the password changed, by whatever way; empty until one has been chosen.
    credential_changed_at = models.DateTimeField(null=True, blank=True)
    # The last time it was set without knowing the one before (a link): such a credential may not sign for a day.
    credential_reset_at = models.DateTimeField(null=True, blank=True)
    # The last time a second factor came or went without another one vouching for it: the same.
    factors_reset_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email", "id"]
        constraints = [
            # Two spellings of one address would be two accounts.
            models.CheckConstraint(condition=Q(email=Func(F("email"), function="LOWER")), name="an_email_is_kept_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email


class Identity(models.Model):
    """Who somebody is at the sign-in provider: its issuer's word for them, never an address. It lets an account in; it signs nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    # When the provider last gave its word for an act; an earlier word, or the same once more, counts for nothing.
    last_word_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["linked_at", "id"]
        verbose_name_plural = "identities"
        constraints = [
            # Somebody who signs in at the provider gets into one account, never into a choice of them.
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_per_identity"),
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_per_account_and_issuer"),
            models.CheckConstraint(condition=~Q(issuer="") & ~Q(subject=""), name="an_identity_is_somebody_somewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} for {self.user_id}"
