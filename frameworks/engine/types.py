"""The words of the decision as frozen values, and the exact shape of the documents it reads and writes.

Three documents, all canonical JSON (`ledger.canonical`), stored by digest. In all three: decimals are text ("0.139"), times are text
with zone (`2026-05-22T09:00:00.000000Z`), counts are JSON integers, absent is `null` (every key below is always present in evidence).
The order of lists in the evidence never matters.

EVIDENCE, `asl-evidence/2`, written by `evaluations.evidence`, which filters nothing::

    {"format": "asl-evidence/2",
     "subject": "<uuid>", "framework_digest": "sha256:…", "as_of": time, "ledger_size": 123,
     "snapshots": [{"id": "<uuid>", "digest": "sha256:…", "label": "step 9000",
                    "grade": "attested"|"confirmed"|"declared",     the snapshot's own registration (a second person confirmed it)
                    "required": true,                               released or candidate: a required cell of every threshold
                    "covered": ["cbrn-3"]}],                        but of these, for which a coverage in force names it
     "indicators": [{"slug": "swe-hard", "digest": "sha256:…", "adopted_seq": 7,     every adopted version of every indicator of the
                     "definition": {…}}],                                              framework, earlier ones too; definition = its document
     "measurements": [{
         "id": "<uuid>", "run": "<uuid>", "snapshot": "<uuid>"|null, "grade": "attested"|"confirmed"|"declared",
         "moved_from": null | {"snapshot": "<uuid>"|null},          sent under these weights, or none; two people said that it measured `snapshot`
         "indicator": "swe-hard",
         "binding": "<uuid>", "binding_seq": 12|null,               ledger seq of the binding's confirmation; null: not confirmed
         "received_seq": 15, "received_at": time,                   of the upload
         "admitted_under": ["sha256:…"],                            indicator digests a quorum admitted it under by name:
                                                                    excuses a late indicator and a late binding, nothing else
         "value": "0.12"|null, "stderr": "0.03"|null, "n": 45|null, "n_source": "samples"|…|null, "epochs": 1|null,
                                                                    n counts items, never items × epochs
         "interval": {"low": "0.05"|null, "high": "0.21"|null, "level": "0.95", "sided": "central"|"one-sided", "method": "…"}|null,
         "arms": {"treatment": {"mean": "0.6", "stderr": "0.1", "n": 10}, "control": {…}}|null,         for two-arm ratios
         "run_status": "success"|"error"|"cancelled"|"started"|…,   only "success" is complete
         "counts": {"total": 45, "completed": 45, "scored": 45, "errored": 0, "invalidated": 0},        each integer or null (unknown)
         "evaluated_at": time|null,                                 the file's own time if zoned and not after received_at; null: age unknown
         "elicitation": {"safeguards_on": {"value": "false", "origin": "file"|"declared"|"countersigned"}, …},
         "warnings": [{"code": "model-not-registered", "message": "…", "effect": "info"|"holds"}],
         "superseded": null | {"by": "<measurement uuid>"|null, "reason": "…"},
         "place": {"upload": "<uuid>", "where": "results.scores[0].metrics.accuracy"}}],
     "blocking_runs": [{"run": "<uuid>"|null, "upload": "<uuid>"|null, "task": "swe_hard", "indicators": ["swe-hard"],
                        "reason": "unbound"|"not-arrived"|"incomplete"|"removed"|"conflict"|"claimed-elsewhere",
                        "signed_away": false}],                     true once someone other than the uploader signed it away
     "judgements": [{"slug": "aird-4-judgement", "outcome": "ruled_out"|"cannot_rule_out"|"ruled_in", "seq": 40,
                     "decided_at": time, "expires_at": time|null, "record": "<uuid>"}],
     "lineage": [{"kind": "inherits"|"equivalent_to", "parent": "<uuid>",
                  "requirement": {"deployment": "asl-3", "security": "asl-3"},        in force for the parent
                  "outcomes": {"cbrn-3": "cannot_rule_out", …}}],
     "clocks": [{"slug": "compute-4x", "factor": "4.2"|null, "grown_at": time|null}]}      for every clock whose effect is `stale` one
                    reading of each snapshot: growth since the last comprehensive assessment ("1" where nothing has grown). From the clock's factor on, what was
                    measured before `grown_at` (null: everything) is stale. A null factor, or no reading at all, is unknown growth: stale

**Elicitation facts.** Names the rules know: `variant` (e.g. `helpful-only`), `safeguards_on`, `tools`, `scaffold`, `attempts`, `fine_tuned`,
`reasoning_effort`, `token_budget`. Values are text: booleans `true`/`false`, numbers decimal text. From an Inspect log (origin `file`) a fact is
read from `eval.metadata.elicitation.<fact>`, else `eval.metadata.<fact>`, else `eval.task_args.<fact>`; `attempts` falls back on
`eval.config.epochs`. Two places that disagree: leave the fact out and add a `holds` warning `elicitation-conflict`. What the uploader typed
has origin `declared` and never meets a floor; once a second person confirmed it, `countersigned` does.

ASSESSMENT, `asl-assessment/2`, written by `frameworks.engine.decide`::

    {"format": "asl-assessment/2", "engine_version": "4",
     "subject": …, "framework": {"name": …, "version": …, "revision": …, "digest": …}, "evidence_digest": "sha256:…",
     "as_of": time, "ledger_size": 123,
     "complete": bool,                       no threshold of kind `threshold` is not_assessed
     "valid_until": time|null,               the first instant at which this answer changes by itself
     "required": {axis: {"tier": "asl-3", "label": "ASL-3", "ordinal": 3, "defined": true, "baseline": "asl-2",
                         "because": [{"kind": "finding", "threshold": "cbrn-3", "tier": "asl-3", "outcome": "cannot_rule_out"},
                                     {"kind": "lineage", "relation": "inherits", "parent": "<uuid>", "tier": "asl-3"}]}},
                                             computed findings, baseline and lineage only; determinations are combined above, in reviews
     "artefacts": [{"threshold": "aird-4", "artefact": "affirmative-case-misalignment"}],      required by the findings
     "thresholds": [{"slug": …, "kind": …, "title": …, "outcome": …, "finding_digest": "sha256:…", "valid_until": time|null,
                     "required_snapshots": ["<uuid>"],       the cells this finding speaks for
                     "requires": {axis: tier}, "sentence": "…", "reasons": [reason…], "tree": node}],          in the framework's order
     "measurements": [{"id": …, "indicator": …, "qualifies": bool, "power": "full"|"raise"|"none",
                       "outcome": outcome|null, "reasons": [reason…]}]}                        every one of the evidence, sorted by id

    reason = {"code": "n-below-minimum", "sentence": "…", "blocks": bool, "data": {…text…}}      codes: `Code` below
    node   = {"kind": "all_of"|"any_of"|"k_of_n"|"threshold"|"judgement"|"inherits"|"equivalent_to"|"indicator"|"band",
              "outcome": outcome, "counts": bool (false: may only raise, and does not), "sentence": "…", "reasons": [reason…],
              "children": [node…]}
             k_of_n: + "k", "n", "met", "unknown";  threshold: + "threshold", "finding_digest" (of the finding referred to);
             judgement: + "judgement", "record", "expires_at"
             inherits, equivalent_to: + "parents": [{"parent", "outcome"}]
    leaf   = node of kind indicator|band without children, +
             "indicator": slug, "title", "indicator_digest", "metric": kind, "direction": "higher"|"lower", "unit",
             "line": {"at", "inclusive"}|null, "rule_in": {…}|null, "margin": decimal, "margin_scale": "add"|"ratio",
             "missing": bool (a qualifying measurement is missing: none, or none in a required cell, or a blocking run),
             "stale": bool, "qualifying": [ids], "deciding": id|null, "bound": decimal|"unbounded"|null (the deciding one, margin included),
             "comparison": "0.139 is not below 0.1"|null,
             "measurements": [{"id", "snapshot", "snapshot_label", "place", "value", "n", "low", "high" (decimal|"unbounded"|null), "level",
                               "method", "point_only": bool, "bound", "comparison", "outcome"|null, "qualifies", "power",
                               "indicator_digests": [versions it was judged under], "stale_at": time|null, "reasons": [reason…]}]

A finding digest covers slug, rule, tree and outcome, and nothing of `as_of`; sentences therefore never speak of "today".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Literal

from ledger.canonical import Json, digest


class Outcome(StrEnum):
    """What the evidence says of one threshold. Ordered: later is more concerning."""

    RULED_OUT = "ruled_out"
    NOT_ASSESSED = "not_assessed"
    CANNOT_RULE_OUT = "cannot_rule_out"
    RULED_IN = "ruled_in"

    @property
    def rank(self) -> int:
        return list(Outcome).index(self)

    @property
    def raises(self) -> bool:
        """Reaching this requires the threshold's tiers."""
        return self in (Outcome.CANNOT_RULE_OUT, Outcome.RULED_IN)


