"""Who: persons, their accounts, what they may do and since when, and what they put their name to.

A Person is not an account: quorum counts persons. Everything that gives power (roles, competences, clearances, credentials) is
proposed by one person and confirmed by another; until then it is not in force. `people.services` is the only writer.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Case, F, Func, IntegerField, Q, Value, When

from people.words import Area, Level, LinkPurpose, Role


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


class _Period(Func):
    """From when until when, as PostgreSQL's range: the end is not part of it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class GrantQuerySet(models.QuerySet["Grant"]):
    def in_force(self, at: datetime) -> GrantQuerySet:
        """Confirmed by then, begun, not over. A grant keeps its dates for ever, so any past moment can be asked about."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), confirmed_at__lte=at, from_at__lte=at)

    def waiting(self) -> GrantQuerySet:
        """Proposed, neither confirmed nor withdrawn."""
        return self.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True)


class Grant(models.Model):
    """Something a person may do, from when until when, proposed by one other person and confirmed by a second."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="%(class)ss")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    end_proposed_at = models.DateTimeField(null=True, blank=True)
    end_proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    end_confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects: ClassVar[models.Manager[Grant]] = models.Manager.from_queryset(GrantQuerySet)()

    class Meta:
        abstract = True
        constraints = [
            # Nobody gives power alone, and nobody gives it to themselves.
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("granted_by")), name="a_%(class)s_is_confirmed_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(person=F("granted_by")) & (Q(confirmed_by__isnull=True) | ~Q(person=F("confirmed_by"))),
                name="nobody_gives_themselves_a_%(class)s",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, confirmed_at__gte=F("granted_at")),
                name="a_confirmed_%(class)s_says_by_whom_and_when",
            ),
            # What was confirmed is ended, with a date; only a proposal can be withdrawn.
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, confirmed_at__isnull=True),
                name="only_a_proposed_%(class)s_is_withdrawn",
            ),
            # Taking somebody off the board changes a quorum as much as putting them on: two people again.
            models.CheckConstraint(
                condition=Q(end_confirmed_by__isnull=True)
                | (Q(end_proposed_by__isnull=False, until_at__isnull=False) & ~Q(end_confirmed_by=F("end_proposed_by"))),
                name="the_end_of_a_%(class)s_is_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")), name="a_%(class)s_ends_after_it_begins"
            ),
        ]


class RoleGrant(Grant):
    role = models.CharField(max_length=32, choices=Role)

    class Meta(Grant.Meta):
        ordering = ["role", "from_at", "id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_proposal_per_person_and_role",
            ),
            ExclusionConstraint(
                name="a_role_is_held_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (_Period("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(confirmed_at__isnull=False),
            ),
            # Whoever runs the machine decides nothing: an administrator has no other role at the same time.
            ExclusionConstraint(
                name="administrators_hold_no_other_role",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (
                        Case(When(role=Role.ADMINISTRATOR, then=Value(1)), default=Value(0), output_field=IntegerField()),
                        RangeOperators.NOT_EQUAL,
                    ),
                    (_Period("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a_role_is_one_we_know"),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class Competence(Grant):
    area = models.CharField(max_length=32, choices=Area)

    class Meta(Grant.Meta):
        ordering = ["area", "from_at", "id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "area"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_proposal_per_person_and_area",
            ),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="an_area_is_one_we_know"),
        ]

    def __str__(self) -> str:
        return self.get_area_display()


class Clearance(Grant):
    level = models.CharField(max_length=32, choices=Level, default=Level.HAZARD)

    class Meta(Grant.Meta):
        ordering = ["level", "from_at", "id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "level"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_proposal_per_person_and_level",
            ),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="a_level_is_one_we_know"),
        ]

    def __str__(self) -> str:
        return self.get_level_display()


