"""What an assessment set going on the board, for the receipt of the upload behind it."""

from collections.abc import Sequence

from django.urls import reverse

from evaluations.effects import Effect, set_teller
from evaluations.models import Assessment
from people.queries import Actor
from reviews.models import CaseRevision
from reviews.policies import may_see_board


def tell(assessments: Sequence[Assessment], actor: Actor) -> list[Effect]:
    """The cases these assessments opened or changed, each with what it requires since. One query; nothing for who sees no case."""
    if not may_see_board(actor):
        return []
    rows = CaseRevision.objects.filter(assessment__in=[each.pk for each in assessments])
    return [_effect(row) for row in rows.select_related("case__framework_version").order_by("case__number", "number")]


def _effect(revision: CaseRevision) -> Effect:
    case = revision.case
    document = case.framework_version.document
    required = [(axis.letter, document.asked_tier(axis.slug, revision.required[axis.slug])) for axis in document.axes]
    tiers = " ".join(f"{letter}{tier.ordinal if tier.known else '?'}" for letter, tier in required)
    did = "Opened" if revision.number == 1 else "Changed"
    provisionally = " provisionally" if case.is_open and case.kind == "elevation" else ""
    words = f"{did} case {case.number} ({case.get_kind_display().lower()}): it requires {tiers}{provisionally}."
    return Effect(words, reverse("reviews:case-detail", args=[case.number]))


set_teller(tell)