def worst(outcomes: "list[Outcome] | tuple[Outcome, ...]") -> Outcome:
    """The most concerning of some outcomes; of none, not_assessed."""
    return max(outcomes, key=lambda outcome: outcome.rank, default=Outcome.NOT_ASSESSED)


class Code(StrEnum):
    """Why something is as it is. Stable: pages, notices and tests name these."""

    NO_MEASUREMENT = "no-measurement"
    INDICATOR_UNKNOWN = "indicator-unknown"
    NO_QUALIFYING_MEASUREMENT = "no-qualifying-measurement"
    REQUIRED_CELL_EMPTY = "required-cell-empty"
    BLOCKING_RUN = "blocking-run"
    SUPERSEDED_WITHOUT_REPLACEMENT = "superseded-without-replacement"
    SUPERSEDED = "superseded"
    INDICATOR_SATURATED = "indicator-saturated"
    INDICATOR_RETIRED = "indicator-retired"
    INDICATOR_NOT_ADOPTED = "indicator-not-adopted"
    INDICATOR_ADOPTED_AFTER_RECEIPT = "indicator-adopted-after-receipt"
    BINDING_NOT_CONFIRMED = "binding-not-confirmed"
    BINDING_CONFIRMED_AFTER_RECEIPT = "binding-confirmed-after-receipt"
    SNAPSHOT_UNKNOWN = "snapshot-unknown"
    SNAPSHOT_DECLARED = "snapshot-declared"
    RUN_NOT_COMPLETE = "run-not-complete"
    SAMPLES_INVALIDATED = "samples-invalidated"
    COUNTS_UNKNOWN = "counts-unknown"
    VALUE_MISSING = "value-missing"
    VALUE_OUT_OF_RANGE = "value-out-of-range"
    WARNING_HOLDS = "warning-holds"
    N_DISAGREES = "n-disagrees-with-stderr"
    N_UNKNOWN = "n-unknown"
    N_BELOW_MINIMUM = "n-below-minimum"
    ELICITATION_ABSENT = "elicitation-absent"
    ELICITATION_DECLARED = "elicitation-declared"
    ELICITATION_BELOW_FLOOR = "elicitation-below-floor"
    POINT_ONLY = "point-only"
    AGE_UNKNOWN = "age-unknown"
    STALE = "stale"
    COMPUTE_GROWN = "compute-grown"
    BOUND_PAST_LINE = "bound-past-line"
    VALUE_PAST_LINE = "value-past-line"
    RULED_IN_BY_BOUND = "ruled-in-by-bound"
    STRICTER_PREDECESSOR = "stricter-predecessor"
    WITHIN_LINE = "within-line"
    JUDGEMENT_MISSING = "judgement-missing"
    JUDGEMENT_EXPIRED = "judgement-expired"
    JUDGEMENT_RECORDED = "judgement-recorded"
    PARENT_RAISES = "parent-raises"
    CHILD_DECIDES = "child-decides"


