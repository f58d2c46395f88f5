"""What the board is asked outside a case: one motion each, put by the chair, answered by reviewers, carried or not."""

import uuid

from django.db import models
from django.db.models import F, Q

from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from people.models import Person, Signature


class MotionKind(models.TextChoices):
    # Whether results count that arrived before their indicator was adopted or their binding confirmed.
    LATE_RESULTS = "late_results", "Late results"
    # Whether what ran before the portal went live may go on until a day, observed, while the board catches up.
    OBSERVED_SCOPE = "observed_scope", "Observed scope"


class Motion(models.Model):
    """Exactly what is asked, as the chair put it. Roster and quorum are pinned when it is put."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=MotionKind)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="motions")
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    # The weights it is about; none where it is about the model.
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    # When what it lets go on is over.
    until = models.DateTimeField(null=True, blank=True)
    # Late results: `indicator`, `indicator_digest`, `measurements` (ids, sorted). An observed scope: `scope`.
    asked = models.JSONField(default=dict)
    matter = models.CharField(max_length=120)  # the digest of the indicator; the scope
    content_digest = models.CharField(max_length=71)  # what the votes are bound to
    reason = models.TextField()
    roster = models.JSONField(default=list)
    quorum = models.JSONField(default=dict)
    requires = models.JSONField(default=dict)  # {axis: tier}: what is at stake
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    carried = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = [F("settled_at").desc(nulls_first=True), "-proposed_at", "id"]
        constraints = [
            # Two open motions on one indicator could be carried one after the other, half of the results each.
            models.UniqueConstraint(
                fields=["subject", "kind", "matter"], condition=Q(settled_at=None), name="one_open_motion_per_subject_and_matter"
            ),
            models.CheckConstraint(condition=Q(carried=False) | Q(settled_at__isnull=False), name="a_motion_is_carried_when_it_is_settled"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_motion_has_a_reason"),
            # What goes on goes on for these weights, and has an end.
            models.CheckConstraint(
                condition=~Q(kind=MotionKind.OBSERVED_SCOPE) | Q(snapshot__isnull=False, until__isnull=False, until__gt=F("proposed_at")),
                name="an_observed_scope_has_weights_and_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.about}"

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def about(self) -> str:
        """The indicator or the scope, by its slug."""
        return str(self.asked.get("indicator", self.matter))


class MotionVote(models.Model):
    """One person's signed answer to one motion."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    motion = models.ForeignKey(Motion, on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=20, choices=[("approve", "Approve"), ("reject", "Reject")])
    rationale = models.TextField()
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)  # by the same person's later vote

    class Meta:
        ordering = ["motion", "at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["motion", "person"], condition=Q(replaced_at=None), name="one_live_vote_per_person_and_motion"),
            models.CheckConstraint(condition=~Q(rationale=""), name="a_vote_on_a_motion_has_a_rationale"),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()}: {self.motion_id}"
