"""What earlier versions of the framework still ask for."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from evaluations.models import Subject
from frameworks.models import FrameworkVersion
from reviews import paper_rules
from reviews.models import Determination
from reviews.models.question import Verdict
from reviews.rules import EARLIER_BASELINE, is_strict


def earlier_versions(version: FrameworkVersion, at: datetime) -> list[FrameworkVersion]:
    """The versions in force before this one, the earliest first."""
    if version.predecessor_id is None:
        return []
    before = FrameworkVersion.objects.filter(name=version.name, adopted_seq__lt=version.adopted_seq, superseded_at__lte=at)
    return list(before.order_by("adopted_seq"))


def papers_asked_earlier(determinations: Iterable[Determination], earlier: Iterable[FrameworkVersion]) -> tuple[paper_rules.Asked, ...]:
    """What the versions asked for under which the board decided strictly: a newer text lets go of it by itself as little as of a tier."""
    documents = {each.pk: each.document for each in earlier}
    return tuple(
        asked
        for each in determinations
        if each.framework_version_id in documents and is_strict(each.verdict)
        for asked in paper_rules.asked_of(documents[each.framework_version_id], {each.threshold})
        if asked.gates
    )


def held_baselines(
    subject: Subject, determinations: Iterable[Determination], earlier: Iterable[FrameworkVersion]
) -> tuple[Mapping[str, str], ...]:
    """The baselines a model was under when another version took their place, since the board last let go of one."""
    let_go = max(
        (each.decided_at for each in determinations if each.threshold == EARLIER_BASELINE and each.verdict == Verdict.NOT_CROSSED),
        default=subject.created_at,
    )
    return tuple(each.document.baseline for each in earlier if each.superseded_at is not None and each.superseded_at >= let_go)
