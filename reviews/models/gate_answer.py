"""What the gate said, and the state of each scope of each subject."""

import uuid

from django.db import models
from django.db.models import Q

from evaluations.models import Document, Snapshot, Subject
from people.models import Person


class GateState(models.TextChoices):
    OPEN = "open", "Open"
    SHUT = "shut", "Shut"
    HALTED = "halted", "Halted"


class Enforcement(models.TextChoices):
    ENFORCE = "enforce", "Enforced"
    OBSERVE = "observe", "Observed only"


class ScopeState(models.Model):
    """One scope of one subject. `state` is the last recomputed answer, for lists and notices; the gate itself always computes anew."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="scopes")
    framework_name = models.CharField(max_length=120)
    scope = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=GateState, default=GateState.SHUT)
    enforcement = models.CharField(max_length=10, choices=Enforcement, default=Enforcement.ENFORCE)
    # For which weights and until when a scope is only observed; decided by a quorum.
    observed_until = models.DateTimeField(null=True, blank=True)
    observed_snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    changed_at = models.DateTimeField()
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    halt_reason = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["subject", "scope", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "framework_name", "scope"], name="one_state_per_subject_and_scope"),
            models.CheckConstraint(
                condition=Q(enforcement="enforce", observed_until=None, observed_snapshot=None)
                | Q(enforcement="observe", observed_until__isnull=False, observed_snapshot__isnull=False),
                name="an_observed_scope_says_for_what_and_until_when",
            ),
            models.CheckConstraint(condition=Q(halted_at=None) | Q(state="halted"), name="a_halted_scope_says_so"),
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.get_state_display()}"


class GateAnswer(models.Model):
    """An authorisation: the gate's answer for the record, short-lived, with the documents it was computed from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="gate_answers", null=True, blank=True)
    artefact = models.CharField(max_length=71)
    scope = models.CharField(max_length=40)
    stack_digest = models.CharField(max_length=71, default="", blank=True)
    allowed = models.BooleanField()
    reasons = models.JSONField(default=list)
    framework_document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    inputs_document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    answer_document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    rules_version = models.CharField(max_length=20)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ledger_seq = models.BigIntegerField()

    class Meta:
        ordering = ["-at", "id"]
        indexes = [models.Index(fields=["artefact", "scope", "-at"], name="gate_answers_by_artefact")]

    def __str__(self) -> str:
        return f"{'allow' if self.allowed else 'deny'} {self.artefact} to {self.scope}"
