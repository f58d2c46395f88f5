"""What the board's pages read of the rows, kept while nothing anywhere is written; the gate's own limit in time stands here too.

Nothing that is kept depends on who looks: what a person may see or do is worked out anew for each request, and so is all that bears the page's time.
See docs/decisions/0005.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from django.db.models import F, Model, QuerySet, Value

from evaluations.models import Assessment
from ledger.models import Head
from ledger.standstill import WhileNothingMoves
from people.models import Competence, RoleGrant
from reviews.models import Case, Determination, ReleaseDecision, SafeguardsDecision, SignOff

T = TypeVar("T")

_RUN_OUT: tuple[tuple[type[Model], str], ...] = (
    (SignOff, "expires_at"),
    *((model, "valid_until") for model in (Assessment, Determination, SafeguardsDecision, ReleaseDecision)),
)

# A page shows the clock's own effects by rows that are listed below; whatever that list may lack shows after this long at the latest.
LONGEST_SHOWN = timedelta(seconds=30)
# A page of fifty models takes a few megabytes, so few are kept.
MOST_SHOWN = 40
# What a page says of people and cases by the clock, and the gate does not ask: who holds a role or a competence, which case is late.
ALSO_SHOWN = (*((grant, end) for grant in (RoleGrant, Competence) for end in ("from_at", "until_at")), (Case, "due_at"))
_shown: WhileNothingMoves[Any] = WhileNothingMoves(most=MOST_SHOWN)


def shown(what: Hashable, *, at: datetime, read: Callable[[], T]) -> T:
    """What `read` answers, or answered to the same question while nothing was written since. Nobody changes what it answers."""
    return cast(T, _shown.get(what, at=at, read=lambda: (read(), changes_at(at, longest=LONGEST_SHOWN, also=ALSO_SHOWN))))


def changes_at(at: datetime, *, longest: timedelta, also: Iterable[tuple[type[Model], str]] = ()) -> datetime:
    """The first instant at which anything assessed, decided or signed runs out by itself, in one statement; or anything of `also` does.

    What was entered later than `at` begins later: then it is `at`, and nothing is kept.
    """
    ahead = _first(Head, "recorded_at", at, ahead=True)
    moments = list(ahead.union(*(_first(model, field, at) for model, field in (*_RUN_OUT, *also))))
    return at if any(is_ahead for is_ahead, _ in moments) else min([at + longest, *(moment for _, moment in moments)])


def _first(model: type[Model], field: str, at: datetime, *, ahead: bool = False) -> QuerySet[Any, Any]:
    return model._default_manager.filter(**{f"{field}__gt": at}).order_by(field).values_list(Value(ahead), F(field))[:1]
