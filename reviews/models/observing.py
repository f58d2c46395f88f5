"""Whether what ran before the portal went live may go on while the board catches up: asked for one artefact and scope, with an end."""

import uuid

from django.db import models
from django.db.models import F, Q

from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from people.models import Person, Signature


class Observing(models.Model):
    """The chair's proposal that a scope is only observed for one artefact until a day. Roster and quorum are pinned when it is made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="observings")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=40)
    until = models.DateTimeField()
    content_digest = models.CharField(max_length=71)
    reason = models.TextField()
    roster = models.JSONField(default=list)
    quorum = models.JSONField(default=dict)
    requires = models.JSONField(default=dict)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    granted = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-proposed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "scope"], condition=Q(settled_at=None), name="one_open_observing_per_subject_and_scope"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("proposed_at")), name="observing_has_an_end"),
            models.CheckConstraint(
                condition=Q(granted=False) | Q(settled_at__isnull=False), name="observing_is_granted_when_it_is_settled"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="observing_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} until {self.until:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.settled_at is None


class ObservingVote(models.Model):
    """One person's signed answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    observing = models.ForeignKey(Observing, on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=20, choices=[("approve", "Let it go on"), ("reject", "Do not let it go on")])
    rationale = models.TextField()
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["observing", "at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["observing", "person"], condition=Q(replaced_at=None), name="one_live_vote_per_person_and_observing"
            ),
            models.CheckConstraint(condition=~Q(rationale=""), name="a_vote_on_observing_has_a_rationale"),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()}: {self.observing_id}"
