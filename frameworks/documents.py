"""Read a framework document: strict YAML whose scalars stay text, the published schema, then everything a schema cannot say.

The digest is that of the RFC 8785 bytes of the parsed document, in which numbers are decimals (`0.50` is `0.5`) and all else is text.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast, get_args

import yaml

from frameworks.engine import reading
from frameworks.engine.types import Condition, FrameworkDocument, Indicator, QuestionKind, Rule
from ledger.canonical import NotCanonical, canonical
from ledger.canonical import parse as values_of
from ledger.late import Late

if TYPE_CHECKING:
    import jsonschema_rs
else:
    jsonschema_rs = Late("jsonschema_rs")

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_PROBLEMS = 50
SCHEMA = Path(__file__).parent / "catalog" / "framework.schema.json"
# The fields that are numbers and not counts: two spellings of one number are one document.
DECIMAL_FIELDS = frozenset({"at", "safety_margin", "point_only_margin", "factor"})

Tree: TypeAlias = "str | Decimal | list[Tree] | dict[str, Tree]"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (`thresholds/0/rule`), a stable code, and what in words."""

    path: str
    code: str
    message: str


class DocumentRejected(ValueError):
    """The document is not a framework; `problems` says why, at most fifty at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:MAX_PROBLEMS])
        super().__init__("; ".join(f"{each.path or 'document'}: {each.message}" for each in self.problems))


def read(source: bytes) -> FrameworkDocument:
    """A framework from its YAML. Raises `DocumentRejected`."""
    tree = parse(source)
    problems = [
        Problem(path="/".join(str(step) for step in error.instance_path), code="schema", message=error.message)
        for error in _validator().iter_errors(tree)
    ]
    if problems:
        raise DocumentRejected(problems)
    try:
        document = reading.framework(canonical(_with_decimals(tree)), source=source)
    except (reading.NotReadable, NotCanonical) as error:
        raise DocumentRejected([Problem(path="", code="not-readable", message=str(error))]) from error
    problems = list(check(document))
    if problems:
        raise DocumentRejected(problems)
    return document


def parse(source: bytes) -> Tree:
    """YAML of maps, lists and text. Aliases, tags, repeated keys, several documents, size and depth are refused with their line."""
    if len(source) > MAX_BYTES:
        raise DocumentRejected([Problem("", "too-large", f"The document has {len(source)} bytes; at most {MAX_BYTES} are read.")])
    try:
        text = source.decode("utf-8")
        _refuse_tricks(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        raise DocumentRejected([Problem("", "not-utf-8", "The document is not UTF-8 text.")]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentRejected([Problem("", "not-yaml", " ".join(str(error).split()))]) from None
    if not isinstance(node, yaml.MappingNode):
        raise DocumentRejected([Problem("", "not-a-map", "The document must be a map at its top.")])
    return _tree(node, "")


def _refuse_tricks(text: str) -> None:
    """What plain data never needs, found before anything is built: an alias may unfold a few bytes into gigabytes."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DocumentRejected([Problem(f"line {line}", "alias", "Anchors and aliases are not allowed; write the text out.")])
        if getattr(event, "tag", None):
            raise DocumentRejected([Problem(f"line {line}", "tag", "Tags are not allowed; every value is text.")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise DocumentRejected([Problem(f"line {line}", "too-deep", f"The document is nested more than {MAX_DEPTH} levels deep.")])


def _tree(node: yaml.Node, path: str) -> Tree:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            key = _key(key_node, path)
            if key in found:
                line = key_node.start_mark.line + 1
                raise DocumentRejected([Problem(_join(path, key), "repeated-key", f"The key stands twice, again in line {line}.")])
            found[key] = _tree(value_node, _join(path, key))
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item, _join(path, str(index))) for index, item in enumerate(node.value)]
    return str(node.value)


def _key(node: yaml.Node, path: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise DocumentRejected([Problem(path, "key-not-text", "A key must be text.")])
    return str(node.value)


def _join(path: str, step: str) -> str:
    return f"{path}/{step}" if path else step


def _with_decimals(tree: Tree, field: str = "") -> Tree:
    if isinstance(tree, dict):
        return {key: _with_decimals(value, key) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_with_decimals(item) for item in tree]
    return Decimal(tree) if field in DECIMAL_FIELDS else tree


@cache
def _validator() -> "jsonschema_rs.Validator":
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))


# --- What a schema cannot say -----------------------------------------------------------------------------------------------------------------


