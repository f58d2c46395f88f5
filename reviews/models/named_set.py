"""Results that arrived before their indicator was adopted, put to the board as a named set: whether they count under it all the same."""

import uuid

from django.db import models
from django.db.models import Q

from evaluations.models import Subject
from frameworks.models import FrameworkVersion
from people.models import Person, Signature


class NamedSet(models.Model):
    """Exactly these results under exactly this version of the indicator, in the chair's proposal. Roster and quorum are pinned when it is made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="named_sets")
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    indicator = models.CharField(max_length=120)
    indicator_digest = models.CharField(max_length=71)
    measurements = models.JSONField(default=list)  # ids, sorted
    content_digest = models.CharField(max_length=71)  # what the votes are bound to
    reason = models.TextField()
    roster = models.JSONField(default=list)
    quorum = models.JSONField(default=dict)
    requires = models.JSONField(default=dict)  # {axis: tier}: what the thresholds that lean on the indicator would require
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    admitted = models.BooleanField(default=False)

    class Meta:
        ordering = ["-proposed_at", "id"]
        constraints = [
            # Two open sets on one indicator could be voted through one after the other, half of the results each.
            models.UniqueConstraint(
                fields=["subject", "indicator_digest"], condition=Q(settled_at=None), name="one_open_set_per_subject_and_indicator"
            ),
            models.CheckConstraint(condition=Q(admitted=False) | Q(settled_at__isnull=False), name="a_set_is_admitted_when_it_is_settled"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_named_set_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{len(self.measurements)} results for {self.indicator}"

    @property
    def is_open(self) -> bool:
        return self.settled_at is None


class NamedSetVote(models.Model):
    """One person's signed answer to one named set."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    named_set = models.ForeignKey(NamedSet, on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=20, choices=[("approve", "Count them"), ("reject", "Do not count them")])
    rationale = models.TextField()
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)  # by the same person's later vote

    class Meta:
        ordering = ["named_set", "at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["named_set", "person"], condition=Q(replaced_at=None), name="one_live_vote_per_person_and_named_set"
            ),
            models.CheckConstraint(condition=~Q(rationale=""), name="a_vote_on_a_named_set_has_a_rationale"),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()}: {self.named_set_id}"
