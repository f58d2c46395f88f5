"""What was received, byte for byte, and each attempt to read it."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from evaluations.models.subject import Snapshot, Subject


class Blob(models.Model):
    """Received bytes, kept for ever under their digest. The row is written after the bytes lie safely on disk."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField()
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="a_blob_is_known_by_its_sha256"),
            models.CheckConstraint(condition=Q(size__gte=0), name="a_blob_has_a_size"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class UploadState(models.TextChoices):
    RECEIVED = "received", "Received"
    PARSING = "parsing", "Being read"
    PARSED = "parsed", "Read"
    REJECTED = "rejected", "Refused"
    DEAD = "dead", "Given up, an operator must look"


class Upload(models.Model):
    """One delivery of a file for a subject, and the work of reading it: state, attempts, lease, not-before."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="uploads")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="uploads")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, blank=True, related_name="uploads")
    filename = models.CharField(max_length=255, blank=True)
    declared = models.JSONField(default=dict)
    declared_digest = models.CharField(max_length=71)
    asserted_indicator = models.CharField(max_length=120, blank=True)
    uploader = models.ForeignKey("people.Person", models.PROTECT, related_name="uploads")
    received_at = models.DateTimeField()
    received_seq = models.BigIntegerField(null=True)

    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.RECEIVED)
    percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    format = models.CharField(max_length=60, blank=True)
    verdict = models.CharField(max_length=24, blank=True)
    warnings = models.JSONField(default=list)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = models.TextField(blank=True)
    error_where = models.TextField(blank=True)
    error_what_to_do = models.TextField(blank=True)

    # A second person's word for what the uploader declared: which weights were run, and how they were elicited.
    countersigned_by = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    countersigned_at = models.DateTimeField(null=True, blank=True)
    countersigned_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-received_seq", "id"]
        constraints = [
            # The same bytes with the same particulars are the same upload, however often they are sent.
            models.UniqueConstraint(
                fields=["blob", "subject", "snapshot", "declared_digest"], nulls_distinct=False, name="one_upload_per_blob_and_particulars"
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="an_upload_percent_ends_at_a_hundred"),
            models.CheckConstraint(condition=~Q(state=UploadState.REJECTED) | ~Q(error_code=""), name="a_refused_upload_says_why"),
            models.CheckConstraint(
                condition=Q(countersigned_by=None) | ~Q(countersigned_by=F("uploader")), name="an_upload_is_countersigned_by_another_person"
            ),
            models.CheckConstraint(
                condition=Q(countersigned_by=None, countersigned_at=None, countersigned_seq=None)
                | Q(countersigned_by__isnull=False, countersigned_at__isnull=False, countersigned_seq__isnull=False),
                name="an_upload_countersignature_is_whole_or_absent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "received_at"], condition=Q(state__in=["received", "parsing"]), name="uploads_waiting_to_be_read"
            ),
            models.Index(fields=["subject", "received_seq"], name="uploads_of_a_subject"),
        ]

    def __str__(self) -> str:
        return self.filename or str(self.id)

    @property
    def is_finished(self) -> bool:
        return self.state in {UploadState.PARSED, UploadState.REJECTED, UploadState.DEAD}

    @cached_property
    def label(self) -> str:
        return self.filename or f"{self.blob_id[:12]}…"


class ParseAttempt(models.Model):
    """A completed reading of an upload by one version of a reader. A newer reader may read again; nothing is overwritten."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="readings")
    reader_version = models.CharField(max_length=80)
    format = models.CharField(max_length=60)
    format_version = models.CharField(max_length=60, blank=True)
    verdict = models.CharField(max_length=24)
    warnings = models.JSONField(default=list)
    parsed_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [models.UniqueConstraint(fields=["upload", "reader_version"], name="one_reading_per_upload_and_reader_version")]

    def __str__(self) -> str:
        return f"{self.format} by {self.reader_version}"


class IdempotencyKey(models.Model):
    """A client's own name for one request, so that a retry after a lost answer is answered alike."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    person = models.ForeignKey("people.Person", models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_request_per_person_and_idempotency_key")]

    def __str__(self) -> str:
        return self.key
