"""Two assessments side by side: where has a leaf of a finding moved towards concern, gone stale or lost evidence?"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from frameworks.engine.types import Code, Outcome
from ledger.canonical import Json

Change = Literal["outcome-worse", "bound-worse", "went-stale", "lost-evidence", "gone"]


@dataclass(frozen=True, slots=True)
class LeafChange:
    """One way in which a leaf is worse than it was."""

    leaf: str
    change: Change
    before: str
    after: str


def worse_leaves(
    before: dict[str, Json], after: dict[str, Json], threshold: str, *, judged: Collection[str] = ()
) -> tuple[LeafChange, ...]:
    """Every way in which the leaves of a threshold's finding are worse in a later assessment document, those it refers to included.

    Empty means nowhere worse: a `not_crossed` that answered the earlier finding stands. A threshold either side does not have is "gone". Where no leaf
    is worse and the finding is, for its rule asks more than it did or a parent weighs more, the threshold itself is named. A judgement rules out for the
    weights that were required when it was given, and for those of `judged`: for others it is no evidence.
    """
    old, new = dict(_leaves(before, threshold)), dict(_leaves(after, threshold))
    if not old or not new:
        return (LeafChange(leaf=threshold, change="gone", before="", after=""),)
    changes: list[LeafChange] = []
    for name, leaf in old.items():
        if name not in new:
            changes.append(LeafChange(leaf=name, change="gone", before=_text(leaf, "outcome"), after=""))
        else:
            changes.extend(_worse(name, leaf, new[name]))
    for name in new.keys() - old.keys():
        if Outcome(_text(new[name], "outcome")) is not Outcome.RULED_OUT:
            changes.append(LeafChange(leaf=name, change="outcome-worse", before="", after=_text(new[name], "outcome")))
    if _required(after, threshold) - _required(before, threshold) - set(judged):
        benign = (name for name, leaf in new.items() if leaf["kind"] == "judgement" and leaf["outcome"] == Outcome.RULED_OUT)
        changes.extend(LeafChange(leaf=name, change="lost-evidence", before="", after="") for name in benign)
    was, now = _outcome(before, threshold), _outcome(after, threshold)
    if not changes and now.rank > was.rank:
        changes.append(LeafChange(leaf=threshold, change="outcome-worse", before=was, after=now))
    return tuple(sorted(changes, key=lambda change: (change.leaf, change.change)))


def _worse(name: str, old: dict[str, Json], new: dict[str, Json]) -> Iterator[LeafChange]:
    before, after = _text(old, "outcome"), _text(new, "outcome")
    if Outcome(after).rank > Outcome(before).rank:
        yield LeafChange(leaf=name, change="outcome-worse", before=before, after=after)
    if _bound_worse(old, new):
        yield LeafChange(leaf=name, change="bound-worse", before=_text(old, "bound"), after=_text(new, "bound"))
    if new.get("stale") and not old.get("stale"):
        yield LeafChange(leaf=name, change="went-stale", before="", after="")
    lost = set(_ids(old)) - set(_ids(new)) - _replaced(new)
    if lost or (new.get("missing") and not old.get("missing")):
        yield LeafChange(leaf=name, change="lost-evidence", before=", ".join(sorted(lost)), after="")


def _replaced(leaf: dict[str, Json]) -> set[str]:
    """Measurements that left by a supersession which holds; where one does not, the leaf says that something is missing."""
    if leaf.get("missing"):
        return set()
    return {
        _text(each, "id")
        for each in _dicts(leaf.get("measurements", []))
        if any(_text(reason, "code") == Code.SUPERSEDED for reason in _dicts(each["reasons"]))
    }


def _bound_worse(old: dict[str, Json], new: dict[str, Json]) -> bool:
    before, after = old.get("bound"), new.get("bound")
    if not isinstance(after, str) or before == "unbounded":
        return False
    if not isinstance(before, str):
        # Nothing was past a line: what there was did not suffice. Now something is.
        return Outcome(_text(old, "outcome")).raises and Outcome(_text(new, "outcome")).raises
    if after == "unbounded":
        return True
    return Decimal(after) > Decimal(before) if new["direction"] == "higher" else Decimal(after) < Decimal(before)


def _leaves(assessment: dict[str, Json], threshold: str) -> Iterator[tuple[str, dict[str, Json]]]:
    """Indicators, judgements and what comes from a parent by name, through references to other thresholds. The same indicator under two nodes is one
    leaf."""
    trees = {_text(each, "slug"): each["tree"] for each in _dicts(assessment["thresholds"])}
    waiting, seen = [trees.get(threshold)], {threshold}
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        waiting.extend(_dicts(node["children"]))
        if "indicator" in node or node["kind"] == "judgement":
            yield _text(node, "indicator") or _text(node, "judgement"), node
        elif node["kind"] in ("inherits", "equivalent_to"):
            yield _text(node, "kind"), node
        elif node["kind"] == "threshold" and (slug := _text(node, "threshold")) not in seen:
            seen.add(slug)
            waiting.append(trees.get(slug))


def _required(assessment: dict[str, Json], threshold: str) -> set[str]:
    """The weights a finding speaks for. An assessment of an early engine does not say."""
    found = next(each for each in _dicts(assessment["thresholds"]) if each["slug"] == threshold).get("required_snapshots")
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def _outcome(assessment: dict[str, Json], threshold: str) -> Outcome:
    return next(Outcome(_text(each, "outcome")) for each in _dicts(assessment["thresholds"]) if each["slug"] == threshold)


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _ids(leaf: dict[str, Json]) -> list[str]:
    found = leaf.get("qualifying", [])
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _text(item: dict[str, Json], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
