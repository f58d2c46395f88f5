"""Do stored decisions replay? Every stored answer is computed again from its stored inputs, and its inputs are collected again from the rows.

Rooms above register checks of their own, so that one command replays everything: `@check("reviews.gate", "gate answers")` on a function that takes a subject
(or None for all) and yields what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evaluations import documents
from evaluations.evidence import FormatNotCarried, collect_again
from evaluations.models import Assessment, Subject
from frameworks.engine.reading import NotReadable
from frameworks.engine.versions import ENGINES, VersionNotCarried, Versions
from ledger.canonical import Json, parse


@dataclass(frozen=True, slots=True)
class Difference:
    """One stored answer that does not come out again: which, where in the document, what is stored and what came out."""

    thing: str
    place: str
    stored: str
    recomputed: str

    def __str__(self) -> str:
        return f"{self.thing}: {self.place}: stored {self.stored}, recomputed {self.recomputed}"


@dataclass(slots=True)
class Replayed:
    """What a check went through; a check counts what it did there and yields differences."""

    count: int = 0


Check = Callable[[Subject | None, Replayed], Iterator[Difference]]
_checks: dict[str, Check] = {}
_told: dict[str, str] = {}


class CheckNameTaken(ValueError):
    """Two replay checks share a name."""


def check(name: str, answers: str) -> Callable[[Check], Check]:
    """Registers a replay check, and what the answers it goes through are called; import the module from the room's `consumers.py` or its app's `ready`."""

    def register(function: Check) -> Check:
        if name in _checks:
            raise CheckNameTaken(name)
        _checks[name], _told[name] = function, answers
        return function

    return register


def checks() -> dict[str, Check]:
    return dict(_checks)


def told(name: str) -> str:
    """What the answers of a check are called."""
    return _told[name]


@check("evaluations.assessments", "assessments")
def replay_assessments(subject: Subject | None, replayed: Replayed) -> Iterator[Difference]:
    """Each assessment from its stored documents, and its evidence once more from the rows at the same ledger size."""
    rows = Assessment.objects.filter(seq__isnull=False).select_related("subject", "framework_version").order_by("seq")
    if subject is not None:
        rows = rows.filter(subject=subject)
    for assessment in rows.iterator(chunk_size=100):
        replayed.count += 1
        yield from replay_assessment(assessment)


def replay_assessment(assessment: Assessment, *, engines: Versions = ENGINES) -> Iterator[Difference]:
    """One assessment by the engine that made it; one this portal does not carry is a difference of its own."""
    thing = f"assessment {assessment.pk} of {assessment.subject.slug}"
    try:
        framework = documents.load(assessment.framework_digest)
        evidence = documents.load(assessment.evidence_digest)
        stored = documents.load(assessment.assessment_digest)
    except (documents.DocumentNotKnown, documents.DocumentSpoilt) as error:
        yield Difference(thing, "documents", "a document by its digest", str(error))
        return
    try:
        decide = engines.of(assessment.engine_version)
    except VersionNotCarried as error:
        yield Difference(thing, "engine_version", assessment.engine_version, str(error))
    else:
        yield from _decided_again(thing, stored, lambda: decide(framework, evidence))
    told = documents.content(assessment.evidence_digest)
    try:
        again = collect_again(
            told, assessment.subject, assessment.framework_version, at=assessment.as_of, ledger_size=assessment.ledger_size
        )
    except FormatNotCarried as error:
        yield Difference(thing, "evidence/format", str(told.get("format")), str(error))
    else:
        yield from _compare(thing, "evidence", evidence, again.document)


def _decided_again(thing: str, stored: bytes, decide: Callable[[], bytes]) -> Iterator[Difference]:
    try:
        recomputed = decide()
    except NotReadable as error:
        yield Difference(thing, "decision", "an assessment", str(error))
        return
    yield from _compare(thing, "decision", stored, recomputed)


def _compare(thing: str, what: str, stored: bytes, recomputed: bytes) -> Iterator[Difference]:
    if stored != recomputed:
        place, before, after = first_difference(parse(stored), parse(recomputed))
        yield Difference(thing, f"{what}{place}", before, after)


def first_difference(stored: Json, recomputed: Json, place: str = "") -> tuple[str, str, str]:
    """The first place at which two documents part, and what stands there in each."""
    if isinstance(stored, dict) and isinstance(recomputed, dict):
        for key in sorted(stored.keys() | recomputed.keys()):
            if stored.get(key, ...) != recomputed.get(key, ...):
                if key not in stored or key not in recomputed:
                    return f"{place}/{key}", _short(stored.get(key)), _short(recomputed.get(key))
                return first_difference(stored[key], recomputed[key], f"{place}/{key}")
    if isinstance(stored, list) and isinstance(recomputed, list):
        for index, (before, after) in enumerate(zip(stored, recomputed, strict=False)):
            if before != after:
                return first_difference(before, after, f"{place}/{index}")
        return f"{place}/length", str(len(stored)), str(len(recomputed))
    return place, _short(stored), _short(recomputed)


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
