"""Canonical documents become frozen values. A framework document here has already passed `frameworks.documents`; anything odd is refused."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar, cast, get_args

from frameworks.engine.types import (
    Adoption,
    Arm,
    Artefact,
    Axis,
    BlockingRun,
    Cell,
    Clock,
    ClockEffect,
    ClockReading,
    Condition,
    Domain,
    Evidence,
    Fact,
    FileInterval,
    FrameworkDocument,
    FrameworkRole,
    Indicator,
    IndicatorStatus,
    Judgement,
    Line,
    Lineage,
    Measurement,
    MetricKind,
    Outcome,
    Place,
    Placement,
    QuestionKind,
    Quorum,
    Rule,
    Safeguard,
    Seat,
    Snapshot,
    Supersession,
    Threshold,
    ThresholdKind,
    Tier,
    Warned,
)
from ledger.canonical import Json, canonical, digest, parse

EVIDENCE_FORMAT = "asl-evidence/2"
FRAMEWORK_FORMAT = "asl-framework/1"

Item = Mapping[str, Json]
T = TypeVar("T")


class NotReadable(ValueError):
    """A document is not of the shape `frameworks.engine.types` describes."""


def framework(document: bytes, *, source: bytes = b"") -> FrameworkDocument:
    """A framework from its canonical bytes. Raises `NotReadable`."""
    return _reading(lambda item: _framework(item, canonical_bytes=document, source=source), document, FRAMEWORK_FORMAT)


def evidence(document: bytes) -> Evidence:
    """The evidence from its canonical bytes, every list in one fixed order. Raises `NotReadable`."""
    return _reading(lambda item: _evidence(item, own_digest=digest(document)), document, EVIDENCE_FORMAT)


def indicator(item: Item) -> Indicator:
    """One indicator from its document; its digest is that of the document's canonical bytes."""
    rule_out, rule_in = item.get("rule_out"), item.get("rule_in")
    point_only = item.get("point_only_margin")
    ratio = item.get("margin_scale", "add") == "ratio"
    return Indicator(
        slug=_text(item["slug"]),
        title=_text(item["title"]),
        domain=_text(item["domain"]),
        kind=cast(MetricKind, _choice(item["kind"], MetricKind)),
        higher_is_riskier=_text(item["riskier"]) == "higher",
        unit=_text(item.get("unit", "")),
        log_scale=_flag(item.get("log_scale", "false")),
        status=cast(IndicatorStatus, _choice(item["status"], IndicatorStatus)),
        rule_out=None if rule_out is None else _line(_item(rule_out)),
        rule_in=None if rule_in is None else _line(_item(rule_in)),
        minimum_n=_number(item.get("minimum_n", "1")),
        floor=tuple(_condition(each) for each in _items(item.get("elicitation_floor", []))),
        cells=tuple(
            Cell(title=_text(each["title"]), conditions=tuple(_condition(one) for one in _items(each["conditions"])))
            for each in _items(item.get("cells", []))
        ),
        safety_margin=_decimal(item.get("safety_margin", "1" if ratio else "0")),
        margin_scale="ratio" if ratio else "add",
        point_only_margin=None if point_only is None else _decimal(point_only),
        maximum_age_days=_number(item["maximum_age_days"]),
        tasks=_texts(item.get("tasks", [])),
        aggregation=_text(item.get("aggregation", "")),
        borne_by=_text(item.get("borne_by", "")),
        source=_text(item.get("source", "")),
        digest=digest(canonical(item)),
        document=dict(item),
    )


def rule(item: Item) -> Rule:
    """One rule node and all beneath it."""
    only_raises, title = _flag(item.get("only_raises", "false")), _text(item.get("title", ""))
    for kind in ("indicator", "band", "threshold", "judgement", "inherits", "equivalent_to"):
        if kind in item:
            return Rule(kind=kind, target=_text(item[kind]), only_raises=only_raises, title=title)
    for many in ("all_of", "any_of"):
        if many in item:
            return Rule(kind=many, children=_children(item[many]), title=title)
    if "canary" in item:  # every line met is what cannot be ruled out
        children = _children(item["canary"])
        return Rule(kind="k_of_n", children=children, k=len(children), title=title)
    if "k_of_n" in item:
        vote = _item(item["k_of_n"])
        children, k = _children(vote["of"]), _number(vote["k"])
        if not 1 <= k <= len(children):
            raise NotReadable(f"{k} of {len(children)} lines can never decide.")
        return Rule(kind="k_of_n", children=children, k=k, title=title)
    raise NotReadable(f"A rule has none of the known kinds: {', '.join(sorted(item))}.")


