"""(pure) How a run was elicited: facts the file states, facts the uploader declared, and where the two disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FACTS = ("variant", "safeguards_on", "tools", "scaffold", "attempts", "fine_tuned", "reasoning_effort", "token_budget")
# Where a log states a fact.
_PLACES = {place + name: name for place in ("metadata.elicitation.", "metadata.", "task_args.") for name in FACTS}
_TRUTHS = {"true": "true", "yes": "true", "false": "false", "no": "false"}


@dataclass(frozen=True, slots=True)
class Elicitation:
    """Facts by name with their origin, and the names told differently in two places."""

    facts: dict[str, dict[str, str]]
    conflicts: tuple[str, ...]


def elicitation(
    stated: Sequence[Mapping[str, str]], *, epochs: int | None, declared: Mapping[str, str], countersigned: bool
) -> Elicitation:
    """A fact told differently in two places is told nowhere: it is left out and named as a conflict. Absent is below every floor."""
    facts, conflicts = {}, []
    origin = "countersigned" if countersigned else "declared"
    told = _stated(stated, epochs)
    for name in FACTS:
        from_file = told[name]
        typed = {plain(declared[name])} if name in declared else set()
        if len(from_file | typed) > 1:
            conflicts.append(name)
        elif from_file:
            facts[name] = {"value": from_file.pop(), "origin": "file"}
        elif typed:
            facts[name] = {"value": typed.pop(), "origin": origin}
    return Elicitation(facts, tuple(conflicts))


def tells(name: str) -> str | None:
    """What a stated fact of this name tells of, or None where it is not about elicitation."""
    return _PLACES.get(name.removeprefix("eval."))


def plain(value: str) -> str:
    """Truth values in one spelling; anything else as it stands."""
    text = value.strip()
    return _TRUTHS.get(text.lower(), text)


def _stated(stated: Sequence[Mapping[str, str]], epochs: int | None) -> dict[str, set[str]]:
    """By fact, what the file says of it, in whatever places."""
    told: dict[str, set[str]] = {name: set() for name in FACTS}
    for fact in stated:
        name = tells(fact["name"])
        if name is not None:
            told[name].add(plain(fact["value"]))
    if not told["attempts"] and epochs is not None:
        told["attempts"].add(str(epochs))
    return told
