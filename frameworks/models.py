"""Framework versions as they were published and read, and every version of every indicator they name."""

import uuid
from collections.abc import Mapping
from functools import lru_cache

from django.db import models
from django.db.models import F, Q

from frameworks.engine import reading
from frameworks.engine.types import FrameworkDocument
from frameworks.wordings import wording_of
from ledger.canonical import Json, parse
from people.models import Person, Signature


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    ADOPTED = "adopted", "Adopted"
    SUPERSEDED = "superseded", "Superseded"


class FrameworkVersion(models.Model):
    """One dated version of a published framework: (name, the publisher's version, our revision). Its content never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    version = models.CharField(max_length=80)
    revision = models.PositiveIntegerField()
    title = models.CharField(max_length=2000)
    digest = models.CharField(max_length=71, unique=True)
    source_bytes = models.BinaryField()
    canonical_bytes = models.BinaryField()
    effective_date = models.DateField()
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    loaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    loaded_at = models.DateTimeField()
    # The version in force when this one was adopted; what this one took over from.
    predecessor = models.ForeignKey("self", on_delete=models.PROTECT, related_name="successors", null=True, blank=True)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    proposed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_seq = models.BigIntegerField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "-effective_date", "-revision", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version", "revision"], name="one_document_per_framework_version_and_revision"),
            # The rules a lab lives by are one document at a time.
            models.UniqueConstraint(fields=["name"], condition=Q(status="adopted"), name="one_framework_version_in_force_per_name"),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(proposed__isnull=False, confirmed__isnull=False, proposed_by__isnull=False, confirmed_by__isnull=False),
                name="a_framework_in_force_bears_two_signatures",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")), name="two_people_adopt_a_framework_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version} (revision {self.revision})"

    @property
    def canonical(self) -> bytes:
        return bytes(self.canonical_bytes)

    @property
    def source(self) -> bytes:
        return bytes(self.source_bytes)

    @property
    def document(self) -> FrameworkDocument:
        """The document as values, read once per process."""
        return _document(self.canonical, self.source)

    @property
    def wordings(self) -> Mapping[str, str]:
        """safeguard → the digest of what this version says of it, worked out once per process. Nobody changes what this answers."""
        return _wordings(self.name, self.canonical, self.source)


@lru_cache(maxsize=32)
def _wordings(name: str, canonical: bytes, source: bytes) -> Mapping[str, str]:
    return {each.slug: wording_of(name, each) for each in _document(canonical, source).safeguards}


@lru_cache(maxsize=32)
def _document(canonical: bytes, source: bytes) -> FrameworkDocument:
    return reading.framework(canonical, source=source)


class IndicatorVersion(models.Model):
    """One version of an indicator, stored on its own: whichever framework names these very bytes, they keep their first date.

    `registered_seq` is the ledger entry of the first adoption that named it; before that it is a draft and nothing rules out under it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=80)
    digest = models.CharField(max_length=71, unique=True)
    document = models.BinaryField()
    loaded_at = models.DateTimeField()
    registered_at = models.DateTimeField(null=True, blank=True)
    registered_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["slug", "registered_seq", "digest"]
        indexes = [models.Index(fields=["slug", "registered_seq"], name="indicator_versions_in_order")]
        constraints = [
            models.CheckConstraint(
                condition=Q(registered_at__isnull=True, registered_seq__isnull=True)
                | Q(registered_at__isnull=False, registered_seq__isnull=False),
                name="an_indicator_is_registered_in_the_ledger_or_not_at_all",
            )
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.digest[:19]}…"

    @property
    def definition(self) -> dict[str, Json]:
        """The indicator's document, as evidence documents carry it."""
        read = parse(bytes(self.document))
        return read if isinstance(read, dict) else {}
