"""Which model a badge shows that stands outside the portal."""

import uuid

from django.db import models

from evaluations.models import Subject
from people.models import ApiToken


class BadgeAddress(models.Model):
    """The model of one secret address. The key in the address is a token: it holds whose it is, until when, and whether it was revoked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.OneToOneField(ApiToken, on_delete=models.PROTECT, related_name="badge")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="badges")

    class Meta:
        ordering = ["subject", "id"]

    def __str__(self) -> str:
        return f"badge of {self.subject_id}"
