"""The clocks of a framework as they run: what each one does, whom it tells, and the day it comes round next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q

from evaluations.models import Deployment, Snapshot, Subject, UploadState
from frameworks.engine.types import Clock
from frameworks.models import FrameworkVersion
from frameworks.queries import adopted_versions
from people.words import Role
from reviews.models import ClockTurn

# How long before its day a clock is told of; a clock with a shorter round is told of at once.
SOON = timedelta(days=14)
# What turns for nobody by rows of its own: these effects are had where evidence, cases and decisions are dated.
WORKS_ELSEWHERE = frozenset({"stale", "decide", "re-approve"})
TOLD: Mapping[str, tuple[Role, ...]] = {
    "assess": (Role.RESEARCHER, Role.CHAIR),
    "review": (Role.CHAIR, Role.REVIEWER),
    "report": (Role.CHAIR, Role.EXECUTIVE),
}
# On whom it waits, of those.
ANSWERED_BY: Mapping[str, tuple[Role, ...]] = {**TOLD, "review": (Role.CHAIR,)}
EFFECTS: Mapping[str, str] = {
    "stale": "Results measured before the growth go stale, and with them what they ruled out; the next assessment says so.",
    "assess": "From its day on, every model meant for release or in service whose last result is older waits for new results, on researchers and the chair.",
    "decide": "A case is due that long after it was opened, and everyone on its roster is told before and after.",
    "re-approve": "A decision that safeguards are adequate runs out that long after it was taken, at the latest; the board is then asked again.",
    "review": "It waits on the chair, and the reviewers are told, until the chair says what the review found.",
    "report": "It waits on the chair and the executives until one of them says what was told and where.",
}


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock comes round: for the framework as a whole, or for one model."""

    clock: Clock
    version: FrameworkVersion
    due_at: datetime
    subject: Subject | None = None

    def is_near(self, at: datetime) -> bool:
        return self.due_at - SOON <= at


@dataclass(frozen=True)
class ClockLine:
    """One clock as its page shows it. `next_at` is None where it runs with each case, decision or result."""

    clock: Clock
    effect: str
    told: tuple[Role, ...]
    next_at: datetime | None
    turns: tuple[ClockTurn, ...]
    last: ClockTurn | None


def due_of(version: FrameworkVersion, at: datetime) -> list[Due]:
    """When each clock that turns by rows comes round next. Three queries, whatever it watches."""
    clocks = [clock for clock in version.document.clocks if clock.effect not in WORKS_ELSEWHERE and clock.days]
    if not clocks:
        return []
    answered: dict[str, datetime] = dict(
        ClockTurn.objects.filter(framework_name=version.name, subject=None, answered_at__lte=at)
        .order_by()
        .values_list("clock")
        .annotate(last=Max("answered_at"))
    )
    versions = [each for each in adopted_versions() if each.name == version.name]
    found = [
        Due(clock, version, max(answered.get(clock.slug, began), began) + timedelta(days=clock.days or 0))
        for clock in clocks
        if clock.effect != "assess"
        for began in [_began(versions, clock.slug) or version.loaded_at]
    ]
    assessing = [clock for clock in clocks if clock.effect == "assess"]
    for subject, last in _watched(at) if assessing else ():
        found += [Due(clock, version, last + timedelta(days=clock.days or 0), subject) for clock in assessing]
    return found


def _began(versions: Iterable[FrameworkVersion], slug: str) -> datetime | None:
    """Since when the clock runs: a later version that names it too starts nothing anew."""
    naming = (each.adopted_at for each in versions if slug in {clock.slug for clock in each.document.clocks})
    return next((adopted_at for adopted_at in naming if adopted_at is not None), None)


def _watched(at: datetime) -> Iterator[tuple[Subject, datetime]]:
    """Every model meant for release or in service, and when a result of it last arrived; one without any since it was registered."""
    candidates = Snapshot.objects.filter(subject=OuterRef("pk"), candidate_seq__isnull=False)
    running = Deployment.objects.filter(snapshot__subject=OuterRef("pk"), until=None)
    read = Q(uploads__state=UploadState.PARSED, uploads__received_at__lte=at)
    subjects = Subject.objects.filter(Exists(candidates) | Exists(running)).annotate(last=Max("uploads__received_at", filter=read))
    for subject in subjects.order_by("name", "id"):
        yield subject, subject.last or subject.created_at


def lines(version: FrameworkVersion, at: datetime) -> list[ClockLine]:
    """Every clock of a version, in its order: what it does, whom it tells, what waits, and when it comes round next. Four queries."""
    turns = list(ClockTurn.objects.filter(framework_name=version.name).select_related("subject", "answered_by").order_by("due_at", "id"))
    due = due_of(version, at)
    return [_line(clock, turns, due) for clock in version.document.clocks]


def _line(clock: Clock, turns: Iterable[ClockTurn], due: Iterable[Due]) -> ClockLine:
    mine = [turn for turn in turns if turn.clock == clock.slug]
    waiting = tuple(turn for turn in mine if turn.is_open)
    done = [turn for turn in mine if turn.answered_by_id is not None]
    days = [each.due_at for each in due if each.clock.slug == clock.slug]
    return ClockLine(
        clock,
        EFFECTS[clock.effect],
        TOLD.get(clock.effect, ()),
        min([*(turn.due_at for turn in waiting), *days], default=None),
        waiting,
        max(done, key=lambda turn: turn.answered_at or turn.begun_at, default=None),
    )
