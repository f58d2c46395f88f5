"""(pure) How a run was elicited: facts the file states, facts the uploader declared, and where the two disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FACTS = ("variant", "safeguards_on", "tools", "scaffold", "attempts", "fine_tuned", "reasoning_effort", "token_budget")
# Where a log states a fact, most deliberate place first.
_PLACES = ("metadata.elicitation.", "metadata.", "task_args.")
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
    for name in FACTS:
        from_file = _stated(stated, name, epochs)
        typed = {plain(declared[name])} if name in declared else set()
        if len(from_file | typed) > 1:
            conflicts.append(name)
        elif from_file:
            facts[name] = {"value": from_file.pop(), "origin": "file"}
        elif typed:
            facts[name] = {"value": typed.pop(), "origin": origin}
    return Elicitation(facts, tuple(conflicts))


def plain(value: str) -> str:
    """Truth values in one spelling; anything else as it stands."""
    text = value.strip()
    return _TRUTHS.get(text.lower(), text)


def _stated(stated: Sequence[Mapping[str, str]], name: str, epochs: int | None) -> set[str]:
    wanted = {place + name for place in _PLACES}
    values = {plain(fact["value"]) for fact in stated if fact["name"].removeprefix("eval.") in wanted}
    if not values and name == "attempts" and epochs is not None:
        return {str(epochs)}
    return values
