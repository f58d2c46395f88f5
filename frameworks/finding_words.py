"""A finding in words for pages: what decided it, by name. The stored sentences stay as they are; they stand in digests."""

from collections.abc import Sequence

from frameworks.engine.types import FrameworkDocument, Outcome
from frameworks.finding_tree import GROUPS, Node, leaves_of, marked
from frameworks.leaf_words import clause, deciding_of, leaf_words, numbers

BECAUSE = {
    Outcome.RULED_OUT: ("The way that rules out", "The ways that rule out"),
    Outcome.NOT_ASSESSED: ("Not assessed", "Not assessed"),
    Outcome.CANNOT_RULE_OUT: ("Not ruled out", "Not ruled out"),
    Outcome.RULED_IN: ("Ruled in", "Ruled in"),
}


def deciding_sentence(finding: Node, document: FrameworkDocument) -> str:
    """What makes a finding as it is, in words: the worst leaves that bear on it; the rule's own sentence where no leaf does."""
    leaves = [leaf for leaf in leaves_of(finding["tree"]) if leaf["counts"] and leaf["outcome"] == finding["outcome"]]
    said = [words for leaf in leaves if (words := _decided(leaf))]
    return "; ".join(said[:2]) + "." if said else finding_sentence(finding, document)


def _decided(leaf: Node) -> str:
    """The comparison that decides, and the value behind it with its interval and n."""
    deciding = deciding_of(leaf)
    said = clause(leaf, deciding) if deciding is not None else ""
    return f"{leaf['title']}: {said} (value {numbers(leaf, deciding)})" if said and deciding is not None else ""


def finding_sentence(finding: Node, document: FrameworkDocument) -> str:
    """How many parts must rule out and do, which may only raise, and the names of the parts that decided it: "1 of 2 ways rules out" says which way."""
    tree, outcome = marked(finding, document), Outcome(finding["outcome"])
    if tree.get("indicator"):
        return f"{tree['title']}: {leaf_words(tree).sentence}"
    if tree["kind"] not in GROUPS:
        return str(finding["sentence"])
    said = group_sentence(tree)
    if outcome == Outcome.RULED_OUT and tree["kind"] != "any_of":
        return said
    names = [_name(child, document) for child in tree["children"] if child["counts"] and child["outcome"] == outcome]
    one, several = BECAUSE[outcome]
    return f"{said} {one if len(names) == 1 else several}: {'; '.join(names)}." if names else said


def group_sentence(node: Node) -> str:
    """What a group of parts comes to, in words: those that must (or may) rule out are counted apart from those that may only raise."""
    if node["kind"] == "k_of_n":
        return str(node["sentence"])
    children: Sequence[Node] = node["children"]
    weighed = [child for child in children if not may_only_raise(child)]
    raising = [child for child in children if may_only_raise(child)]
    out = sum(child["outcome"] == Outcome.RULED_OUT for child in weighed)
    count = _all_of(out, len(weighed)) if node["kind"] == "all_of" else _any_of(out, len(weighed))
    return " ".join(each for each in (count if weighed else str(node["sentence"]), _raising(raising)) if each)


def may_only_raise(node: Node) -> bool:
    """Whether a part can make its group worse and never better."""
    return bool(node.get("only_raises")) or node.get("counts") is False


def _all_of(out: int, parts: int) -> str:
    if out == parts:
        return {1: "The one part that must rule out does.", 2: "Both parts that must rule out do."}.get(
            parts, f"All {parts} parts that must rule out do."
        )
    if not out:
        return f"None of the {parts} parts that must rule out does." if parts > 1 else "The one part that must rule out does not."
    return f"{out} of {parts} parts that must rule out {'does' if out == 1 else 'do'}."


def _any_of(out: int, ways: int) -> str:
    if not out:
        return f"None of {ways} ways rules out, and one must." if ways > 1 else "The one way to rule out does not."
    return f"{out} of {ways} ways {'rules' if out == 1 else 'rule'} out, and one is enough."


def _raising(parts: Sequence[Node]) -> str:
    if not parts:
        return ""
    raised = sum(Outcome(each["outcome"]).raises for each in parts)
    # A part that counts and does not raise is known to exist and cannot be weighed.
    held = sum(each.get("counts") is True and not Outcome(each["outcome"]).raises for each in parts)
    others = "1 other part" if len(parts) == 1 else f"{len(parts)} other parts"
    does = ("it does" if len(parts) == 1 else f"{raised} {'does' if raised == 1 else 'do'}") if raised else ""
    does = does or ("it does not" if len(parts) == 1 else "none does")
    back = f", and {held} {'holds' if held == 1 else 'hold'} it back until accounted for" if held else ""
    return f"{others} may only raise: {does}{back}."


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


def held_against(finding: Node) -> list[str]:
    """What is held against the results of a finding beside their verdicts, each once, with the indicators it is held against.
    That a part which may only raise has no result is held against nothing."""
    found: dict[str, list[str]] = {}
    for leaf in leaves_of(finding["tree"]):
        words = leaf_words(leaf)
        for reason in (*(each for measured in words.measurements for each in measured.reasons), *(words.gaps if leaf["counts"] else ())):
            names = found.setdefault(reason, [])
            if leaf["title"] not in names:
                names.append(leaf["title"])
    return [reason if all(name in reason for name in names) else f"{'; '.join(names)}: {reason}" for reason, names in found.items()]
