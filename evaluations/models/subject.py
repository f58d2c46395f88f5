"""What is evaluated: a model with its lineage, and the exact weights of it that results speak about."""

from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import F, Q


class Derivation(models.TextChoices):
    """How a subject came from its parent. Anything but `original` names the parent."""

    ORIGINAL = "original", "Trained from scratch"
    CHECKPOINT = "checkpoint", "Checkpoint of"
    FINE_TUNE = "fine-tune", "Fine-tuned from"
    DISTILLED = "distilled", "Distilled from"
    QUANTISED = "quantised", "Quantised from"
    MERGED = "merged", "Merged from"


class Subject(models.Model):
    """An AI model the framework is applied to."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    derivation = models.CharField(max_length=16, choices=Derivation, default=Derivation.ORIGINAL)
    registered_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    registered_seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            # A derived model without a parent would escape its parent's requirement.
            models.CheckConstraint(
                condition=Q(derivation=Derivation.ORIGINAL, parent=None) | (~Q(derivation=Derivation.ORIGINAL) & Q(parent__isnull=False)),
                name="a_derived_subject_names_its_parent",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="a_subject_is_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class Snapshot(models.Model):
    """One set of weights of a subject, known by digest. It carries power to rule out once a second person has confirmed it.

    `candidate_seq` says from which ledger entry on these weights are meant for release: a required cell of every threshold.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="snapshots")
    label = models.CharField(max_length=80)
    weights_digest = models.CharField(max_length=71, unique=True)
    model_names = models.JSONField(default=list)
    # Effective compute relative to the last comprehensively assessed weights; unknown makes earlier results stale where a clock asks.
    compute_factor = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    registered_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    registered_seq = models.BigIntegerField(null=True)
    confirmed_by = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_seq = models.BigIntegerField(null=True, blank=True)
    candidate_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["registered_seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "label"], name="one_snapshot_per_subject_and_label"),
            models.CheckConstraint(condition=Q(weights_digest__regex=r"^sha256:[0-9a-f]{64}$"), name="weights_are_known_by_their_sha256"),
            # Four eyes: nobody vouches for weights they registered themselves.
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("registered_by")), name="a_snapshot_is_confirmed_by_another_person"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None, confirmed_seq=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, confirmed_seq__isnull=False),
                name="a_snapshot_confirmation_is_whole_or_absent",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_seq is not None

    @property
    def is_release_candidate(self) -> bool:
        return self.candidate_seq is not None


class Dossier(models.Model):
    """What an outside evaluator may see: one subject, from when until when. Everyone else of the laboratory sees every subject."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="dossiers")
    person = models.ForeignKey("people.Person", models.PROTECT, related_name="dossiers")
    opened_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "person"], condition=Q(closed_at=None), name="one_unclosed_dossier_per_subject_and_person"
            ),
            models.CheckConstraint(condition=~Q(opened_by=F("person")), name="nobody_opens_a_dossier_for_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} for {self.person_id}"

    def is_open(self, at: datetime) -> bool:
        return self.opened_at <= at and all(end is None or end > at for end in (self.until_at, self.closed_at))