def _children(value: Json) -> tuple[Rule, ...]:
    children = tuple(rule(each) for each in _items(value))
    if not children:
        raise NotReadable("A rule that combines nothing would answer anything.")
    return children


def moment(value: Json) -> datetime:
    """A time with its zone. Raises `NotReadable`."""
    read = datetime.fromisoformat(_text(value))
    if read.tzinfo is None:
        raise NotReadable(f"The time {value} has no zone.")
    return read.astimezone(UTC)


def _reading(build: Callable[[Item], T], document: bytes, wanted: str) -> T:
    try:
        item = _item(parse(document))
        if item.get("format") != wanted:
            raise NotReadable(f"This is not a document of the format {wanted}.")
        return build(item)
    except NotReadable:
        raise
    except KeyError as missing:
        raise NotReadable(f"The {wanted} document lacks {missing}.") from None
    except (TypeError, ValueError, InvalidOperation) as error:
        raise NotReadable(f"The {wanted} document is not of the expected shape: {error}") from None


def _framework(item: Item, *, canonical_bytes: bytes, source: bytes) -> FrameworkDocument:
    validity = _item(item["validity"])
    return FrameworkDocument(
        name=_text(item["name"]),
        version=_text(item["version"]),
        revision=_number(item["revision"]),
        title=_text(item["title"]),
        publisher=_text(item["publisher"]),
        source=_text(item["source"]),
        effective_date=_text(item["effective_date"]),
        predecessor=_text(item.get("predecessor", "")),
        summary=_text(item.get("summary", "")),
        axes=tuple(Axis(_text(each["slug"]), _text(each["title"]), _text(each["letter"])) for each in _items(item["axes"])),
        tiers=tuple(_tier(each) for each in _items(item["tiers"])),
        baseline=_map(item["baseline"]),
        domains=tuple(Domain(_text(each["slug"]), _text(each["title"])) for each in _items(item["domains"])),
        thresholds=tuple(_threshold(each) for each in _items(item["thresholds"])),
        safeguards=tuple(_safeguard(each) for each in _items(item["safeguards"])),
        indicators=tuple(indicator(each) for each in _items(item["indicators"])),
        clocks=tuple(_clock(each) for each in _items(item["clocks"])),
        roles=tuple(FrameworkRole(_text(each["slug"]), _text(each["title"]), _text(each["duties"])) for each in _items(item["roles"])),
        quorum=tuple(_quorum(each) for each in _items(item["quorum"])),
        inconclusive="elevates",
        scopes={scope: _texts(axes) for scope, axes in _item(item["scopes"]).items()},
        glossary=_map(item["glossary"]),
        release_validity_days=_number(validity["release_days"]),
        determination_validity_days=_number(validity["determination_days"]),
        canonical=canonical_bytes,
        source_bytes=source,
    )


def _tier(item: Item) -> Tier:
    return Tier(
        slug=_text(item["slug"]),
        axis=_text(item["axis"]),
        ordinal=_number(item["ordinal"]),
        title=_text(item["title"]),
        label=_text(item["label"]),
        defined=_flag(item["defined"]),
        includes_below=_flag(item.get("includes_below", "false")),
        goal=_text(item.get("goal", "")),
        second_factor=_text(item.get("second_factor", "")) == "required",
    )


def _threshold(item: Item) -> Threshold:
    return Threshold(
        slug=_text(item["slug"]),
        title=_text(item["title"]),
        domain=_text(item["domain"]),
        kind=cast(ThresholdKind, _choice(item["kind"], ThresholdKind)),
        meaning=_text(item["meaning"]),
        requires=_map(item.get("requires", {})),
        artefacts=tuple(Artefact(_text(each["slug"]), _text(each["title"])) for each in _items(item.get("artefacts", []))),
        rule=rule(_item(item["rule"])),
        rule_is_operationalised=_flag(item["rule_is_operationalised"]),
        rule_note=_text(item.get("rule_note", "")),
        source=_text(item.get("source", "")),
        rule_document=item["rule"],
    )


def _safeguard(item: Item) -> Safeguard:
    return Safeguard(
        slug=_text(item["slug"]),
        tier=_text(item["tier"]),
        axis=_text(item["axis"]),
        title=_text(item["title"]),
        statement=_text(item["statement"]),
        showing=_text(item["showing"]),
        evidence_types=_texts(item["evidence_types"]),
        validity_days=_number(item["validity_days"]),
        placed_in=cast(Placement, _choice(item["placed_in"], Placement)),
        competence=_text(item.get("competence", "")),
    )


