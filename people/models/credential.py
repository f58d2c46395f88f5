"""Keys for programs, and one-time links for people."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from people.models.person import Person, User
from people.words import LinkPurpose


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
