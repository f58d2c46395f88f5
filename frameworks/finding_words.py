"""A finding in words for pages: what decided it, by name. The stored sentences stay as they are; they stand in digests."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context
from typing import Any

from frameworks.engine import explain
from frameworks.engine.types import FrameworkDocument, Outcome

Node = Mapping[str, Any]

GROUPS = frozenset({"any_of", "all_of", "k_of_n"})
BECAUSE = {
    Outcome.RULED_OUT: ("The way that rules out", "The ways that rule out"),
    Outcome.NOT_ASSESSED: ("Not assessed", "Not assessed"),
    Outcome.CANNOT_RULE_OUT: ("Not ruled out", "Not ruled out"),
    Outcome.RULED_IN: ("Ruled in", "Ruled in"),
}


def leaves_of(node: Node) -> Iterator[Node]:
    """Every indicator of a reason tree."""
    if node.get("indicator"):
        yield node
    for child in node.get("children") or ():
        yield from leaves_of(child)


def deciding_sentence(finding: Node, document: FrameworkDocument) -> str:
    """What makes a finding as it is, in words: the worst leaves that bear on it; the rule's own sentence where no leaf does."""
    leaves = [leaf for leaf in leaves_of(finding["tree"]) if leaf["counts"] and leaf["outcome"] == finding["outcome"]]
    said = [f"{leaf['title']}: {leaf['comparison']}{_measured(leaf)}" for leaf in leaves if leaf.get("comparison")]
    return "; ".join(said[:2]) + "." if said else finding_sentence(finding, document)


def _measured(leaf: Node) -> str:
    """The value behind the bound with its interval and n; a number never stands without them."""
    deciding = next((each for each in leaf.get("measurements", ()) if each["id"] == leaf.get("deciding")), None)
    if deciding is None or deciding["value"] is None:
        return ""
    # Outwards, as the bound itself is rounded.
    low, high = _short(deciding["low"], ROUND_FLOOR), _short(deciding["high"], ROUND_CEILING)
    interval = "no interval" if deciding["point_only"] else f"interval {low} to {high}"
    n = "unknown" if deciding["n"] is None else deciding["n"]
    return f" (value {_short(deciding['value'])}, {interval}, n = {n})"


def _short(text: str | None, rounding: str = ROUND_HALF_EVEN) -> str:
    return "unbounded" if text is None else explain.number(Context(prec=4, rounding=rounding).create_decimal(text))


def finding_sentence(finding: Node, document: FrameworkDocument) -> str:
    """The rule's own sentence, and the names of the parts that decided it: "1 of 2 ways rule out …" says which way."""
    tree, outcome = finding["tree"], Outcome(finding["outcome"])
    if tree["kind"] not in GROUPS or (outcome == Outcome.RULED_OUT and tree["kind"] != "any_of"):
        return str(finding["sentence"])
    names = [_name(child, document) for child in tree["children"] if child["counts"] and child["outcome"] == outcome]
    if not names:
        return str(finding["sentence"])
    one, several = BECAUSE[outcome]
    return f"{finding['sentence']} {one if len(names) == 1 else several}: {'; '.join(names)}."


def _name(node: Node, document: FrameworkDocument) -> str:
    if node["kind"] == "threshold":
        return document.threshold(node["threshold"]).title
    if node["kind"] == "judgement":
        return "the board’s recorded judgement"
    if node["kind"] in GROUPS:
        return _together([_name(child, document) for child in node["children"] if child["outcome"] == node["outcome"]], node)
    return str(node.get("title") or node["sentence"])


def _together(names: Sequence[str], node: Node) -> str:
    """Two parts by name; of more the first and how many there are, for a sentence is no list."""
    if len(names) > 2:
        return f"{names[0]} and {len(names) - 1} more"
    return " and ".join(names) or str(node["sentence"]).rstrip(".")