class ApiToken(models.Model):
    """A key for programs, acting as one person within its scopes, until a day. Only its digest is kept. It never signs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="api_tokens")
    label = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=71, unique=True)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="a_token_has_an_end"),
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="a_token_has_a_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    def is_live(self, at: datetime) -> bool:
        return self.revoked_at is None and self.created_at <= at < self.expires_at


class SignInLink(models.Model):
    """A way in for somebody without a password: it opens "choose a password", once, for a while. Only its digest is kept, and until the mail is
    out the sealed secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sign_in_links")
    purpose = models.CharField(max_length=16, choices=LinkPurpose)
    # Empty until it is confirmed: a link nobody confirmed does not exist anywhere.
    digest = models.CharField(max_length=71, unique=True, null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # The secret part while it waits to be mailed, sealed with a key of the portal's own (`people.sealing`): wiped once it is out, or opens nothing.
    sealed = models.TextField(default="", blank=True)
    # Whether it also takes the second factors away: for somebody who lost their device and their recovery codes.
    resets_factors = models.BooleanField(default=False)

    class Meta:
        ordering = ["-made_at", "id"]
        constraints = [
            # A credential is a power too. Links from the shell (demo personas, the first administrators) say so by their purpose.
            models.CheckConstraint(
                condition=~Q(purpose=LinkPurpose.RESET) | Q(made_by__isnull=False),
                name="a_reset_is_asked_for_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(purpose=LinkPurpose.RESET) | Q(digest__isnull=True) | Q(confirmed_by__isnull=False),
                name="a_reset_opens_only_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("made_by")), name="a_link_is_confirmed_by_another"
            ),
            models.CheckConstraint(condition=Q(digest__isnull=True) | Q(expires_at__isnull=False), name="a_link_that_opens_has_an_end"),
            # What is over keeps no secret, however well it is sealed.
            models.CheckConstraint(
                condition=Q(sealed="") | Q(digest__isnull=False, used_at__isnull=True, withdrawn_at__isnull=True),
                name="only_an_open_link_waits_to_be_mailed",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(used_at__isnull=True, withdrawn_at__isnull=True), name="one_open_link_per_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} for {self.user_id}"

    def opens(self, at: datetime) -> bool:
        return (
            self.digest is not None
            and self.used_at is None
            and self.withdrawn_at is None
            and self.expires_at is not None
            and self.made_at <= at < self.expires_at
        )


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


class Signature(models.Model):
    """A person's name under one statement, written by `people.signing.sign`. Append-only: the database refuses change and removal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=64)
    statement = models.BinaryField()
    statement_digest = models.CharField(max_length=71, unique=True)
    meaning = models.CharField(max_length=200)
    role = models.CharField(max_length=32, choices=Role)
    policy = models.CharField(max_length=100, blank=True)
    nonce = models.CharField(max_length=64, unique=True)
    method = models.CharField(max_length=32, default="server-attested")
    # What was checked at the moment of signing: "password", "password+totp", "passkey" …; empty for those from before second factors.
    confirmed_with = models.CharField(max_length=32, blank=True)
    # By `webauthn`: what the person's device signed and the public key it fits, all in base64url (`people.passkeys.proves` reads it).
    passkey_proof = models.JSONField(null=True, blank=True)
    key_id = models.CharField(max_length=16)
    proof = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            # Administrators sign for nobody, themselves included.
            models.CheckConstraint(condition=~Q(role=Role.ADMINISTRATOR), name="administrators_do_not_sign"),
            models.CheckConstraint(condition=~Q(statement_digest="") & ~Q(proof="") & ~Q(nonce=""), name="a_signature_is_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.meaning} ({self.statement_digest[:19]}…)"


class SavedView(models.Model):
    """A filtered list under a name of one's own. It holds an address, so it shows what its owner may see when they open it, never more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="saved_views")
    place = models.CharField(max_length=60)
    query = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=60)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["place", "name", "id"]
        constraints = [
            # Two views of one name in one menu could not be told apart.
            models.UniqueConstraint(fields=["person", "place", "name"], name="one_saved_view_per_person_list_and_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        return f"{self.place}?{self.query}" if self.query else self.place
