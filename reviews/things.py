"""What the record calls `case:…`, `question:…`, `signoff:…` and the like, by name: one query for all of them."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import reverse_lazy
from django.utils.text import format_lazy

from ledger.things import Named, ids, name_things
from reviews.models import (
    Adoption,
    ApplicabilityStatement,
    BoardSeat,
    Case,
    ClockTurn,
    Determination,
    ImportedRecord,
    Incident,
    Motion,
    Paper,
    Question,
    ReleaseDecision,
    SafeguardImplementation,
    SafeguardsDecision,
    ScopeState,
    SignOff,
)
from reviews.signing import question_title

# noun → what it reads as, before the name of what it belongs to
OF_A_CASE = {
    "case": "",
    "question": "question of ",
    "determination": "determination in ",
    "safeguards": "decision on safeguards in ",
    "release": "release decision in ",
    "applicability": "statement on sign-offs in ",
}
OF_A_SAFEGUARD = {"implementation": "safeguard ", "signoff": "sign-off of "}
OF_A_MODEL = {
    "paper": "paper on ",
    "motion": "motion on ",
    "importedrecord": "imported record of ",
    "scope": "gate of ",
    "incident": "incident with ",
}
NOUNS = (*OF_A_CASE, *OF_A_SAFEGUARD, *OF_A_MODEL, "seat", "adoption", "clockturn")
PAGES = {
    "paper": "reviews:papers",
    "motion": "reviews:motions",
    "importedrecord": "reviews:imports",
    "scope": "reviews:subject-detail",
    "incident": "reviews:deployments",
}


def name(things: frozenset[str]) -> Mapping[str, Named]:
    rows = [
        _rows("case", Case.objects.all(), things, ("number", "subject__name", "pk")),
        _rows("determination", Determination.objects.all(), things, ("question__case__number", "subject__name", "question")),
        _rows("safeguards", SafeguardsDecision.objects.all(), things, ("question__case__number", "subject__name", "question")),
        _rows("release", ReleaseDecision.objects.all(), things, ("question__case__number", "subject__name", "question")),
        _rows("implementation", SafeguardImplementation.objects.all(), things, ("safeguard", "title", "pk")),
        _rows("signoff", SignOff.objects.all(), things, ("implementation__safeguard", "implementation__title", "implementation")),
        *(_rows(noun, rows, things, ("subject__slug", "subject__name", "pk")) for noun, rows in _about_models().items()),
        _rows("applicability", ApplicabilityStatement.objects.all(), things, ("case__number", "subject__name", "pk")),
        _rows("adoption", Adoption.objects.all(), things, ("version__version", "version__name", "pk")),
        _rows("clockturn", ClockTurn.objects.all(), things, ("clock", "framework_name", "pk")),
        _rows("seat", BoardSeat.objects.all(), things, ("board__slug", "board__name", "pk")),
    ]
    found = rows[0].union(*rows[1:], all=True)
    return _questions(things) | {f"{noun}:{pk}": _named(noun, short, long, place) for noun, pk, short, long, place in found}


def _questions(things: frozenset[str]) -> dict[str, Named]:
    """Questions by what they ask, in the words of the framework; nothing is read where none is named."""
    asked = ids("question", things)
    rows = Question.objects.filter(pk__in=asked).select_related("case__subject", "case__framework_version", "snapshot") if asked else ()
    return {
        f"question:{each.pk}": _named(
            "question", str(each.case.number), each.case.subject.name, each.pk, question_title(each, each.case.framework_version.document)
        )
        for each in rows
    }


def _about_models() -> dict[str, QuerySet]:
    return {
        "paper": Paper.objects.all(),
        "motion": Motion.objects.all(),
        "importedrecord": ImportedRecord.objects.all(),
        "scope": ScopeState.objects.all(),
        "incident": Incident.objects.all(),
    }


def _rows(noun: str, rows: QuerySet, things: frozenset[str], told: tuple[str, str, str]) -> QuerySet:
    short, long, place = told
    known = rows.filter(pk__in=ids(noun, things)).order_by()
    words = (Cast(F(short), CharField()), Cast(F(long), CharField()))
    return known.values_list(Value(noun, output_field=CharField()), F("pk"), *words, F(place))


def _named(noun: str, short: str, long: str, place: UUID, asked: str = "") -> Named:
    if noun in OF_A_CASE:
        anchor = "" if noun in {"case", "applicability"} else f"#q-{place}"
        before = f"question “{asked}” of " if asked else OF_A_CASE[noun]
        return Named(f"{before}case {short} on {long}", format_lazy("{}{}", reverse_lazy("reviews:case-detail", args=[short]), anchor))
    if noun in OF_A_MODEL:
        return Named(f"{OF_A_MODEL[noun]}{long}", reverse_lazy(PAGES[noun], args=[short]))
    if noun == "adoption":
        return Named(f"adoption of {long} {short}", reverse_lazy("reviews:adoption-list"))
    if noun == "clockturn":
        return Named(f"clock {short} of {long}", format_lazy("{}#clock-{}", reverse_lazy("reviews:clocks"), short))
    if noun == "seat":
        return Named(f"seat on {long}", format_lazy("{}#seat-{}", reverse_lazy("reviews:board", args=[short]), place))
    return Named(f"{OF_A_SAFEGUARD[noun]}{long} ({short})", reverse_lazy("reviews:safeguard-detail", args=[place]))


name_things(NOUNS, name)