@dataclass(frozen=True, slots=True)
class Reason:
    code: Code
    sentence: str
    blocks: bool = True
    data: dict[str, str] = field(default_factory=dict)


# --- The framework document -----------------------------------------------------------------------------------------------------------------

MetricKind = Literal["proportion", "mean", "ratio", "count", "duration"]
IndicatorStatus = Literal["active", "saturated", "retired", "information"]
ThresholdKind = Literal["threshold", "checkpoint", "alert", "watch-list"]
ClockEffect = Literal["stale", "assess", "decide", "re-approve", "review", "report"]
Placement = Literal["estate", "environment", "stack", "subject"]
QuestionKind = Literal["threshold", "safeguards", "release", "clearance", "lowering", "adoption"]
RuleKind = Literal["indicator", "band", "threshold", "all_of", "any_of", "k_of_n", "judgement", "inherits", "equivalent_to"]


@dataclass(frozen=True, slots=True)
class Axis:
    slug: str
    title: str
    letter: str


@dataclass(frozen=True, slots=True)
class Tier:
    slug: str
    axis: str
    ordinal: int
    title: str
    label: str
    defined: bool
    includes_below: bool
    goal: str
    # Whoever puts their name to something about this tier confirms it with a second factor too.
    second_factor: bool = False
    # False for one that only an earlier version knows: nothing meets it.
    known: bool = True


