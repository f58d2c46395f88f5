"""Work that waits in rows: a notice to one person, an export to be made. The row says what is to be done; a lost message only delays it."""

import uuid

from django.db import models
from django.db.models import Q

from evaluations.models import Subject
from people.models import Person
from reviews.models.case import Case
from reviews.models.question import Question


class WorkState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WORKING = "working", "Working"
    DONE = "done", "Done"
    DEAD = "dead", "Gave up"


class Channel(models.TextChoices):
    INBOX = "inbox", "Inbox"
    MAIL = "mail", "Mail"
    DIGEST = "digest", "Digest"


class Work(models.Model):
    """The fields every waiting row shares: state, attempts, a lease and a not-before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=WorkState, default=WorkState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    not_before = models.DateTimeField()
    last_error = models.TextField(default="", blank=True)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Notice(Work):
    """Something one person is told, by one channel, because of one ledger entry. Texts are composed from codes and ids when shown or sent."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices")
    channel = models.CharField(max_length=10, choices=Channel)
    kind = models.CharField(max_length=80)  # "vote_wanted", "vote_outdated", "signoff_wanted", "gate_changed" …
    entry_seq = models.BigIntegerField()
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices", null=True, blank=True)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    data = models.JSONField(
        default=dict, blank=True
    )  # ids, codes and the framework's own words only: never what people wrote, never hazardous detail
    message_id = models.CharField(max_length=200, default="", blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    # What it told of was settled by somebody else, or is over: it leaves the inbox and stays in the record.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "id"]
        constraints = [
            # A consumer that runs twice tells once.
            models.UniqueConstraint(
                fields=["entry_seq", "person", "channel", "kind", "question"],
                name="one_notice_per_entry_person_and_channel",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state__in=["waiting", "working"]), name="notices_to_send"),
            models.Index(fields=["person", "channel", "-made_at"], name="notices_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.person_id}"


class ExportKind(models.TextChoices):
    PDF = "pdf", "Case file (PDF)"
    JSON = "json", "Case file (JSON)"


class Export(Work):
    """A case file to be made, or made: bytes on the blob shelf, by digest."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exports")
    kind = models.CharField(max_length=10, choices=ExportKind)
    with_hazard = models.BooleanField(default=False)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="exports")
    percent = models.PositiveSmallIntegerField(default=0)
    as_known_at = models.DateTimeField()
    ledger_size = models.BigIntegerField()
    blob = models.ForeignKey("evaluations.Blob", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    filename = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ["-made_at", "id"]
        indexes = [models.Index(fields=["not_before"], condition=Q(state__in=["waiting", "working"]), name="exports_to_make")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.case_id}"
