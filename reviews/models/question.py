"""What a case asks, and how each person answered. Nothing here is edited: a later vote replaces, the earlier stays readable."""

import uuid

from django.db import models
from django.db.models import Q

from evaluations.models import Snapshot
from people.models import Person, Signature
from reviews.models.case import Case


class QuestionKind(models.TextChoices):
    THRESHOLD = "threshold", "Is the threshold crossed?"
    SAFEGUARDS = "safeguards", "Are the safeguards adequate?"
    RELEASE = "release", "May this artefact go to this scope?"


class QuestionState(models.TextChoices):
    OPEN = "open", "Open"
    DECIDED = "decided", "Decided"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Verdict(models.TextChoices):
    """What can be proposed and declared. The first three and `covered_by` answer a threshold, the others their own question."""

    NOT_CROSSED = "not_crossed", "Not crossed"
    TREATED_AS_CROSSED = "treated_as_crossed", "Treated as crossed"
    CROSSED = "crossed", "Crossed"
    COVERED_BY = "covered_by", "Covered by another snapshot"
    ADEQUATE = "adequate", "Adequate"
    INADEQUATE = "inadequate", "Not adequate"
    RELEASE = "release", "Release"
    REFUSED = "refused", "Refused"


class Question(models.Model):
    """One question of a case with its own content, votes, quorum and answer.

    `content` is exactly what a vote answers, with the proposal in it; `content_digest` is its digest. Votes pin that digest, so a change of content
    or of the proposal outdates them, and nothing else does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="questions")
    kind = models.CharField(max_length=20, choices=QuestionKind)
    threshold = models.CharField(max_length=80, default="", blank=True)
    axis = models.CharField(max_length=40, default="", blank=True)
    tier = models.CharField(max_length=40, default="", blank=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    scope = models.CharField(max_length=40, default="", blank=True)
    proposal = models.CharField(max_length=20, choices=Verdict)
    covered_by = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    proposal_note = models.TextField(default="", blank=True)
    content = models.JSONField(default=dict)
    content_digest = models.CharField(max_length=71)
    finding_digest = models.CharField(max_length=71, default="", blank=True)
    finding_outcome = models.CharField(max_length=20, default="", blank=True)
    # The requirement per axis this question holds up while it is open (the ratchet): a better finding alone never takes it away.
    raised = models.JSONField(default=dict, blank=True)
    # What is asked for: the roles and competences of the pinned policy, as `reviews.tally.Quorum` reads them.
    quorum = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=QuestionState, default=QuestionState.OPEN)
    outcome = models.CharField(max_length=20, choices=Verdict, default="", blank=True)
    position = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    declaration = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    declaration_note = models.TextField(default="", blank=True)
    declaration_hazard = models.BooleanField(default=False)  # the note is shown to cleared people only

    class Meta:
        ordering = ["case", "position", "id"]
        constraints = [
            # One item per thing asked; what changes reopens it.
            models.UniqueConstraint(
                fields=["case", "kind", "threshold", "axis", "tier", "snapshot", "scope"],
                name="one_question_per_case_and_thing",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state="decided", decided_at__isnull=False) | (~Q(state="decided") & Q(decided_at=None)),
                name="a_question_has_a_decision_exactly_when_decided",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.get_kind_display(), self.threshold, self.axis, self.tier, self.scope) if part)

    @property
    def is_open(self) -> bool:
        return self.state == QuestionState.OPEN


class Choice(models.TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"
    REQUEST_CHANGES = "request_changes", "Request changes"
    ABSTAIN = "abstain", "Abstain"


class Vote(models.Model):
    """One person's signed answer to one proposal, bound to the digest of what they were shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="votes")
    choice = models.CharField(max_length=20, choices=Choice)
    proposal = models.CharField(max_length=20, choices=Verdict)
    rationale = models.TextField()
    hazard = models.BooleanField(default=False)  # the rationale is shown to cleared people only
    content_digest = models.CharField(max_length=71)
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)  # by the same person's later vote
    struck_at = models.DateTimeField(null=True, blank=True)  # by a recusal or a conflict that came to light

    class Meta:
        ordering = ["question", "at", "id"]
        constraints = [
            # A reviewer cannot count twice; two votes at the same moment meet here.
            models.UniqueConstraint(
                fields=["question", "person"], condition=Q(replaced_at=None), name="one_live_vote_per_person_and_question"
            ),
            models.CheckConstraint(condition=~Q(rationale=""), name="a_vote_has_a_rationale"),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()} on {self.question_id}"

    @property
    def is_live(self) -> bool:
        return self.replaced_at is None and self.struck_at is None
