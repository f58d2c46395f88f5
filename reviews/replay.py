"""Every stored gate answer, computed again from its stored documents. `./portal manage replay` runs it with the assessments."""

from collections.abc import Iterator

from evaluations import documents
from evaluations.models import Subject
from evaluations.replay import Difference, Replayed, check, first_difference
from frameworks.engine.versions import VersionNotCarried, Versions
from ledger.canonical import parse
from reviews import gate_rules
from reviews.models import GateAnswer


@check("reviews.gate", "gate answers")
def replay_gate(subject: Subject | None, replayed: Replayed) -> Iterator[Difference]:
    rows = GateAnswer.objects.order_by("ledger_seq")
    if subject is not None:
        rows = rows.filter(subject=subject)
    for answered in rows.iterator(chunk_size=100):
        replayed.count += 1
        yield from replay_answer(answered)


def replay_answer(answered: GateAnswer, *, rules: Versions = gate_rules.RULES) -> Iterator[Difference]:
    """One answer by the rules that gave it; rules this portal does not carry are a difference of their own."""
    thing = f"gate answer {answered.pk}"
    try:
        framework = documents.load(answered.framework_document_id) if answered.framework_document_id else b""
        inputs = documents.load(answered.inputs_document_id)
        stored = documents.load(answered.answer_document_id)
    except (documents.DocumentNotKnown, documents.DocumentSpoilt) as error:
        yield Difference(thing, "documents", "a document by its digest", str(error))
        return
    if gate_rules.read(inputs).get("failed"):
        # A gate that failed denied without an answer to recompute; that it did is on record.
        if answered.allowed:
            yield Difference(thing, "allowed", "true", "a gate that failed never allows")
        return
    try:
        recomputed = rules.of(answered.rules_version)(framework, inputs)
    except VersionNotCarried as error:
        yield Difference(thing, "rules_version", answered.rules_version, str(error))
        return
    if stored != recomputed:
        place, before, after = first_difference(parse(stored), parse(recomputed))
        yield Difference(thing, f"answer{place}", before, after)
    elif gate_rules.read(stored)["allowed"] is not answered.allowed:
        yield Difference(thing, "allowed", str(answered.allowed).lower(), str(gate_rules.read(stored)["allowed"]).lower())
