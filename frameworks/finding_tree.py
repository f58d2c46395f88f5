"""The reason tree of a finding, read for pages: its indicators, which of them may only raise, and which branches decided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from frameworks.engine.types import FrameworkDocument, Outcome, Rule

Node = Mapping[str, Any]

GROUPS = frozenset({"any_of", "all_of", "k_of_n"})


def leaves_of(node: Node) -> Iterator[Node]:
    """Every indicator of a reason tree."""
    if node.get("indicator"):
        yield node
    for child in node.get("children") or ():
        yield from leaves_of(child)


def marked(finding: Node, document: FrameworkDocument) -> Node:
    """The tree with `only_raises` on each node that the framework's rule lets do no more; one that raises still counts, so its own node cannot say."""
    return _marked(finding["tree"], _rule_of(finding, document))


def _rule_of(finding: Node, document: FrameworkDocument) -> Rule | None:
    slug = finding.get("slug")
    return next((each.rule for each in document.thresholds if each.slug == slug), None)


def _marked(node: Node, rule: Rule | None) -> Node:
    rules = rule.children if rule is not None and len(rule.children) == len(node["children"]) else [None] * len(node["children"])
    children = [_marked(child, each) for child, each in zip(node["children"], rules, strict=True)]
    raises = node.get("counts") is False or (rule is not None and (rule.only_raises or rule.kind in ("inherits", "equivalent_to")))
    return {**node, "only_raises": raises, "children": children}


@dataclass(frozen=True, slots=True)
class Bearing:
    """The indicators that bear a finding, the thresholds they were reached through, and the indicators of branches that did not decide."""

    leaves: Sequence[Node]
    through: Sequence[str] = field(default=())
    others: Sequence[Node] = field(default=())


def bearing(finding: Node, findings: Mapping[str, Node], document: FrameworkDocument) -> Bearing:
    """What a finding rests on. A branch that rules out where one is enough stands for the whole; a finding that leans on another threshold's
    rests on that one's indicators. `findings`: every finding of the assessment, by its threshold."""
    leaves: list[Node] = []
    through: list[str] = []
    others: list[Node] = []

    def walk(node: Node, *, decides: bool) -> None:
        if node.get("indicator"):
            (leaves if decides else others).append(node)
        elif node["kind"] == "threshold":
            slug = node["threshold"]
            if decides and slug in findings and slug not in through:
                through.append(slug)
                walk(marked(findings[slug], document), decides=True)
        else:
            enough = node["kind"] == "any_of" and node["outcome"] == Outcome.RULED_OUT
            for child in node["children"]:
                walk(child, decides=decides and (not enough or child["outcome"] == Outcome.RULED_OUT))

    walk(marked(finding, document), decides=True)
    decisive = {leaf["indicator"] for leaf in leaves}
    return Bearing(leaves, through, [leaf for leaf in others if leaf["indicator"] not in decisive])
