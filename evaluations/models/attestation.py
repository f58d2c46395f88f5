"""A signed word that a file measured exactly these weights."""

from uuid import uuid4

from django.db import models

from evaluations.models.subject import Snapshot
from evaluations.models.upload import Upload


class Attestation(models.Model):
    """Somebody who did not send the file signs which weights it measured: the digests of the bytes and of the weights stand in the statement.

    From `seq` on the results of the file are graded `attested` for these weights, which is worth what a second person's confirmation is, and can be
    checked by anybody who has the statement.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="attestations")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="+")
    signature = models.OneToOneField("people.Signature", models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    note = models.TextField()
    at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "snapshot", "person"], name="a_person_attests_a_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id} measured {self.snapshot_id}"
