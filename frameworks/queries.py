"""Reading frameworks."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from frameworks.models import FrameworkVersion, Status


def in_force(name: str) -> FrameworkVersion | None:
    """The version of a framework that is in force now."""
    return FrameworkVersion.objects.filter(name=name, status=Status.ADOPTED).first()


def in_force_versions() -> QuerySet[FrameworkVersion]:
    """Every framework's version in force, by name."""
    return FrameworkVersion.objects.filter(status=Status.ADOPTED).order_by("name")


def in_force_then(name: str, at: datetime) -> FrameworkVersion | None:
    """The version of a framework that was in force at that moment."""
    adopted = FrameworkVersion.objects.filter(name=name, adopted_at__lte=at).exclude(superseded_at__lte=at)
    return adopted.order_by("-adopted_seq").first()


def adopted_versions() -> QuerySet[FrameworkVersion]:
    """Every version that is or was in force, in the order of adoption."""
    return FrameworkVersion.objects.exclude(status=Status.DRAFT).order_by("adopted_seq")


def listed() -> QuerySet[FrameworkVersion]:
    """Every version without its bytes, for lists."""
    return FrameworkVersion.objects.select_related("predecessor").defer(
        "source_bytes", "canonical_bytes", "predecessor__source_bytes", "predecessor__canonical_bytes"
    )


def the_version(name: str, version: str, revision: int | None = None) -> FrameworkVersion:
    """One version with who adopted it: this revision, else the one in force, else the newest. Raises Http404."""
    found = FrameworkVersion.objects.filter(name=name, version=version).select_related(
        "loaded_by", "proposed_by", "confirmed_by", "predecessor"
    )
    if revision is not None:
        return get_object_or_404(found, revision=revision)
    versions = list(found.order_by("-revision"))
    adopted = [each for each in versions if each.status == Status.ADOPTED]
    return (adopted or versions)[0] if versions else get_object_or_404(found, revision=0)


def compared_with(version: FrameworkVersion, others: Sequence[FrameworkVersion], asked: str) -> FrameworkVersion | None:
    """Which of the others a version is shown against: the one asked for, else its predecessor, else for a draft the one in force."""
    wanted = asked or str(version.predecessor_id or "")
    named = next((each for each in others if str(each.pk) == wanted), None)
    if named is None and not asked and version.status == Status.DRAFT:
        named = next((each for each in others if each.status == Status.ADOPTED), None)
    return named