def _clock(item: Item) -> Clock:
    factor, days = item.get("factor"), item.get("days")
    return Clock(
        slug=_text(item["slug"]),
        title=_text(item["title"]),
        effect=cast(ClockEffect, _choice(item["effect"], ClockEffect)),
        factor=None if factor is None else _decimal(factor),
        days=None if days is None else _number(days),
        source=_text(item.get("source", "")),
    )


def _quorum(item: Item) -> Quorum:
    return Quorum(
        question=cast(QuestionKind, _choice(item["question"], QuestionKind)),
        tier=_text(item.get("tier", "")),
        axis=_text(item.get("axis", "")),
        approvals=_number(item["approvals"]),
        seats=tuple(
            Seat(at_least=_number(each["at_least"]), role=_text(each.get("role", "")), competence=_text(each.get("competence", "")))
            for each in _items(item.get("seats", []))
        ),
        chair_votes=_flag(item["chair_votes"]),
        statement=_text(item["statement"]),
    )


def _line(item: Item) -> Line:
    return Line(at=_decimal(item["at"]), inclusive=_flag(item.get("inclusive", "false")))


def _condition(item: Item) -> Condition:
    at_least = item.get("at_least")
    return Condition(
        fact=_text(item["fact"]),
        one_of=_texts(item.get("one_of", [])),
        at_least=None if at_least is None else _decimal(at_least),
    )


def _evidence(item: Item, *, own_digest: str) -> Evidence:
    return Evidence(
        subject=_text(item["subject"]),
        framework_digest=_text(item["framework_digest"]),
        as_of=moment(item["as_of"]),
        ledger_size=_count(item["ledger_size"]),
        snapshots=tuple(sorted((_snapshot(each) for each in _items(item["snapshots"])), key=lambda each: each.id)),
        indicators=tuple(
            sorted((_adoption(each) for each in _items(item["indicators"])), key=lambda each: (each.adopted_seq, each.indicator.digest))
        ),
        measurements=tuple(sorted(_unique(_measurement(each) for each in _items(item["measurements"])), key=lambda each: each.id)),
        blocking_runs=tuple(sorted((_blocking(each) for each in _items(item["blocking_runs"])), key=repr)),
        judgements=tuple(sorted((_judgement(each) for each in _items(item["judgements"])), key=lambda each: (each.seq, repr(each)))),
        lineage=tuple(sorted((_lineage(each) for each in _items(item["lineage"])), key=lambda each: (each.kind, each.parent, repr(each)))),
        clocks=tuple(sorted((_clock_reading(each) for each in _items(item["clocks"])), key=lambda each: (each.slug, repr(each)))),
        digest=own_digest,
    )


def _unique(measurements: Iterable[Measurement]) -> list[Measurement]:
    found = list(measurements)
    if len({each.id for each in found}) != len(found):
        raise NotReadable("Two measurements of the evidence have the same id.")
    return found


def _snapshot(item: Item) -> Snapshot:
    return Snapshot(
        id=_text(item["id"]),
        digest=_text(item["digest"]),
        label=_text(item["label"]),
        grade=_text(item["grade"]),
        required=_truth(item["required"]),
        covered=tuple(sorted(_texts(item["covered"]))),
    )


def _adoption(item: Item) -> Adoption:
    definition = indicator(_item(item["definition"]))
    if definition.digest != item["digest"] or definition.slug != item["slug"]:
        raise NotReadable(f"The adopted version of {item['slug']} does not have the digest it is filed under.")
    return Adoption(indicator=definition, adopted_seq=_count(item["adopted_seq"]))


def _measurement(item: Item) -> Measurement:
    superseded, place = item["superseded"], _item(item["place"])
    return Measurement(
        id=_text(item["id"]),
        run=_text(item["run"]),
        snapshot=_maybe(item["snapshot"], _text),
        moved=item["moved_from"] is not None,
        grade=_text(item["grade"]),
        indicator=_text(item["indicator"]),
        binding=_text(item["binding"]),
        binding_seq=_maybe(item["binding_seq"], _count),
        received_seq=_count(item["received_seq"]),
        received_at=moment(item["received_at"]),
        admitted_under=tuple(sorted(_texts(item["admitted_under"]))),
        value=_maybe(item["value"], _decimal),
        stderr=_maybe(item["stderr"], _decimal),
        n=_maybe(item["n"], _count),
        n_source=_maybe(item["n_source"], _text),
        epochs=_maybe(item["epochs"], _count),
        interval=_maybe(item["interval"], lambda each: _interval(_item(each))),
        arms=_maybe(item["arms"], lambda each: (_arm(_item(_item(each)["treatment"])), _arm(_item(_item(each)["control"])))),
        run_status=_text(item["run_status"]),
        counts={name: _maybe(count, _count) for name, count in sorted(_item(item["counts"]).items())},
        evaluated_at=_maybe(item["evaluated_at"], moment),
        elicitation={name: _fact(_item(fact)) for name, fact in sorted(_item(item["elicitation"]).items())},
        warnings=tuple(
            sorted((_warned(each) for each in _items(item["warnings"])), key=lambda each: (each.code, each.message, each.holds))
        ),
        superseded=None if superseded is None else _supersession(_item(superseded)),
        place=Place(upload=_text(place["upload"]), where=_text(place["where"])),
    )


