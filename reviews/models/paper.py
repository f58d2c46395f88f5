"""The papers a threshold asks for besides its tiers: an affirmative case, a public update."""

import uuid

from django.db import models
from django.db.models import Q

from evaluations.models import Blob, Snapshot, Subject
from people.models import Person


class Paper(models.Model):
    """One paper, kept here as a file or kept elsewhere and named by its digest; never changed: another one takes its place, or it is withdrawn.

    It speaks of one snapshot and of the finding on its threshold as it was then, so that a later finding outdates it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="papers")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    framework_name = models.CharField(max_length=120)
    threshold = models.CharField(max_length=80)
    artefact = models.CharField(max_length=80)  # the slug the framework gives what it asks for
    title = models.CharField(max_length=200)
    digest = models.CharField(max_length=71)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    filename = models.CharField(max_length=255, default="", blank=True)
    reference = models.CharField(max_length=500, default="", blank=True)  # where it is kept, if not here
    finding_digest = models.CharField(max_length=71, default="", blank=True)  # empty: the threshold was not assessed
    hazard = models.BooleanField(default=True)  # it goes to cleared people only
    supplied_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    supplied_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)  # by a later one
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-supplied_at", "id"]
        constraints = [
            # Two at once, and nobody could say which of them the board accepted.
            models.UniqueConstraint(
                fields=["snapshot", "framework_name", "threshold", "artefact"],
                condition=Q(replaced_at=None, withdrawn_at=None),
                name="one_paper_in_force_per_snapshot_and_thing_asked",
            ),
            models.CheckConstraint(
                condition=Q(blob__isnull=False, reference="") | (Q(blob=None) & ~Q(reference="")),
                name="a_paper_is_a_file_or_a_reference",
            ),
            models.CheckConstraint(condition=Q(digest__regex=r"^sha256:[0-9a-f]{64}$"), name="a_paper_is_known_by_its_sha256"),
        ]

    def __str__(self) -> str:
        return self.title
