"""Something that is in service and should not be."""

import uuid

from django.db import models

from evaluations.models import Deployment, Subject


class IncidentCause(models.TextChoices):
    NO_AUTHORISATION = "no_authorisation", "No authorisation was named"
    NOT_VALID = "not_valid", "The authorisation named does not cover these weights, this scope, this stack and this moment"


class Incident(models.Model):
    """A reported deployment that no valid authorisation covers. It stays on record; it is open for as long as the deployment runs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, related_name="incident")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="incidents")
    cause = models.CharField(max_length=20, choices=IncidentCause)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-found_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}: {self.deployment_id}"