def check(document: FrameworkDocument) -> Iterator[Problem]:
    """Whether everything a document refers to is there, and whether its rules and lines can mean something."""
    yield from _unique(document)
    yield from _places(document)
    yield from _factors(document)
    yield from _rules(document)
    for index, indicator in enumerate(document.indicators):
        yield from _indicator(indicator, f"indicators/{index}", {each.slug for each in document.domains})
    yield from _policies(document)


def _unique(document: FrameworkDocument) -> Iterator[Problem]:
    named: dict[str, list[str]] = {
        "axes": [each.slug for each in document.axes],
        "tiers": [f"{each.axis} {each.slug}" for each in document.tiers],
        "domains": [each.slug for each in document.domains],
        "thresholds": [each.slug for each in document.thresholds],
        "safeguards": [each.slug for each in document.safeguards],
        "indicators": [each.slug for each in document.indicators],
        "clocks": [each.slug for each in document.clocks],
        "roles": [each.slug for each in document.roles],
        "quorum": [f"{each.question} {each.tier} {each.axis}".strip() for each in document.quorum],
    }
    for section, slugs in named.items():
        for index, slug in enumerate(slugs):
            if slug in slugs[:index]:
                yield Problem(f"{section}/{index}", "repeated", f"“{slug}” stands twice.")
    ladder = [(each.axis, each.ordinal) for each in document.tiers]
    for index, rung in enumerate(ladder):
        if rung in ladder[:index]:
            yield Problem(f"tiers/{index}/ordinal", "repeated", f"Two tiers of the axis {rung[0]} have the ordinal {rung[1]}.")


def _places(document: FrameworkDocument) -> Iterator[Problem]:
    """Axes, tiers, domains and dates."""
    axes = {each.slug for each in document.axes}
    tiers = {(each.axis, each.slug): each for each in document.tiers}
    try:
        date.fromisoformat(document.effective_date)
    except ValueError:
        yield Problem("effective_date", "not-a-date", f"{document.effective_date} is not a day of the calendar.")
    for index, tier in enumerate(document.tiers):
        if tier.axis not in axes:
            yield Problem(f"tiers/{index}/axis", "unknown", f"There is no axis “{tier.axis}”.")
    for axis in sorted(axes | document.baseline.keys()):
        floor = tiers.get((axis, document.baseline.get(axis, "")))
        if axis not in axes:
            yield Problem(f"baseline/{axis}", "unknown", f"There is no axis “{axis}”.")
        elif floor is None:
            yield Problem(f"baseline/{axis}", "missing", "Every axis needs a baseline that is one of its tiers.")
        elif not floor.defined:
            yield Problem(f"baseline/{axis}", "undefined", "A baseline must be a defined tier.")
    for index, safeguard in enumerate(document.safeguards):
        where = tiers.get((safeguard.axis, safeguard.tier))
        if where is None:
            yield Problem(f"safeguards/{index}/tier", "unknown", f"The axis “{safeguard.axis}” has no tier “{safeguard.tier}”.")
        elif not where.defined:
            yield Problem(f"safeguards/{index}/tier", "undefined", f"{where.title} is not defined, so it cannot have safeguards yet.")
    held = {(each.axis, each.tier) for each in document.safeguards}
    for index, tier in enumerate(document.tiers):
        if tier.defined and (tier.axis, tier.slug) not in held:
            yield Problem(
                f"tiers/{index}", "empty", f"{tier.title} is called defined and has no safeguard; nothing could ever be missing from it."
            )
    for scope, wanted in document.scopes.items():
        for axis in wanted:
            if axis not in axes:
                yield Problem(f"scopes/{scope}", "unknown", f"There is no axis “{axis}”.")


def _factors(document: FrameworkDocument) -> Iterator[Problem]:
    """Whether each tier above the baseline says who may sign about it, and none asks for less than one below it.

    A forgotten line would let a password sign, so leaving it out is no answer. What stands in stored documents keeps its meaning.
    """
    tiers = {(each.axis, each.slug): each for each in document.tiers}
    told = cast(dict[str, list[dict[str, str]]], values_of(document.canonical))["tiers"]
    for index, tier in enumerate(document.tiers):
        path = f"tiers/{index}/second_factor"
        floor = tiers.get((tier.axis, document.baseline.get(tier.axis, "")))
        below = [each for each in document.tiers if each.axis == tier.axis and each.ordinal < tier.ordinal]
        if floor is not None and tier.ordinal > floor.ordinal and "second_factor" not in told[index]:
            yield Problem(path, "missing", f"{tier.title} stands above the baseline: say whether signing about it takes a second factor.")
        elif not tier.second_factor and any(each.second_factor for each in below):
            yield Problem(path, "weaker", f"{tier.title} asks for less than a tier below it: it must require a second factor too.")


