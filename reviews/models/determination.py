"""What people decided. A decision is never edited; it ends (with a reason) or is followed by another."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from evaluations.models import Assessment, Snapshot, Subject
from frameworks.models import FrameworkVersion
from people.models import Person, Signature
from reviews.models.question import Question, Verdict
from reviews.models.signoff import ApplicabilityStatement


class EndReason(models.TextChoices):
    FINDING_WORSENED = "finding_worsened", "Its finding moved towards concern"
    EVIDENCE_LOST = "evidence_lost", "Its finding lost evidence or went stale"
    EXPIRED = "expired", "Its validity ran out"
    SUPERSEDED = "superseded", "A later decision took its place"
    LEANED_ON_LAPSED = "leaned_on_lapsed", "Something it leans on lapsed"
    REVOKED = "revoked", "Revoked"


class DecisionQuerySet(models.QuerySet):
    def in_force(self, at: datetime):  # type: ignore[no-untyped-def]
        """Decided by then, not ended by then, and within its validity."""
        return self.filter(
            Q(ended_at=None) | Q(ended_at__gt=at),
            Q(valid_until=None) | Q(valid_until__gt=at),
            decided_at__lte=at,
        )


class Decision(models.Model):
    """The fields every decision shares."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="%(class)ss")
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    framework_name = models.CharField(max_length=120)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="%(class)ss")
    rationale = models.TextField()
    hazard = models.BooleanField(default=False)  # the rationale is shown to cleared people only
    # The live votes as they stood: [{"person", "choice", "vote", "signature", "current"}]; dissent travels with the decision.
    votes = models.JSONField(default=list)
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=20, choices=EndReason, default="", blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        abstract = True

    def holds(self, at: datetime) -> bool:
        """Whether this decision is in force at `at`."""
        began = self.decided_at <= at
        return began and (self.ended_at is None or self.ended_at > at) and (self.valid_until is None or self.valid_until > at)


class Determination(Decision):
    """Whether a threshold is crossed, as people decided it; pins the finding it answers, leaves and all."""

    threshold = models.CharField(max_length=80)
    verdict = models.CharField(max_length=20, choices=Verdict)
    requires = models.JSONField(default=dict)  # {axis: tier}; empty for not_crossed
    covered_by = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    # None only where a precaution was decided on a model nobody has assessed yet.
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="determinations", null=True, blank=True)
    finding_digest = models.CharField(max_length=71, blank=True)
    finding = models.JSONField(default=dict)  # the finding as answered, for "nowhere worse"
    # Digest of the finding that rules out by now what was decided strictly; empty while the evidence does not say otherwise.
    contradicted_for = models.CharField(max_length=71, default="", blank=True)
    kept_for = models.CharField(max_length=71, default="", blank=True)  # digest of the latest finding it was kept for, nowhere worse

    class Meta:
        ordering = ["-decided_at", "id"]
        constraints = [
            # One answer to one threshold at a time.
            models.UniqueConstraint(
                fields=["subject", "framework_name", "threshold"],
                condition=Q(ended_at=None),
                name="one_determination_in_force_per_threshold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.threshold}: {self.get_verdict_display()}"


class SafeguardsDecision(Decision):
    """Whether the safeguards of one tier on one axis are adequate for this subject."""

    axis = models.CharField(max_length=40)
    tier = models.CharField(max_length=40)
    verdict = models.CharField(max_length=20, choices=Verdict)
    statement = models.ForeignKey(ApplicabilityStatement, on_delete=models.PROTECT, related_name="decisions")
    content_digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["-decided_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "framework_name", "axis"],
                condition=Q(ended_at=None),
                name="one_safeguards_decision_in_force_per_axis",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.axis} {self.tier}: {self.get_verdict_display()}"


class ReleaseDecision(Decision):
    """One artefact may go to one scope, until a date, on exactly the status it names."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="releases")
    artefact = models.CharField(max_length=71)
    scope = models.CharField(max_length=40)
    verdict = models.CharField(max_length=20, choices=Verdict)
    status_digest = models.CharField(max_length=71)
    # [{"threshold", "artefact", "paper", "digest", …}]: the papers the votes accepted with it, as its content named them.
    papers = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-decided_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "scope", "framework_name"],
                condition=Q(ended_at=None),
                name="one_release_in_force_per_artefact_and_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} to {self.scope}"
