"""What was decided before the portal went live, brought in as a record: two people attest it, and it never lets anything out."""

import uuid

from django.db import models
from django.db.models import F, Q

from evaluations.models import Subject
from frameworks.models import FrameworkVersion
from people.models import Person, Signature


class ImportedRecord(models.Model):
    """An earlier decision on one threshold, as a document tells it. `true_at` is when it was taken, `attested_at` and `seconded_at` when the portal learned it.

    A strict one raises at once, in a case of kind import. One that let something go is on record and lowers nothing: only the board does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="imported_records")
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    threshold = models.CharField(max_length=80)
    verdict = models.CharField(
        max_length=20,
        choices=[("crossed", "Crossed"), ("treated_as_crossed", "Treated as crossed"), ("not_crossed", "Not crossed")],
    )
    source_digest = models.CharField(max_length=71)
    source_place = models.CharField(max_length=500)
    note = models.TextField()
    true_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    attested = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    attested_at = models.DateTimeField()
    seconded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    seconded = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    seconded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-attested_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "threshold", "source_digest"], name="a_record_is_imported_once_per_threshold_and_source"
            ),
            models.CheckConstraint(condition=Q(source_digest__regex=r"^sha256:[0-9a-f]{64}$"), name="a_source_is_known_by_its_sha256"),
            models.CheckConstraint(condition=Q(true_at__lt=F("attested_at")), name="what_is_imported_came_before"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("attested_at")), name="an_imported_record_has_an_end"),
            models.CheckConstraint(
                condition=Q(seconded_by=None) | ~Q(seconded_by=F("attested_by")), name="two_people_attest_an_imported_record"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.threshold}: {self.get_verdict_display()}"