def _rules(document: FrameworkDocument) -> Iterator[Problem]:
    domains = {each.slug for each in document.domains}
    tiers = {(each.axis, each.slug) for each in document.tiers}
    for index, threshold in enumerate(document.thresholds):
        path = f"thresholds/{index}"
        if threshold.domain not in domains:
            yield Problem(f"{path}/domain", "unknown", f"There is no domain “{threshold.domain}”.")
        for axis, tier in threshold.requires.items():
            if (axis, tier) not in tiers:
                yield Problem(f"{path}/requires/{axis}", "unknown", f"The axis “{axis}” has no tier “{tier}”.")
        if threshold.kind == "threshold" and not threshold.requires:
            yield Problem(
                f"{path}/requires", "missing", "A threshold must require a tier on some axis; a checkpoint or a watch-list need not."
            )
        yield from _rule(threshold.rule_document, threshold.rule, f"{path}/rule", document, may_only_raise=False)
        circle = _circle(threshold.slug, document)
        if circle:
            yield Problem(f"{path}/rule", "circle", f"The rules go round in a circle: {' → '.join(circle)}.")


KINDS = frozenset({"indicator", "band", "threshold", "all_of", "any_of", "canary", "k_of_n", "judgement", "inherits", "equivalent_to"})


def _rule(written: object, rule: Rule, path: str, document: FrameworkDocument, *, may_only_raise: bool) -> Iterator[Problem]:
    if isinstance(written, dict) and len(KINDS & written.keys()) != 1:
        yield Problem(path, "several-kinds", "A rule node is of exactly one kind.")
        return
    only_raises = rule.only_raises or rule.kind in ("inherits", "equivalent_to")
    if only_raises and not may_only_raise:
        yield Problem(path, "raises-alone", "What may only raise must stand directly in an all_of, beside something that can rule out.")
    if rule.kind in ("indicator", "band"):
        yield from _leaf(rule, path, document)
    elif rule.kind == "threshold" and rule.target not in {each.slug for each in document.thresholds}:
        yield Problem(path, "unknown", f"There is no threshold “{rule.target}”.")
    if rule.kind == "all_of" and all(child.only_raises or child.kind in ("inherits", "equivalent_to") for child in rule.children):
        yield Problem(path, "raises-alone", "Nothing in this all_of could ever rule out.")
    inner = _written_children(written)
    for index, child in enumerate(rule.children):
        yield from _rule(inner[index], child, f"{path}/{rule.kind}/{index}", document, may_only_raise=rule.kind == "all_of")


def _written_children(written: object) -> list[object]:
    if not isinstance(written, dict):
        return []
    found = next((written[kind] for kind in ("all_of", "any_of", "canary") if kind in written), None)
    if found is None and isinstance(written.get("k_of_n"), dict):
        found = written["k_of_n"]["of"]
    return found if isinstance(found, list) else []


def _leaf(rule: Rule, path: str, document: FrameworkDocument) -> Iterator[Problem]:
    indicator = next((each for each in document.indicators if each.slug == rule.target), None)
    if indicator is None:
        yield Problem(path, "unknown", f"There is no indicator “{rule.target}”.")
        return
    if indicator.rule_out is None:
        yield Problem(path, "no-line", f"“{rule.target}” has no rule-out line, so a rule cannot stand on it.")
    if rule.kind == "band" and indicator.rule_in is None:
        yield Problem(path, "no-band", f"“{rule.target}” has no rule-in line, so it has no band.")
    if indicator.status in ("retired", "information"):
        yield Problem(path, "no-weight", f"“{rule.target}” is {indicator.status} and bears no weight.")
    if indicator.status == "saturated" and not rule.only_raises:
        yield Problem(path, "no-weight", f"“{rule.target}” is saturated; it may stand in a rule only to raise.")


def _circle(start: str, document: FrameworkDocument) -> list[str]:
    """The way back to a threshold through references, if there is one."""
    rules = {each.slug: each.rule for each in document.thresholds}
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for target in _references(rules[way[-1]]):
            if target == start:
                return [*way, start]
            if target in rules and target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _references(rule: Rule) -> Iterator[str]:
    if rule.kind == "threshold":
        yield rule.target
    for child in rule.children:
        yield from _references(child)


