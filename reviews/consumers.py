"""Entries of the ledger become the board's work. Safe to hear twice; nothing outside the database is touched.

Times are the head's, not an entry's own: what a consumer records is recorded now, however late it hears.
"""

from datetime import datetime
from uuid import UUID

from evaluations.models import Assessment, Subject
from frameworks.models import FrameworkVersion
from ledger.delivery import consumer, is_overtaken, kick
from ledger.models import Entry
from ledger.services import head
from reviews import replay  # noqa: F401  (registers the gate's replay check)
from reviews.notices import hear, outlets, remind  # noqa: F401  (registers who is told, and when)
from reviews.services import following
from reviews.tasks import make_exports

# What may change what the gate would say of a subject; each names the subject among its fields.
MOVES_THE_GATE = (
    "evaluations:upload:received",
    "evaluations:upload:parsed",
    "evaluations:upload:rejected",
    "evaluations:upload:retried",
    "evaluations:result:superseded",
    "evaluations:snapshot:confirmed",
    "evaluations:snapshot:chosen",
    "evaluations:assessment:made",
    "reviews:case:opened",
    "reviews:case:closed",
    "reviews:determination:made",
    "reviews:determination:ended",
    "reviews:safeguards:decided",
    "reviews:safeguards:ended",
    "reviews:release:decided",
    "reviews:release:ended",
    "reviews:paper:supplied",
    "reviews:paper:withdrawn",
    "reviews:scope:halted",
)

# What may move a subject's requirement without an assessment.
MOVES_THE_REQUIREMENT = (
    "reviews:case:opened",
    "reviews:case:revised",
    "reviews:determination:made",
    "reviews:determination:ended",
)


def now() -> datetime:
    return head().recorded_at


@consumer("reviews.cases", kinds=("evaluations:assessment:made",))
def follow_assessment(entry: Entry) -> None:
    assessment = Assessment.objects.select_related("subject", "framework_version", "supersedes").get(pk=_id(entry))
    following.follow_assessment(assessment=assessment, at=now())


@consumer(
    "reviews.signoffs",
    kinds=(
        "reviews:signoff:given",
        "reviews:signoff:revoked",
        "reviews:implementation:changed",
        "reviews:implementation:retired",
        "reviews:evidence:attached",
        "reviews:evidence:withdrawn",
    ),
)
def follow_safeguards(entry: Entry) -> None:
    following.follow_implementation(implementation_id=UUID(str(entry.values["implementation"])), at=now())


@consumer("reviews.wordings", kinds=("frameworks:version:adopted",))
def follow_wordings(entry: Entry) -> None:
    following.follow_adoption(version=FrameworkVersion.objects.get(pk=_id(entry)), at=now())


@consumer("reviews.coverage", kinds=("reviews:determination:made", "reviews:determination:ended"))
def follow_cover(entry: Entry) -> None:
    following.follow_parent(subject_id=UUID(str(entry.values["subject"])), at=now())


@consumer("reviews.requirements", kinds=MOVES_THE_REQUIREMENT)
def follow_requirement(entry: Entry) -> None:
    """What is required is worked out from what stands now, so of several entries about one subject the last is enough."""
    if not is_overtaken(entry, kinds=MOVES_THE_REQUIREMENT, path="subject"):
        following.follow_requirement(subject_id=UUID(str(entry.values["subject"])), at=now())


@consumer("reviews.covered", kinds=("evaluations:requirement:recorded",))
def follow_covering(entry: Entry) -> None:
    following.follow_covering(subject_id=UUID(str(entry.values["subject"])), at=now())


@consumer("reviews.scopes", kinds=MOVES_THE_GATE)
def follow_the_gate(entry: Entry) -> None:
    """The gate is worked out from what stands now, so of several entries about one subject the last is enough."""
    if is_overtaken(entry, kinds=MOVES_THE_GATE, path="subject"):
        return
    following.follow_scopes(subject=Subject.objects.get(pk=str(entry.values["subject"])), at=now())


@consumer("reviews.exports", kinds=("reviews:export:requested",))
def follow_export(entry: Entry) -> None:
    """The row waits already; this only makes it prompt."""
    kick(make_exports)


def _id(entry: Entry) -> str:
    return entry.thing.partition(":")[2]
