"""What an assessment set going on the board, for the receipt of the upload behind it."""

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse

from evaluations.effects import Effect, set_teller
from evaluations.models import Assessment
from ledger.delivery import awaits
from people.queries import Actor
from reviews.models import CaseRevision
from reviews.policies import may_see_board
from reviews.signing import requirement_in_words


def tell(assessments: Sequence[Assessment], actor: Actor) -> list[Effect]:
    """The cases these assessments opened or changed, each once with what it requires since; not what people asked on top of them.
    One query; nothing for who sees no case.
    """
    if not may_see_board(actor):
        return []
    rows = CaseRevision.objects.filter(assessment__in=[each.pk for each in assessments], made_by=None)
    of_case: dict[UUID, list[CaseRevision]] = {}
    for row in rows.select_related("case__framework_version", "case__subject").order_by("case__number", "number"):
        of_case.setdefault(row.case_id, []).append(row)
    return [_effect(several[-1], opened=several[0].number == 1) for several in of_case.values()]


def _effect(revision: CaseRevision, *, opened: bool) -> Effect:
    case = revision.case
    document = case.framework_version.document
    tiers = requirement_in_words({axis.slug: revision.required[axis.slug] for axis in document.axes}, document)
    did = "Opened" if opened else "Changed"
    provisionally = " provisionally" if case.is_open and case.kind == "elevation" else ""
    words = f"{did} case {case.number} ({case.get_kind_display().lower()}): {case.subject.name} requires {tiers}{provisionally}."
    return Effect(words, reverse("reviews:case-detail", args=[case.number]))


def expects(subject_id: UUID) -> bool:
    """Whether an assessment of this model has not yet been followed by its case."""
    return awaits(("reviews.cases",), path="subject", values=[str(subject_id)])


set_teller(tell, expects)
