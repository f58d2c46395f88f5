"""Safeguards as built, the evidence for them, and who put their name to them. Sign-offs are about safeguards, never about capabilities."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from evaluations.models import Blob, Snapshot, Subject
from frameworks.models import FrameworkVersion
from people.models import Person, Signature
from reviews.models.case import Case
from reviews.places import Site


class Place(models.TextChoices):
    ESTATE = "estate", "Whole estate"
    ENVIRONMENT = "environment", "One environment"
    STACK = "stack", "One serving stack"
    SUBJECT = "subject", "One model"


class SafeguardImplementation(models.Model):
    """A safeguard as built in one place. `version_digest` covers what it is and the evidence attached; a change is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework_name = models.CharField(max_length=120)
    safeguard = models.CharField(max_length=80)
    place = models.CharField(max_length=20, choices=Place)
    place_name = models.CharField(max_length=120, default="", blank=True)  # which environment or stack
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="implementations", null=True, blank=True)
    title = models.CharField(max_length=200)
    description = models.TextField()
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="implementations")
    version = models.PositiveIntegerField(default=1)
    version_digest = models.CharField(max_length=71)
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["safeguard", "place", "place_name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(place="subject", subject__isnull=False) | (~Q(place="subject") & Q(subject=None)),
                name="only_a_safeguard_of_one_model_names_a_model",
            ),
            # The same safeguard twice in one place would let the weaker one stand for both.
            models.UniqueConstraint(
                fields=["framework_name", "safeguard", "place", "place_name", "subject"],
                condition=Q(retired_at=None),
                name="one_implementation_per_safeguard_and_place",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.title


# Kinds of evidence that tell how a safeguard is got round; hazardous unless somebody says otherwise.
HAZARDOUS_EVIDENCE = frozenset({"red-team", "evaluation"})


class ImplementationEvidence(models.Model):
    """A file that shows the safeguard works; content-addressed, attached once, withdrawn rather than deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    implementation = models.ForeignKey(SafeguardImplementation, on_delete=models.PROTECT, related_name="evidence")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255)
    evidence_type = models.CharField(max_length=80)
    note = models.TextField(default="", blank=True)
    hazard = models.BooleanField(default=True)  # the file goes to cleared people only
    attached_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    attached_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["implementation", "attached_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["implementation", "blob"], condition=Q(withdrawn_at=None), name="one_attachment_per_implementation_and_file"
            ),
        ]

    def __str__(self) -> str:
        return self.filename


class Meaning(models.TextChoices):
    """What a signature under a safeguard says; chosen by the signer, shown wherever the signature is."""

    REVIEWED = "reviewed", "I reviewed the evidence and find the safeguard adequate"
    VERIFIED = "verified-implementation", "I verified the implementation myself and find it adequate"
    CONCURRED = "concurred", "I concur with the owner's case that it is adequate"


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def in_force(self, at: datetime, *versions: FrameworkVersion) -> "SignOffQuerySet":
        """Standing, and signed for the safeguard as one of these framework versions words it."""
        return self.standing(at).filter(wording_digest__in={each for version in versions for each in version.wordings.values()})

    def standing(self, at: datetime) -> "SignOffQuerySet":
        """Given, not revoked, not run out, and about the implementation as it stands; whatever the framework asks by now."""
        return self.filter(
            Q(revoked_at=None) | Q(revoked_at__gt=at),
            given_at__lte=at,
            expires_at__gt=at,
            content_digest=F("implementation__version_digest"),
            implementation__retired_at=None,
        )


class SignOff(models.Model):
    """A person's signed statement about one implementation version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    implementation = models.ForeignKey(SafeguardImplementation, on_delete=models.PROTECT, related_name="signoffs")
    version = models.PositiveIntegerField()
    content_digest = models.CharField(max_length=71)  # the implementation's version_digest as signed
    # What the framework said of the safeguard when it was signed (`frameworks.wordings`). Empty from before it was kept: that counts under no wording.
    wording_digest = models.CharField(max_length=71, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signoffs")
    owner = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+"
    )  # as it stood, so that the database can keep the two apart
    meaning = models.CharField(max_length=40, choices=Meaning)
    rationale = models.TextField()
    hazard = models.BooleanField(default=False)  # the rationale is shown to cleared people only
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    revoked_why = models.TextField(default="", blank=True)

    objects = SignOffQuerySet.as_manager()

    class Meta:
        ordering = ["implementation", "-given_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["implementation", "person", "content_digest"],
                condition=Q(revoked_at=None),
                name="one_signoff_per_person_and_version",
            ),
            models.CheckConstraint(condition=~Q(person=F("owner")), name="an_owner_does_not_sign_off_their_own_safeguard"),
        ]

    def __str__(self) -> str:
        return f"Sign-off of {self.implementation_id} v{self.version}"

    def holds(self, at: datetime, version: FrameworkVersion, implementation: SafeguardImplementation | None = None) -> bool:
        """In force at `at` under this framework version; needs `implementation` loaded, or at hand."""
        return self.stands(at, implementation) and self.is_worded_as(version)

    def is_worded_as(self, version: FrameworkVersion) -> bool:
        """Whether this framework version says of the safeguard what was said of it when it was signed off."""
        return self.wording_digest in version.wordings.values()

    def stands(self, at: datetime, implementation: SafeguardImplementation | None = None) -> bool:
        """Given, not revoked, not run out, and about the implementation as it is; whatever the framework asks by now."""
        implementation = implementation or self.implementation
        return (
            self.given_at <= at < self.expires_at
            and (self.revoked_at is None or self.revoked_at > at)
            and self.content_digest == implementation.version_digest
            and implementation.retired_at is None
        )


class ApplicabilityStatement(models.Model):
    """One signed statement that these sign-offs cover this snapshot in these scopes, at these tiers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="statements")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="statements")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="statements")
    tiers = models.JSONField(default=dict)  # {axis: tier}
    scopes = models.JSONField(default=list)
    # Where it is served: what is built into one stack or environment counts in that one only.
    stack = models.CharField(max_length=120, default="", blank=True)
    stack_digest = models.CharField(max_length=71, default="", blank=True)  # what the serving side asks the gate with
    environment = models.CharField(max_length=120, default="", blank=True)
    rationale = models.TextField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    content_digest = models.CharField(max_length=71)
    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-stated_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(replaced_at=None), name="one_applicability_statement_in_force_per_case"),
            # A digest alone says nothing of what was signed off there.
            models.CheckConstraint(condition=Q(stack_digest="") | ~Q(stack=""), name="a_stack_digest_goes_with_a_name"),
        ]

    def __str__(self) -> str:
        return f"Applicability for {self.snapshot_id}"

    @property
    def site(self) -> Site:
        """Where the weights are served, as signed."""
        return Site(self.stack, self.stack_digest, self.environment)


class ApplicabilityLine(models.Model):
    """One required safeguard of a statement and the sign-off that covers it; an exception is one signed anew for this model."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    statement = models.ForeignKey(ApplicabilityStatement, on_delete=models.PROTECT, related_name="lines")
    axis = models.CharField(max_length=40)
    safeguard = models.CharField(max_length=80)
    signoff = models.ForeignKey(SignOff, on_delete=models.PROTECT, related_name="lines")
    is_exception = models.BooleanField(default=False)

    class Meta:
        ordering = ["statement", "axis", "safeguard", "id"]
        constraints = [models.UniqueConstraint(fields=["statement", "safeguard"], name="one_line_per_statement_and_safeguard")]

    def __str__(self) -> str:
        return self.safeguard
