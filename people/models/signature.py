"""A person's name under a statement."""

import uuid

from django.db import models
from django.db.models import Q

from people.models.person import Person, User
from people.words import Role


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
