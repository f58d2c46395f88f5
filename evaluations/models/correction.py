"""Which weights an upload really measured, where it was sent under other ones or under none."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from evaluations.models.subject import Snapshot
from evaluations.models.upload import Upload


class Correction(models.Model):
    """Two people's word that a file was sent under the wrong weights: proposed by one, signed by a reviewer or the chair who is another and did not send it.

    From `signed_seq` on the runs of the file count for `snapshot`, and for no other; of several the one signed last holds. `sent_again`: the same bytes,
    sent under the right weights, through which the results of this file that were taken out of the evidence go on speaking.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="corrections")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="+")
    sent_again = models.ForeignKey(Upload, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField()
    proposed_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    proposed_seq = models.BigIntegerField(null=True)
    signature = models.OneToOneField("people.Signature", models.PROTECT, null=True, blank=True, related_name="+")
    signed_by = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["proposed_seq", "id"]
        constraints = [
            # What waits for a signature is one proposal for each answer.
            models.UniqueConstraint(
                fields=["upload", "snapshot"], condition=Q(signature=None), name="one_waiting_correction_per_upload_and_snapshot"
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None) | ~Q(signed_by=F("proposed_by")), name="a_correction_is_signed_by_another_person"
            ),
            models.CheckConstraint(
                condition=Q(signature=None, signed_by=None, signed_at=None)
                | Q(signature__isnull=False, signed_by__isnull=False, signed_at__isnull=False),
                name="a_correction_is_signed_wholly_or_not_at_all",
            ),
            models.CheckConstraint(condition=~Q(sent_again=F("upload")), name="a_file_is_not_sent_again_by_itself"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_correction_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id} measured {self.snapshot_id}"
