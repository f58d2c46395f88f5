"""A case: the board's work on one subject under one framework."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from evaluations.models import Assessment, Snapshot, Subject
from frameworks.models import FrameworkVersion
from people.models import Person
from reviews.models.board import Board


class CaseKind(models.TextChoices):
    ELEVATION = "elevation", "Elevation"
    LAPSE = "lapse", "Lapse"
    CLEARANCE = "clearance", "Clearance"
    PRECAUTION = "precaution", "Precaution"
    LOWERING = "lowering", "Lowering"
    REAPPROVAL = "re_approval", "Re-approval"
    IMPORT = "import", "Import"


class CaseState(models.TextChoices):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Case(models.Model):
    """Roster and policy are pinned at opening: a change of seats, roles or quorum never reaches an open case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)  # what people say aloud: "case 12"
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="cases")
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="cases")
    framework_name = models.CharField(max_length=120)
    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="cases", null=True, blank=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    kind = models.CharField(max_length=20, choices=CaseKind)
    state = models.CharField(max_length=20, choices=CaseState, default=CaseState.OPEN)
    reason = models.TextField()
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="cases", null=True, blank=True)
    # [{"person": id, "roles": [...], "competences": [...]}], sorted by person.
    roster = models.JSONField(default=list)
    roster_digest = models.CharField(max_length=71)
    policy_digest = models.CharField(max_length=71)
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)  # silence is never approval: past this the case is late, not passed
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    closing_note = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["-opened_at", "id"]
        constraints = [
            # A further rise joins the open case; two open cases could decide against each other.
            models.UniqueConstraint(
                fields=["subject", "framework_name"], condition=Q(state="open"), name="one_open_case_per_subject_and_framework"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="a_case_has_an_end_exactly_when_it_is_not_open",
            ),
        ]

    def __str__(self) -> str:
        return f"Case {self.number}"

    def is_overdue(self, at: datetime) -> bool:
        return self.is_open and self.due_at is not None and self.due_at <= at

    @property
    def is_open(self) -> bool:
        return self.state == CaseState.OPEN


class CaseRevision(models.Model):
    """What the case asked from this moment on: revision 1 at opening, one more with each change that outdates a vote or adds a question."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    reason = models.TextField()
    # [{"question": id, "label": text, "change": "added|changed|reopened|withdrawn", "before": outcome, "after": outcome}]
    changes = models.JSONField(default=list)
    required = models.JSONField(default=dict)  # {axis: tier} at this revision
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["case", "number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="one_revision_per_case_and_number")]

    def __str__(self) -> str:
        return f"Revision {self.number}"


class Recusal(models.Model):
    """A person stands aside from a case: no vote, no quorum credit, earlier votes struck (and still shown)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="recusals")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["case", "at", "id"]
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="one_recusal_per_case_and_person")]

    def __str__(self) -> str:
        return f"Recusal from {self.case_id}"


class Comment(models.Model):
    """A word in the discussion of a case. `hazard` is shown to cleared people only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="comments")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    hazard = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["case", "at", "id"]

    def __str__(self) -> str:
        return f"Comment on {self.case_id}"
