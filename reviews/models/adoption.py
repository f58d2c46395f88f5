"""Putting a framework version into force: proposed by the chair, confirmed by an executive, both signed."""

import uuid

from django.db import models
from django.db.models import F, Q

from frameworks.models import FrameworkVersion
from people.models import Person, Signature


class Adoption(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.OneToOneField(FrameworkVersion, on_delete=models.PROTECT, related_name="adoption")
    rationale = models.TextField()
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-proposed_at", "id"]
        constraints = [
            # A new policy needs two people.
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")), name="an_adoption_is_confirmed_by_a_second_person"
            ),
        ]

    def __str__(self) -> str:
        return f"Adoption of {self.version_id}"
