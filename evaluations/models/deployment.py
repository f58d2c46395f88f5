"""Where weights are in service, as the serving side reports it, and which weights a quorum found covered by others' results."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from evaluations.models.subject import Snapshot


class Deployment(models.Model):
    """An artefact in service for a scope. `authorisation` is the gate's record it was released on; one without a valid record is an incident."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="deployments")
    scope = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    authorisation = models.UUIDField(null=True, blank=True)
    stack_digest = models.CharField(max_length=71, blank=True)
    reported_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)
    ended_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "scope", "stack_digest"],
                condition=Q(until=None),
                name="one_running_deployment_per_artefact_scope_and_stack",
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="a_deployment_ends_after_it_began"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} since {self.since:%Y-%m-%d}"


class Coverage(models.Model):
    """A quorum's decision, written downwards: for this threshold these weights need no results of their own while those of `covered_by` hold.

    It ends with the determination it comes from, and at `expires_at` at the latest.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="coverages")
    covered_by = models.ForeignKey(Snapshot, models.PROTECT, related_name="covers")
    framework_name = models.CharField(max_length=120)
    # Empty only in rows from before a coverage named its threshold: those cover none.
    threshold = models.CharField(max_length=80, blank=True)
    decision = models.UUIDField()
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "framework_name", "decision"], name="one_coverage_per_snapshot_and_decision"),
            # What stands for these weights on a threshold is one decision at a time.
            models.UniqueConstraint(
                fields=["snapshot", "framework_name", "threshold"],
                condition=Q(ended_at=None) & ~Q(threshold=""),
                name="one_coverage_in_force_per_snapshot_and_threshold",
            ),
            models.CheckConstraint(condition=Q(ended_seq=None) | Q(ended_at__isnull=False), name="a_coverage_that_ended_says_when"),
            models.CheckConstraint(condition=~Q(covered_by=F("snapshot")), name="a_snapshot_does_not_cover_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.threshold}: {self.snapshot_id} covered by {self.covered_by_id}"