@dataclass(frozen=True, slots=True)
class Domain:
    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Artefact:
    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """Strictly beyond `at` on the benign side rules out (or, for a rule-in line, on the concerning side rules in); `inclusive` lets equality do."""

    at: Decimal
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One clause of an elicitation floor: a fact that must be one of some values, or at least a number."""

    fact: str
    one_of: tuple[str, ...] = ()
    at_least: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A variant or budget that must be measured apart on every required snapshot."""

    title: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    slug: str
    title: str
    domain: str
    kind: MetricKind
    higher_is_riskier: bool
    unit: str
    log_scale: bool
    status: IndicatorStatus
    rule_out: Line | None
    rule_in: Line | None
    minimum_n: int
    floor: tuple[Condition, ...]
    cells: tuple[Cell, ...]
    safety_margin: Decimal
    margin_scale: Literal["add", "ratio"]
    point_only_margin: Decimal | None
    maximum_age_days: int
    tasks: tuple[str, ...]
    aggregation: str
    borne_by: str
    source: str
    digest: str
    document: dict[str, Json] = field(repr=False, compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One node of a decision rule. Exactly the fields of its kind are set."""

    kind: RuleKind
    target: str = ""
    children: tuple["Rule", ...] = ()
    k: int = 0
    only_raises: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    slug: str
    title: str
    domain: str
    kind: ThresholdKind
    meaning: str
    requires: dict[str, str]
    artefacts: tuple[Artefact, ...]
    rule: Rule
    rule_is_operationalised: bool
    rule_note: str
    source: str
    rule_document: Json = field(repr=False, compare=False, hash=False, default=None)


@dataclass(frozen=True, slots=True)
class Safeguard:
    slug: str
    tier: str
    axis: str
    title: str
    statement: str
    showing: str
    evidence_types: tuple[str, ...]
    validity_days: int
    placed_in: Placement
    competence: str


@dataclass(frozen=True, slots=True)
class Clock:
    """`effect`: `stale` (compute growth makes evidence stale), `assess` (a new assessment is due), `decide`, `re-approve`, `review`, `report`."""

    slug: str
    title: str
    effect: ClockEffect
    factor: Decimal | None
    days: int | None
    source: str


@dataclass(frozen=True, slots=True)
class FrameworkRole:
    slug: str
    title: str
    duties: str


@dataclass(frozen=True, slots=True)
class Seat:
    """`at_least` of the approvals must come from people with one of these roles or this competence."""

    at_least: int
    role: str = ""
    competence: str = ""


@dataclass(frozen=True, slots=True)
class Quorum:
    """The policy for one kind of question, on one tier ("" = any) and one axis ("" = any). The most specific entry that matches holds."""

    question: QuestionKind
    tier: str
    axis: str
    approvals: int
    seats: tuple[Seat, ...]
    chair_votes: bool
    statement: str


@dataclass(frozen=True)
class FrameworkDocument:
    name: str
    version: str
    revision: int
    title: str
    publisher: str
    source: str
    effective_date: str
    predecessor: str
    summary: str
    axes: tuple[Axis, ...]
    tiers: tuple[Tier, ...]
    baseline: dict[str, str]
    domains: tuple[Domain, ...]
    thresholds: tuple[Threshold, ...]
    safeguards: tuple[Safeguard, ...]
    indicators: tuple[Indicator, ...]
    clocks: tuple[Clock, ...]
    roles: tuple[FrameworkRole, ...]
    quorum: tuple[Quorum, ...]
    inconclusive: Literal["elevates"]
    scopes: dict[str, tuple[str, ...]]
    glossary: dict[str, str]
    release_validity_days: int
    determination_validity_days: int
    canonical: bytes = field(repr=False)
    source_bytes: bytes = field(repr=False, default=b"")

    @cached_property
    def digest(self) -> str:
        return digest(self.canonical)

    def threshold(self, slug: str) -> Threshold:
        """Raises KeyError."""
        return self._thresholds[slug]

    def indicator(self, slug: str) -> Indicator:
        """Raises KeyError."""
        return self._indicators[slug]

    def tier(self, axis: str, slug: str) -> Tier:
        """Raises KeyError."""
        return self._tiers[axis, slug]

    def asked_tier(self, axis: str, slug: str) -> Tier:
        """A tier something requires. One that this version does not know, because an earlier one named it, is undefined and stands above all it knows."""
        known = self._tiers.get((axis, slug))
        if known is not None:
            return known
        return Tier(
            slug=slug,
            axis=axis,
            ordinal=max((tier.ordinal for tier in self.tiers if tier.axis == axis), default=0) + 1,
            title=slug,
            label=slug,
            defined=False,
            includes_below=True,
            goal="",
            second_factor=any(tier.second_factor for tier in self.tiers),
            known=False,
        )

    def serves(self, axis: str, slug: str, required: Tier) -> bool:
        """Whether what was found adequate for one tier is enough for another. A tier this version does not know serves nothing."""
        found = self._tiers.get((axis, slug))
        return found is not None and found.ordinal >= required.ordinal

    def highest(self, axis: str, slugs: "list[str] | tuple[str, ...] | set[str] | frozenset[str]") -> Tier:
        """The highest of some tiers on an axis, never lower than its baseline."""
        floor = {self.baseline[axis]} if axis in self.baseline else set()
        return max((self.asked_tier(axis, slug) for slug in {*slugs, *floor}), key=lambda tier: (tier.ordinal, tier.slug))

    def asks_second_factor(self, tiers: Mapping[str, str]) -> bool:
        """Whether putting one's name to something about these tiers, by axis, takes a second factor."""
        return any(self.asked_tier(axis, slug).second_factor for axis, slug in tiers.items())

    def gates(self, slug: str) -> bool:
        """Whether this version has a threshold of this name that requires tiers and shuts the gate."""
        found = self._thresholds.get(slug)
        return found is not None and found.kind == "threshold"

    def threshold_title(self, slug: str) -> str:
        """A threshold's title; of one this version does not have, the name an earlier version gave it."""
        found = self._thresholds.get(slug)
        return slug if found is None else found.title

    def safeguards_for(self, axis: str, tier: str) -> tuple[Safeguard, ...]:
        """What a tier asks on an axis: its own, what it includes from below, and the baseline's."""
        top = self.asked_tier(axis, tier)
        wanted = {top.slug, self.baseline.get(axis, top.slug)}
        ladder = sorted((each for each in self.tiers if each.axis == axis and each.ordinal < top.ordinal), key=lambda each: -each.ordinal)
        above = top
        for each in ladder:
            if not above.includes_below:
                break
            wanted.add(each.slug)
            above = each
        return tuple(safeguard for safeguard in self.safeguards if safeguard.axis == axis and safeguard.tier in wanted)

    def quorum_for(self, question: str, *, tier: str = "", axis: str = "") -> Quorum:
        """The most specific policy for a question; tier weighs more than axis. Raises KeyError."""
        fits = [each for each in self.quorum if each.question == question and each.tier in ("", tier) and each.axis in ("", axis)]
        if not fits:
            raise KeyError(question)
        return max(fits, key=lambda each: (each.tier != "", each.axis != ""))

    @cached_property
    def _thresholds(self) -> dict[str, Threshold]:
        return {each.slug: each for each in self.thresholds}

    @cached_property
    def _indicators(self) -> dict[str, Indicator]:
        return {each.slug: each for each in self.indicators}

    @cached_property
    def _tiers(self) -> dict[tuple[str, str], Tier]:
        return {(each.axis, each.slug): each for each in self.tiers}


# --- The evidence document ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snapshot:
    id: str
    digest: str
    label: str
    grade: str
    required: bool
    covered: tuple[str, ...]

    def is_cell_of(self, threshold: str) -> bool:
        """Whether this threshold needs a qualifying result on these very weights."""
        return self.required and threshold not in self.covered


@dataclass(frozen=True, slots=True)
class Adoption:
    """One adopted version of an indicator, and where in the ledger it was adopted."""

    indicator: Indicator
    adopted_seq: int


@dataclass(frozen=True, slots=True)
class FileInterval:
    low: Decimal | None
    high: Decimal | None
    level: Decimal
    one_sided: bool
    method: str


@dataclass(frozen=True, slots=True)
class Arm:
    mean: Decimal
    stderr: Decimal | None
    n: int


@dataclass(frozen=True, slots=True)
class Fact:
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Warned:
    code: str
    message: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Supersession:
    by: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    upload: str
    where: str


@dataclass(frozen=True, slots=True)
class Measurement:
    id: str
    run: str
    snapshot: str | None
    moved: bool
    grade: str
    indicator: str
    binding: str
    binding_seq: int | None
    received_seq: int
    received_at: datetime
    admitted_under: tuple[str, ...]
    value: Decimal | None
    stderr: Decimal | None
    n: int | None
    n_source: str | None
    epochs: int | None
    interval: FileInterval | None
    arms: tuple[Arm, Arm] | None
    run_status: str
    counts: dict[str, int | None]
    evaluated_at: datetime | None
    elicitation: dict[str, Fact]
    warnings: tuple[Warned, ...]
    superseded: Supersession | None
    place: Place


@dataclass(frozen=True, slots=True)
class BlockingRun:
    run: str | None
    upload: str | None
    task: str
    indicators: tuple[str, ...]
    reason: str
    signed_away: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    slug: str
    outcome: Outcome
    seq: int
    decided_at: datetime
    expires_at: datetime | None
    record: str


@dataclass(frozen=True, slots=True)
class Lineage:
    kind: Literal["inherits", "equivalent_to"]
    parent: str
    requirement: dict[str, str]
    outcomes: dict[str, Outcome]


@dataclass(frozen=True, slots=True)
class ClockReading:
    slug: str
    factor: Decimal | None
    grown_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: str
    framework_digest: str
    as_of: datetime
    ledger_size: int
    snapshots: tuple[Snapshot, ...]
    indicators: tuple[Adoption, ...]
    measurements: tuple[Measurement, ...]
    blocking_runs: tuple[BlockingRun, ...]
    judgements: tuple[Judgement, ...]
    lineage: tuple[Lineage, ...]
    clocks: tuple[ClockReading, ...]
    digest: str


# --- The decision ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """One-sided 95 % bounds, each rounded outwards. None: unbounded on that side. `point_only`: there is no interval at all."""

    low: Decimal | None
    high: Decimal | None
    level: Decimal
    method: str
    point_only: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One measurement against one indicator."""

    measurement: Measurement
    interval: Interval | None
    bound: Decimal | None
    comparison: str
    outcome: Outcome | None
    qualifies: bool
    power: Literal["full", "raise", "none"]
    stale_at: datetime | None
    stale: bool
    weak: bool
    judged_under: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LeafDetail:
    indicator: Indicator
    judged: tuple[Judged, ...]
    deciding: Judged | None
    missing: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a reason tree. `changes_at`: the first instant at which it may answer otherwise by itself."""

    kind: str
    outcome: Outcome
    counts: bool
    sentence: str
    reasons: tuple[Reason, ...]
    changes_at: datetime | None
    children: tuple["Node", ...] = ()
    extra: dict[str, Json] = field(default_factory=dict)
    leaf: LeafDetail | None = None

    @property
    def answer(self) -> Outcome:
        """What it says where its word is needed: one that may only raise, and does not, has said nothing."""
        return self.outcome if self.counts else Outcome.NOT_ASSESSED


@dataclass(frozen=True, slots=True)
class Finding:
    threshold: Threshold
    outcome: Outcome
    tree: Node


@dataclass(frozen=True, slots=True)
class Requirement:
    axis: str
    tier: Tier
    because: tuple[dict[str, Json], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    framework: FrameworkDocument
    evidence: Evidence
    findings: tuple[Finding, ...]
    requirements: tuple[Requirement, ...]
    judged: tuple[Judged, ...]
    valid_until: datetime | None

    @property
    def complete(self) -> bool:
        """No threshold that shuts the gate is unassessed."""
        return all(each.outcome is not Outcome.NOT_ASSESSED for each in self.findings if each.threshold.kind == "threshold")
