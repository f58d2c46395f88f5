"""What happened, for those outside the page: a code, ids, one sentence and an address. No person is named, and nothing people wrote is repeated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from evaluations.models import Subject
from ledger.canonical import Json
from ledger.entry_format import value_of
from ledger.models import Entry
from ledger.queries import OPEN_CLASSES
from reviews.models import Case, Question
from reviews.models.outlet import Topic


@dataclass(frozen=True, slots=True)
class News:
    """`path` leads to the place in the portal; `codes` are the few values a program acts on."""

    seq: int
    at: datetime
    kind: str
    topic: str
    sentence: str
    path: str
    subject: Subject | None = None
    case: Case | None = None
    codes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Words:
    kind: str
    topic: Topic
    sentence: str
    codes: tuple[str, ...] = ()


_TOLD = {
    "reviews:case:opened": _Words("case_opened", Topic.CASES, "Case {case} was opened: {case_kind} of {subject}.", ("case_kind",)),
    "reviews:case:revised": _Words("case_revised", Topic.CASES, "Case {case}, {subject}, took in a change.", ("revision",)),
    "reviews:case:closed": _Words("case_closed", Topic.CASES, "Case {case}, {subject}, ended: {state}.", ("state",)),
    "reviews:determination:made": _Words(
        "determination_made", Topic.DECISIONS, "The board decided on {subject}, {threshold}: {verdict}.", ("threshold", "verdict")
    ),
    "reviews:safeguards:decided": _Words(
        "safeguards_decided",
        Topic.DECISIONS,
        "The board decided on the {tier} safeguards of {subject}, {axis}: {verdict}.",
        ("axis", "tier", "verdict"),
    ),
    "reviews:release:decided": _Words(
        "release_decided", Topic.DECISIONS, "The board decided on a release of {subject} to {scope}: {verdict}.", ("scope", "verdict")
    ),
    "reviews:determination:ended": _Words(
        "determination_ended", Topic.DECISIONS, "A determination about {subject} left force: {why}.", ("why",)
    ),
    "reviews:safeguards:ended": _Words(
        "safeguards_ended", Topic.DECISIONS, "A decision on the safeguards of {subject} left force: {why}.", ("why",)
    ),
    "reviews:release:ended": _Words("release_ended", Topic.DECISIONS, "A release of {subject} left force: {why}.", ("why",)),
    "reviews:scope:changed": _Words(
        "gate_changed", Topic.GATE, "The gate of {subject} to {scope} is {state}.", ("scope", "state", "enforcement", "codes")
    ),
    "reviews:scope:halted": _Words("scope_halted", Topic.GATE, "The scope {scope} of {subject} was halted.", ("scope", "state")),
    "reviews:signoff:given": _Words(
        "signoff_given", Topic.SIGNOFFS, "The safeguard {safeguard}, version {version}, was signed off.", ("safeguard", "version")
    ),
    "reviews:signoff:revoked": _Words(
        "signoff_revoked", Topic.SIGNOFFS, "A sign-off of the safeguard {safeguard} was revoked.", ("safeguard", "version")
    ),
    "reviews:incident:found": _Words(
        "incident_found",
        Topic.INCIDENTS,
        "{subject} is in service for {scope} without a valid authorisation: {cause}.",
        ("scope", "cause"),
    ),
    "reviews:adoption:confirmed": _Words("framework_adopted", Topic.FRAMEWORKS, "A framework version was adopted.", ("digest",)),
}
KINDS_TOLD = tuple(_TOLD)


def kinds_about(topics: Iterable[str]) -> list[str]:
    """The kinds of entries that belong to these topics."""
    wanted = set(topics)
    return [kind for kind, words in _TOLD.items() if words.topic in wanted]


def news_of(entries: Iterable[Entry]) -> list[News]:
    """Entries as news, in their order; those nobody outside is told of are left out. Prefetch `fields`. Three statements, however many."""
    told = [(entry, _TOLD[entry.kind], _open_values(entry)) for entry in entries if entry.kind in _TOLD]
    cases = _cases(told)
    subjects = Subject.objects.in_bulk(_ids(values.get("subject") for _, _, values in told))
    return [_news(entry, words, values, cases.get(entry.seq), subjects) for entry, words, values in told]


def _open_values(entry: Entry) -> dict[str, Json]:
    shown = [each for each in entry.fields.all() if each.field_class in OPEN_CLASSES and each.text is not None]
    return {each.path: value_of(str(each.text)) for each in shown}


def _cases(told: Sequence[tuple[Entry, _Words, Mapping[str, Json]]]) -> dict[int, Case]:
    """The case of each entry that has one: it is about the case itself, or about a question of it."""
    direct = {entry.seq: entry.thing.partition(":")[2] for entry, _, _ in told if entry.thing.startswith("case:")}
    asked = {entry.seq: str(values["question"]) for entry, _, values in told if values.get("question")}
    of_question = dict(Question.objects.filter(pk__in=_ids(asked.values())).values_list("pk", "case_id"))
    wanted = {seq: UUID(text) for seq, text in direct.items()} | {
        seq: of_question[UUID(text)] for seq, text in asked.items() if UUID(text) in of_question
    }
    found = Case.objects.select_related("subject").in_bulk(list(wanted.values()))
    return {seq: found[pk] for seq, pk in wanted.items() if pk in found}


def _news(entry: Entry, words: _Words, values: Mapping[str, Json], case: Case | None, subjects: Mapping[UUID, Subject]) -> News:
    subject = case.subject if case else subjects.get(UUID(str(values["subject"]))) if values.get("subject") else None
    said = {name: _said(value) for name, value in values.items()} | {
        "case": str(case.number) if case else "",
        "subject": subject.name if subject else "a model",
    }
    return News(
        seq=entry.seq,
        at=entry.recorded_at,
        kind=words.kind,
        topic=words.topic,
        sentence=words.sentence.format_map(said),
        path=_path(entry, subject, case),
        subject=subject,
        case=case,
        codes={name: values[name] for name in words.codes if name in values},
    )


def _path(entry: Entry, subject: Subject | None, case: Case | None) -> str:
    if case is not None:
        return reverse("reviews:case-detail", args=[case.number])
    if subject is not None:
        return reverse("reviews:subject-detail", args=[subject.slug])
    return reverse("ledger:entry", args=[entry.seq])


def _said(value: Json) -> str:
    return str(value).replace("_", " ")


def _ids(texts: Iterable[Json]) -> list[UUID]:
    return [UUID(str(text)) for text in texts if text]
