"""What the engine said, from which stored inputs, and what is still to be computed."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from evaluations.models.subject import Subject


class Document(models.Model):
    """A canonical document, stored once under its digest: a framework, an evidence document or an assessment."""

    digest = models.CharField(primary_key=True, max_length=71)
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in ("framework", "evidence", "assessment")])
    content = models.BinaryField()
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=r"^sha256:[0-9a-f]{64}$"), name="a_document_is_known_by_its_sha256")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:19]}"


class Assessment(models.Model):
    """All findings for a subject under a framework version at a time. Never edited; a newer one supersedes it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="assessments")
    framework_version = models.ForeignKey("frameworks.FrameworkVersion", models.PROTECT, related_name="assessments")
    framework_name = models.CharField(max_length=120)
    as_of = models.DateTimeField()
    known_at = models.DateTimeField()
    ledger_size = models.BigIntegerField()
    framework_digest = models.CharField(max_length=71)
    evidence_digest = models.CharField(max_length=71)
    assessment_digest = models.CharField(max_length=71)
    engine_version = models.CharField(max_length=40)
    reader_versions = models.JSONField(default=list)
    # The evidence without its own time and ledger size: equal inputs are recognised by it, so that nothing new is written for nothing new.
    inputs_digest = models.CharField(max_length=71)
    summary = models.JSONField(default=dict)
    finding_digests = models.JSONField(default=dict)
    requirement = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    seq = models.BigIntegerField(unique=True, null=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="superseded_by")
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["subject", "framework_name", "-seq"], name="assessments_latest_first"),
            models.Index(fields=["valid_until"], condition=Q(valid_until__isnull=False), name="assessments_by_their_clock"),
        ]

    def __str__(self) -> str:
        return f"{self.framework_name} {self.as_of:%Y-%m-%d}"


class DueState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WORKING = "working", "Being computed"
    DONE = "done", "Done"
    DEAD = "dead", "Given up, an operator must look"


class AssessmentDue(models.Model):
    """One row a subject and framework: something changed, so the assessment must be made again. `mark` counts what is asked, `done_mark` what is done."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="assessments_due")
    framework_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=DueState, default=DueState.WAITING)
    mark = models.BigIntegerField(default=1)
    done_mark = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    marked_at = models.DateTimeField()
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["marked_at", "id"]
        constraints = [models.UniqueConstraint(fields=["subject", "framework_name"], name="one_assessment_due_per_subject_and_framework")]
        indexes = [
            models.Index(fields=["not_before", "marked_at"], condition=Q(state__in=["waiting", "working"]), name="assessments_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.framework_name}: {self.reason}"


class Judgement(models.Model):
    """What people concluded where the framework asks people, written downwards when their case is decided; it has its own expiry."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="judgements")
    framework_name = models.CharField(max_length=120)
    slug = models.CharField(max_length=120)
    outcome = models.CharField(max_length=20)
    record = models.UUIDField()
    decided_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "framework_name", "slug", "record"], name="one_judgement_per_question_and_record"),
            models.CheckConstraint(
                condition=Q(outcome__in=["ruled_out", "cannot_rule_out", "ruled_in"]), name="a_judgement_is_one_of_the_findings"
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("decided_at")), name="a_judgement_expires_after_it_was_made"
            ),
        ]
        indexes = [models.Index(fields=["subject", "framework_name", "slug"], name="judgements_of_a_subject")]

    def __str__(self) -> str:
        return f"{self.slug}: {self.outcome}"


class StandingRequirement(models.Model):
    """The tier in force on one axis after people's decisions, written downwards so that children can inherit it. The newest row counts."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="standing_requirements")
    framework_name = models.CharField(max_length=120)
    axis = models.CharField(max_length=40)
    tier = models.CharField(max_length=80)
    recorded_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "framework_name", "axis", "seq"], name="one_requirement_per_axis_and_entry")
        ]

    def __str__(self) -> str:
        return f"{self.axis} {self.tier}"