def _interval(item: Item) -> FileInterval:
    return FileInterval(
        low=_maybe(item["low"], _decimal),
        high=_maybe(item["high"], _decimal),
        level=_decimal(item["level"]),
        one_sided=_text(item["sided"]) == "one-sided",
        method=_text(item["method"]),
    )


def _arm(item: Item) -> Arm:
    return Arm(mean=_decimal(item["mean"]), stderr=_maybe(item["stderr"], _decimal), n=_count(item["n"]))


def _fact(item: Item) -> Fact:
    return Fact(value=_text(item["value"]), origin=_text(item["origin"]))


def _warned(item: Item) -> Warned:
    # Whatever is not plainly marked as information holds.
    return Warned(code=_text(item["code"]), message=_text(item["message"]), holds=item["effect"] != "info")


def _supersession(item: Item) -> Supersession:
    return Supersession(by=_maybe(item["by"], _text), reason=_text(item["reason"]))


def _blocking(item: Item) -> BlockingRun:
    return BlockingRun(
        run=_maybe(item["run"], _text),
        upload=_maybe(item["upload"], _text),
        task=_text(item["task"]),
        indicators=tuple(sorted(_texts(item["indicators"]))),
        reason=_text(item["reason"]),
        signed_away=_truth(item["signed_away"]),
    )


def _judgement(item: Item) -> Judgement:
    return Judgement(
        slug=_text(item["slug"]),
        outcome=Outcome(_text(item["outcome"])),
        seq=_count(item["seq"]),
        decided_at=moment(item["decided_at"]),
        expires_at=_maybe(item["expires_at"], moment),
        record=_text(item["record"]),
    )


def _lineage(item: Item) -> Lineage:
    kind = _text(item["kind"])
    if kind not in ("inherits", "equivalent_to"):
        raise NotReadable(f"Unknown kind of lineage: {kind}.")
    return Lineage(
        kind="inherits" if kind == "inherits" else "equivalent_to",
        parent=_text(item["parent"]),
        requirement=_map(item["requirement"]),
        outcomes={slug: Outcome(_text(outcome)) for slug, outcome in sorted(_item(item["outcomes"]).items())},
    )


def _clock_reading(item: Item) -> ClockReading:
    return ClockReading(slug=_text(item["slug"]), factor=_maybe(item["factor"], _decimal), grown_at=_maybe(item["grown_at"], moment))


# --- Scalars and lists ----------------------------------------------------------------------------------------------------------------------


def _item(value: Json) -> Item:
    if not isinstance(value, dict):
        raise NotReadable(f"Expected an object, found {value!r}.")
    return value


def _items(value: Json) -> list[Item]:
    if not isinstance(value, list):
        raise NotReadable(f"Expected a list, found {value!r}.")
    return [_item(each) for each in value]


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise NotReadable(f"Expected text, found {value!r}.")
    return value


def _choice(value: Json, choices: object) -> str:
    read = _text(value)
    if read not in get_args(choices):
        raise NotReadable(f"Expected one of {', '.join(get_args(choices))}, found {read!r}.")
    return read


def _texts(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise NotReadable(f"Expected a list, found {value!r}.")
    return tuple(_text(each) for each in value)


def _map(value: Json) -> dict[str, str]:
    return {name: _text(text) for name, text in _item(value).items()}


def _decimal(value: Json) -> Decimal:
    try:
        read = Decimal(_text(value))
    except InvalidOperation:
        raise NotReadable(f"Expected a decimal number, found {value!r}.") from None
    if not read.is_finite():
        raise NotReadable(f"Expected a finite number, found {value!r}.")
    return read


def _number(value: Json) -> int:
    """A whole number written as text, as framework documents write all their scalars."""
    return int(_text(value))


def _count(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotReadable(f"Expected a count, found {value!r}.")
    return value


def _flag(value: Json) -> bool:
    if value not in ("true", "false"):
        raise NotReadable(f"Expected true or false, found {value!r}.")
    return value == "true"


def _truth(value: Json) -> bool:
    if not isinstance(value, bool):
        raise NotReadable(f"Expected true or false, found {value!r}.")
    return value


def _maybe(value: Json, read: Callable[[Json], T]) -> T | None:
    return None if value is None else read(value)
