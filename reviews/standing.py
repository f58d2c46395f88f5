"""What the board's pages read of the rows, kept while nothing anywhere is written; the gate's own limit in time stands here too.

Nothing that is kept depends on who looks: what a person may see or do is worked out anew for each request, and so is all that bears the page's time.
See docs/decisions/0005.
"""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from django.db.models import F, QuerySet, Value

from evaluations.models import Assessment
from ledger.models import Head
from ledger.standstill import WhileNothingMoves
from reviews.models import Determination, ReleaseDecision, SafeguardsDecision, SignOff

T = TypeVar("T")

# A page shows the clock's own effects by rows that are listed below; whatever that list may lack shows after this long at the latest.
LONGEST_SHOWN = timedelta(seconds=30)
# A page of fifty models takes a few megabytes, so few are kept.
MOST_SHOWN = 40
_shown: WhileNothingMoves[Any] = WhileNothingMoves(most=MOST_SHOWN)


def shown(what: Hashable, *, at: datetime, read: Callable[[], T]) -> T:
    """What `read` answers, or answered to the same question while nothing was written since. Nobody changes what it answers."""
    return cast(T, _shown.get(what, at=at, read=lambda: (read(), changes_at(at, longest=LONGEST_SHOWN))))


def changes_at(at: datetime, *, longest: timedelta) -> datetime:
    """The first instant at which anything assessed, decided or signed runs out by itself, in one statement.

    What was entered later than `at` begins later: then it is `at`, and nothing is kept.
    """
    ahead = _first(Head.objects.filter(recorded_at__gt=at), "recorded_at", ahead=True)
    ends = [_first(SignOff.objects.filter(expires_at__gt=at), "expires_at")]
    for model in (Assessment, Determination, SafeguardsDecision, ReleaseDecision):
        ends.append(_first(model._default_manager.filter(valid_until__gt=at), "valid_until"))
    moments = list(ahead.union(*ends))
    return at if any(is_ahead for is_ahead, _ in moments) else min([at + longest, *(moment for _, moment in moments)])


def _first(rows: QuerySet[Any], field: str, *, ahead: bool = False) -> QuerySet[Any, Any]:
    return rows.order_by(field).values_list(Value(ahead), F(field))[:1]