def _indicator(indicator: Indicator, path: str, domains: set[str]) -> Iterator[Problem]:
    higher = indicator.higher_is_riskier
    if indicator.domain not in domains:
        yield Problem(f"{path}/domain", "unknown", f"There is no domain “{indicator.domain}”.")
    for name, key, benign in (("rule_out", "rules_out", True), ("rule_in", "rules_in", False)):
        written = indicator.document.get(name)
        wanted = "below" if higher == benign else "above"
        if isinstance(written, dict) and written.get(key) != wanted:
            yield Problem(
                f"{path}/{name}/{key}", "wrong-side", f"Where {'higher' if higher else 'lower'} is riskier, {name} lies {wanted} its line."
            )
    if indicator.rule_out is not None and indicator.rule_in is not None:
        gap = indicator.rule_in.at - indicator.rule_out.at
        if (gap < 0 if higher else gap > 0) or gap == 0:
            yield Problem(
                f"{path}/rule_in/at", "crossed-lines", "The rule-in line must lie further towards concern than the rule-out line."
            )
    for name, line in (("rule_out", indicator.rule_out), ("rule_in", indicator.rule_in)):
        if line is not None and indicator.kind == "proportion" and not 0 <= line.at <= 1:
            yield Problem(f"{path}/{name}/at", "out-of-range", "A share lies between 0 and 1.")
    least = 1 if indicator.margin_scale == "ratio" else 0
    for name, margin in (("safety_margin", indicator.safety_margin), ("point_only_margin", indicator.point_only_margin)):
        if margin is not None and margin < least:
            yield Problem(f"{path}/{name}", "helps", f"A margin below {least} would move the bound away from concern.")
    if indicator.margin_scale == "ratio" and any(line is not None and line.at <= 0 for line in (indicator.rule_out, indicator.rule_in)):
        yield Problem(
            f"{path}/margin_scale", "helps", "A margin that multiplies would move a bound below 0 away from concern: its lines lie above 0."
        )
    if indicator.minimum_n < 1 or indicator.maximum_age_days < 1:
        yield Problem(path, "out-of-range", "minimum_n and maximum_age_days start at 1.")
    if indicator.status in ("saturated", "retired") and not indicator.borne_by:
        yield Problem(f"{path}/borne_by", "missing", f"An indicator that is {indicator.status} must name what bears the weight instead.")
    clauses = [*indicator.floor, *(clause for cell in indicator.cells for clause in cell.conditions)]
    if any(not _decides(clause) for clause in clauses):
        yield Problem(
            f"{path}/elicitation_floor", "empty-clause", "A clause names either the values it takes (one_of) or a number (at_least)."
        )


def _decides(clause: Condition) -> bool:
    return bool(clause.one_of) != (clause.at_least is not None)


def _policies(document: FrameworkDocument) -> Iterator[Problem]:
    tiers, axes = {each.slug for each in document.tiers}, {each.slug for each in document.axes}
    for index, policy in enumerate(document.quorum):
        path = f"quorum/{index}"
        if policy.tier and policy.tier not in tiers:
            yield Problem(f"{path}/tier", "unknown", f"There is no tier “{policy.tier}”.")
        if policy.axis and policy.axis not in axes:
            yield Problem(f"{path}/axis", "unknown", f"There is no axis “{policy.axis}”.")
        if policy.approvals < 1:
            yield Problem(f"{path}/approvals", "out-of-range", "Nothing is decided by nobody.")
        for seat in policy.seats:
            if not 1 <= seat.at_least <= policy.approvals or bool(seat.role) == bool(seat.competence):
                yield Problem(
                    f"{path}/seats",
                    "empty-seat",
                    "A seat asks for at least one approval, not more than there are, by role or by competence.",
                )
    general = {each.question for each in document.quorum if not each.tier and not each.axis}
    for question in sorted(set(get_args(QuestionKind)) - general):
        yield Problem("quorum", "missing", f"No policy says who decides a question of the kind “{question}” on any tier.")
    for index, clock in enumerate(document.clocks):
        if clock.effect == "stale" and (clock.factor is None or clock.factor <= 1):
            yield Problem(f"clocks/{index}/factor", "missing", "A clock that makes evidence stale needs a factor above 1.")
        if clock.effect != "stale" and not clock.days:
            yield Problem(
                f"clocks/{index}/days",
                "missing",
                f"A clock of the effect “{clock.effect}” comes round after a number of days; say how many.",
            )
        idle = "days" if clock.effect == "stale" else "factor"
        if getattr(clock, idle) is not None:
            yield Problem(
                f"clocks/{index}/{idle}",
                "no-effect",
                f"A clock of the effect “{clock.effect}” has no use for {idle}: nothing would come of it.",
            )
