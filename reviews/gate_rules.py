"""May this artefact go to this scope? A pure function of two documents: `answer(framework_bytes, inputs_bytes) -> answer_bytes`.

It denies unless nothing stands against it. Every reason has a code, a sentence, and who can resolve it.

INPUTS, `asl-gate-inputs/2`, collected by `reviews.gate` (times as text with zone, absent is null)::

    {"format": "asl-gate-inputs/2", "at": time, "artefact": "sha256:…"|null, "scope": "external", "stack": "sha256:…"|null,
     "for_record": bool,                                                       asked for an authorisation, which has to name its stack
     "ledger": {"sound": bool, "size": 123},
     "subject": {"id", "slug"}|null, "snapshot": {"id", "digest", "confirmed": bool}|null, "framework": {"digest", "name"}|null,
     "assessment": {"id", "digest", "framework_digest", "valid_until": time|null, "due": bool}|null,
     "findings": {threshold: {"outcome", "digest",
                              "requires": {axis: tier},                        what it required in the version the finding was made under
                              "snapshots": ["<uuid>"]}},                       the weights it speaks for: the required cells of this threshold
     "held": [{axis: tier}],                                                   baselines of earlier versions that nobody let go of
     "inherited": [{axis: tier}],
     "pending": {"uploads": 0, "dead": 0, "refused": 0,                        received and not read to the end; refused and not signed away
                 "refused_beneath": 0},                                        refused of its parent or of what covers it; absent: none
     "determinations": {threshold: {"id", "verdict", "finding_digest", "kept_for", "valid_until", "requires": {axis: tier}, "covers": {axis: tier}|null,
                                    "covered": "<uuid>"|null,                 the snapshot a coverage speaks for
                                    "covered_strictly": bool}},               by a model against which the threshold counts itself
     "raised": [{"threshold", "requires": {axis: tier}}],                      what open questions hold up
     "case": {"id", "number"}|null,                                            the open one, unless all it asks is about what is only watched
     "adequacy": {axis: {"id", "tier", "valid_until", "content_digest",
                         "statement": {"id", "snapshot", "scopes": [...], "stack": "", "stack_digest": "", "environment": "",      where it is served
                                       "lines": [{"safeguard", "signoff", "in_force": bool, "expires_at", "place", "place_name"}]}}},
     "papers": [{"id", "threshold", "artefact", "weights", "digest", "finding", "supplied_by", "hazard"}],     absent: from before papers were asked for
     "papers_of_earlier": [{"threshold", "artefact", "title", "gates"}],      asked by strict determinations of earlier versions; absent: none
     "signed": {safeguard: "in_force"|"earlier_wording"|"expired"|"none"},     earlier wording: in force, but for what the framework says by now
     "release": {"id", "artefact", "status_digest", "valid_until"}|null, "released_otherwise": bool,
     "halted": {"at": time}|null,
     "observed": {"until": time}}                                              absent: the scope is enforced for these weights
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from frameworks.engine import reading
from frameworks.engine.types import FrameworkDocument, Safeguard
from frameworks.engine.versions import Versions
from ledger.canonical import canonical, digest, parse
from reviews import paper_rules, places
from reviews.rules import Required, Standing, required_tiers

RULES_VERSION = "4"
# An allowed answer is worth nothing long after it was given; the serving side asks again.
LONGEST_VALIDITY = timedelta(minutes=15)

# Who can resolve a reason, by role.
REVIEWERS, CHAIR, OWNERS, RESEARCHERS = "reviewer", "chair", "safeguard_owner", "researcher"
ADMINISTRATORS, EXECUTIVES = "administrator", "executive"

# The note of an answer that holds for one stack only and was asked without any.
STACK_NOT_NAMED = "stack_not_named"

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the gate denies: for programs a code, for people a sentence, who can resolve it and how."""

    code: str
    sentence: str
    who: tuple[str, ...]
    what_to_do: str
    about: str = ""  # the threshold, axis, safeguard or scope it speaks of


def answer(framework_bytes: bytes, inputs_bytes: bytes) -> bytes:
    """The gate's answer as canonical bytes. `framework_bytes` is empty where no framework is in force."""
    inputs = read(inputs_bytes)
    framework = _framework(framework_bytes) if framework_bytes else None
    required = {} if framework is None else requirement(framework, inputs)
    reasons = tuple(_reasons(framework, inputs, required))
    return canonical(
        {
            "format": "asl-gate-answer/1",
            "rules_version": RULES_VERSION,
            "allowed": not reasons,
            "reasons": [_told(reason) for reason in reasons],
            "notes": [] if framework is None else list(_notes(framework, inputs, required)),
            "required": {axis: each.tier.slug for axis, each in required.items()},
            "artefact": inputs["artefact"],
            "scope": inputs["scope"],
            "stack": inputs["stack"],
            "framework_digest": digest(framework_bytes) if framework_bytes else None,
            "inputs_digest": digest(inputs_bytes),
            "at": inputs["at"],
            "expires_at": inputs["at"] if reasons else _expiry(inputs),
        }
    )


@lru_cache(maxsize=16)
def _framework(framework_bytes: bytes) -> FrameworkDocument:
    """A page asks about every scope of every model; the framework is the same each time."""
    return reading.framework(framework_bytes)


def read(document: bytes) -> dict[str, Any]:
    """An inputs or answer document as values. Raises ValueError for anything else."""
    found = parse(document)
    if not isinstance(found, dict):
        raise ValueError("A gate document is an object.")
    return found


def _told(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "sentence": reason.sentence,
        "who": list(reason.who),
        "what_to_do": reason.what_to_do,
        "about": reason.about,
    }


def requirement(framework: FrameworkDocument, inputs: Inputs) -> dict[str, Required]:
    """The required tier per axis, from the same function the status page uses."""
    return required_tiers(
        framework,
        findings={slug: finding["outcome"] for slug, finding in inputs["findings"].items()},
        standings={
            slug: Standing(each["verdict"], each["requires"], each["covers"] or {}) for slug, each in inputs["determinations"].items()
        },
        raised=[(each["threshold"], each["requires"]) for each in inputs["raised"]],
        inherited=inputs["inherited"],
        found_under={slug: finding["requires"] for slug, finding in inputs["findings"].items()},
        held=inputs["held"],
    )


def paper_lines(framework: FrameworkDocument, inputs: Inputs) -> tuple[paper_rules.Line, ...]:
    """How each paper that shuts the gate stands for the weights asked about; none where the inputs are from before papers were asked for."""
    if inputs.get("papers") is None:
        return ()
    decided = inputs["determinations"]
    thresholds = paper_rules.counting(
        framework,
        outcomes={slug: finding["outcome"] for slug, finding in inputs["findings"].items()},
        verdicts={slug: each["verdict"] for slug, each in decided.items()},
        raised={each["threshold"] for each in inputs["raised"]},
        covered_strictly={slug for slug, each in decided.items() if each["covered_strictly"]},
    )
    earlier = [paper_rules.Asked(**each) for each in inputs.get("papers_of_earlier", ())]
    asked = paper_rules.and_earlier(paper_rules.asked_of(framework, thresholds), earlier)
    return paper_rules.lines(
        (each for each in asked if each.gates),
        (paper_rules.Supplied(**each) for each in inputs["papers"]),
        weights=inputs["artefact"] or "",
        findings={slug: finding["digest"] for slug, finding in inputs["findings"].items()},
    )


def accepted_with(lines: Iterable[paper_rules.Line]) -> list[dict[str, Any]]:
    """The papers as a release pins them: what is asked for, and what answers it."""
    return [
        {
            "threshold": line.asked.threshold,
            "artefact": line.asked.artefact,
            "state": line.state,
            "paper": line.supplied.id if line.supplied else None,
            "digest": line.supplied.digest if line.supplied else None,
            "finding": line.supplied.finding if line.supplied else None,
            "supplied_by": line.supplied.supplied_by if line.supplied else None,
            "hazard": line.supplied.hazard if line.supplied else False,
        }
        for line in lines
    ]


def status_digest(framework: FrameworkDocument, inputs: Inputs, required: Mapping[str, str], axes: tuple[str, ...]) -> str:
    """What a release decision answers: the requirement, the determinations, the adequacy and the papers it rests on, nothing else.

    An upload that changes no finding leaves it alone; so does a sign-off of a safeguard that this scope does not need.
    """
    pinned = accepted_with(paper_lines(framework, inputs))
    watched = {each.slug for each in framework.thresholds if each.kind != "threshold"}
    return digest(
        # Where no paper is asked for, nothing is said of them: a release decided before they were goes on answering.
        ({"papers": pinned} if pinned else {})
        | {
            "framework": framework.digest,
            "artefact": inputs["artefact"],
            "scope": inputs["scope"],
            "required": dict(required),
            # What is watched without a threshold shuts no gate, so nothing a release rests on stands there.
            "determinations": {
                slug: [each["id"], each["verdict"]] for slug, each in inputs["determinations"].items() if slug not in watched
            },
            "adequacy": {axis: each["content_digest"] for axis, each in inputs["adequacy"].items() if axis in axes},
        }
    )


# --- Reasons, from the ground up ------------------------------------------------------------------------------------------------------------


def _reasons(framework: FrameworkDocument | None, inputs: Inputs, required: Mapping[str, Required]) -> Iterator[Reason]:
    if not inputs["ledger"]["sound"]:
        yield Reason(
            "ledger_broken",
            "The ledger does not verify, so nothing it carries can be relied on.",
            (ADMINISTRATORS,),
            "Run ./portal manage verify_ledger and restore what does not fit.",
        )
    if inputs["snapshot"] is None or inputs["subject"] is None:
        yield Reason(
            "unknown_artefact",
            "No registered snapshot has this weights digest.",
            (RESEARCHERS,),
            "Register the snapshot, or check that these are the weights that were reviewed.",
        )
        return
    if framework is None:
        yield Reason("no_framework", "No framework version is in force.", (CHAIR, EXECUTIVES), "Propose one for adoption and confirm it.")
        return
    if inputs["scope"] not in framework.scopes:
        yield Reason(
            "unknown_scope", f"The framework knows no scope {inputs['scope']!r}.", (CHAIR,), "Ask for one of its scopes.", inputs["scope"]
        )
        return
    yield from _snapshot_reasons(inputs)
    yield from _evidence_reasons(inputs)
    yield from _finding_reasons(framework, inputs)
    yield from _tier_reasons(required)
    yield from _case_reasons(inputs)
    yield from _safeguard_reasons(framework, inputs, required)
    yield from _stack_reasons(framework, inputs, required)
    yield from _paper_reasons(framework, inputs)
    yield from _release_reasons(framework, inputs, required)


def _snapshot_reasons(inputs: Inputs) -> Iterator[Reason]:
    if not inputs["snapshot"]["confirmed"]:
        yield Reason(
            "snapshot_unconfirmed",
            "The weights digest was registered by one person and confirmed by nobody else.",
            (RESEARCHERS,),
            "Let a second person confirm the snapshot.",
        )


def _evidence_reasons(inputs: Inputs) -> Iterator[Reason]:
    if inputs["pending"]["uploads"]:
        yield Reason(
            "evidence_pending",
            "Evidence has been received and not been read yet; it may raise a finding.",
            (RESEARCHERS,),
            "Wait until it is read.",
        )
    if inputs["pending"]["dead"]:
        yield Reason(
            "evidence_unreadable",
            "Evidence was received that the portal gave up reading.",
            (ADMINISTRATORS,),
            "Look at the upload and read it again.",
        )
    if refused := inputs["pending"]["refused"]:
        files = "A file was" if refused == 1 else f"{refused} files were"
        yield Reason(
            "evidence_refused",
            f"{files} sent as evidence of this model and refused; nobody has said yet that nothing is lost with it.",
            (REVIEWERS, CHAIR),
            "Look at what was refused, have it sent again whole, and set the refused file aside with a reason.",
        )
    if beneath := inputs["pending"].get("refused_beneath"):
        files = "A file was" if beneath == 1 else f"{beneath} files were"
        yield Reason(
            "evidence_refused_beneath",
            f"{files} sent as evidence of a model this one leans on (its parent, or one that covers it) and refused; nobody has said yet that nothing is lost"
            " with it.",
            (REVIEWERS, CHAIR),
            "Look at what was refused there, have it sent again whole, and set the refused file aside with a reason.",
        )
    assessment = inputs["assessment"]
    if assessment is None:
        yield Reason(
            "no_assessment", "This model has not been assessed under the framework in force.", (RESEARCHERS,), "Upload its evaluations."
        )
        return
    if assessment["due"] or assessment["framework_digest"] != inputs["framework"]["digest"] or _past(assessment["valid_until"], inputs):
        yield Reason(
            "assessment_outdated",
            "Something changed since the last assessment, and the next one has not been made yet.",
            (ADMINISTRATORS,),
            "Wait for the worker; if it stays so, look at the assessments that are due.",
        )


def _finding_reasons(framework: FrameworkDocument, inputs: Inputs) -> Iterator[Reason]:
    for threshold in framework.thresholds:
        if threshold.kind != "threshold":
            continue
        decided = inputs["determinations"].get(threshold.slug)
        covers_others = decided is not None and _covers_other_weights(decided, inputs)
        if decided is not None and (_past(decided["valid_until"], inputs) or covers_others):
            decided = None
        if inputs["assessment"] is not None and not _speaks_for_these_weights(inputs, threshold.slug, decided):
            yield Reason(
                "artefact_not_assessed",
                f"What is known of {threshold.title} does not speak for these weights: they are no required cell of its finding, and no coverage in force"
                " names them.",
                (RESEARCHERS, CHAIR),
                "Name the snapshot a release candidate and evaluate it, or let the board decide that another one covers it.",
                threshold.slug,
            )
        if decided is None:
            yield Reason(
                "finding_not_answered",
                f"No determination in force says whether {threshold.title} is crossed"
                + (": the coverage that is in force names other weights." if covers_others else "."),
                (REVIEWERS, CHAIR),
                "Decide the threshold in a case.",
                threshold.slug,
            )
        else:
            if decided["verdict"] == "not_crossed" and not _assessed(inputs, threshold.slug):
                yield Reason(
                    "finding_not_assessed",
                    f"{threshold.title} is not assessed: what has not been shown to be below the threshold is not below it.",
                    (RESEARCHERS,),
                    "Bring fresh, qualifying measurements.",
                    threshold.slug,
                )
            if decided["verdict"] == "not_crossed" and not _answers(decided, inputs, threshold.slug):
                yield Reason(
                    "finding_moved",
                    f"The finding on {threshold.title} has changed since it was decided, and it has not been worked out yet whether the decision still holds.",
                    (ADMINISTRATORS, REVIEWERS),
                    "Wait for the worker; if it stays so, run ./portal manage doctor, or decide the threshold anew.",
                    threshold.slug,
                )


def _speaks_for_these_weights(inputs: Inputs, slug: str, decided: Mapping[str, Any] | None) -> bool:
    """Whether a threshold's finding was made with these weights as a required cell, or a coverage in force names them."""
    if decided is not None and decided["verdict"] == "covered_by":
        return True
    return slug in inputs["findings"] and inputs["snapshot"]["id"] in inputs["findings"][slug]["snapshots"]


def _covers_other_weights(decided: Mapping[str, Any], inputs: Inputs) -> bool:
    """A coverage speaks for the weights it names and for no others of the same model."""
    return bool(decided["verdict"] == "covered_by") and decided.get("covered") != inputs["snapshot"]["id"]


def _answers(decided: Mapping[str, Any], inputs: Inputs, slug: str) -> bool:
    """Whether a decision answers the finding as it stands: the one it was taken on, or a later one that was found nowhere worse."""
    finding = inputs["findings"].get(slug)
    return finding is not None and finding["digest"] in {decided["finding_digest"], decided.get("kept_for") or decided["finding_digest"]}


def _assessed(inputs: Inputs, slug: str) -> bool:
    finding = inputs["findings"].get(slug)
    return finding is not None and finding["outcome"] != "not_assessed"


def _tier_reasons(required: Mapping[str, Required]) -> Iterator[Reason]:
    for axis, each in required.items():
        if not each.tier.known:
            yield Reason(
                "tier_undefined",
                f"{each.tier.slug} is required on {axis} by what an earlier version of the framework asked, and the one in force does not know it.",
                (CHAIR, EXECUTIVES),
                "Adopt a framework version that has this tier, or let the board let go of what requires it in a case of kind lowering.",
                axis,
            )
        elif not each.tier.defined:
            yield Reason(
                "tier_undefined",
                f"{each.tier.label} is required on {axis}, and the framework does not define it yet.",
                (CHAIR, EXECUTIVES),
                "Adopt a framework version that defines the tier, or show that the threshold is not crossed.",
                axis,
            )


def _case_reasons(inputs: Inputs) -> Iterator[Reason]:
    if inputs["case"] is not None:
        yield Reason(
            "open_case",
            f"Case {inputs['case']['number']} is open on this model.",
            (REVIEWERS, CHAIR),
            "Decide its questions and close it.",
            inputs["case"]["id"],
        )


def _safeguard_reasons(framework: FrameworkDocument, inputs: Inputs, required: Mapping[str, Required]) -> Iterator[Reason]:
    for axis in framework.scopes[inputs["scope"]]:
        tier = required[axis].tier
        yield from _signoff_reasons(framework, inputs, axis, tier.slug)
        decided = inputs["adequacy"].get(axis)
        if decided is None or _past(decided["valid_until"], inputs) or not framework.serves(axis, decided["tier"], tier):
            yield Reason(
                "safeguards_not_adequate",
                f"No decision in force says that the {tier.label} safeguards on {axis} are adequate for this model.",
                (REVIEWERS, CHAIR),
                "Vote on the safeguards question of a case.",
                axis,
            )
            continue
        yield from _applicability_reasons(framework, inputs, axis, tier.slug, decided["statement"])


def _signoff_reasons(framework: FrameworkDocument, inputs: Inputs, axis: str, tier: str) -> Iterator[Reason]:
    for safeguard in framework.safeguards_for(axis, tier):
        state = inputs["signed"].get(safeguard.slug, "none")
        if state == "none":
            yield Reason(
                "safeguards_unsigned",
                f"{safeguard.title}: no implementation of it has been signed off.",
                (OWNERS, REVIEWERS),
                "Attach evidence and let a reviewer sign it off.",
                safeguard.slug,
            )
        elif state == "earlier_wording":
            yield Reason(
                "signoff_of_earlier_wording",
                f"{safeguard.title}: it was signed off for an earlier wording of the framework, and the one in force says something else of it.",
                (REVIEWERS,),
                "Read what the framework says of it now, and sign it off anew.",
                safeguard.slug,
            )
        elif state == "expired":
            yield Reason(
                "signoff_expired",
                f"{safeguard.title}: its sign-off has run out, was revoked, or speaks of an earlier version.",
                (REVIEWERS,),
                "Sign it off anew.",
                safeguard.slug,
            )


def _applicability_reasons(
    framework: FrameworkDocument, inputs: Inputs, axis: str, tier: str, statement: Mapping[str, Any]
) -> Iterator[Reason]:
    if statement["snapshot"] != inputs["snapshot"]["id"] or inputs["scope"] not in statement["scopes"]:
        yield Reason(
            "no_applicability",
            f"No statement says that the {axis} safeguards cover these weights in this scope.",
            (OWNERS, REVIEWERS),
            "State the applicability for this snapshot and scope in a case.",
            axis,
        )
        return
    lines = {line["safeguard"]: line for line in statement["lines"]}
    required = framework.safeguards_for(axis, tier)
    lapsed = [safeguard.title for safeguard in required if safeguard.slug not in lines or not lines[safeguard.slug]["in_force"]]
    if lapsed:
        yield Reason(
            "no_applicability",
            f"The applicability statement on {axis} leans on sign-offs that are not in force: {', '.join(lapsed)}.",
            (OWNERS, REVIEWERS),
            "Sign those safeguards off and state the applicability anew.",
            axis,
        )

    elsewhere = [safeguard.title for safeguard in required if safeguard.slug in lines and not _counts(safeguard, lines, statement)]
    if elsewhere:
        yield Reason(
            "no_applicability",
            f"The applicability statement on {axis} leans on sign-offs of another place than it names: {', '.join(elsewhere)}.",
            (OWNERS, REVIEWERS),
            "Name the stack and the environment it is served in, and state the applicability anew.",
            axis,
        )


def _counts(safeguard: Safeguard, lines: Mapping[str, Mapping[str, Any]], statement: Mapping[str, Any]) -> bool:
    line = lines[safeguard.slug]
    return places.counts(placed_in=safeguard.placed_in, place=line["place"], place_name=line["place_name"], site=_site(statement))


def _site(statement: Mapping[str, Any]) -> places.Site:
    return places.Site(statement["stack"], statement["stack_digest"], statement["environment"])


def _stack_reasons(framework: FrameworkDocument, inputs: Inputs, required: Mapping[str, Required]) -> Iterator[Reason]:
    """An authorisation is for one stack: the one the safeguards were signed off in."""
    bound = _bound_to_a_stack(framework, inputs, required)
    if not bound or (inputs["stack"] is None and not inputs["for_record"]):
        return
    if inputs["stack"] is None:
        yield Reason(
            "stack_mismatch",
            f"No serving stack is named, and the safeguards on {' and '.join(bound)} hold in one stack only.",
            (ADMINISTRATORS, OWNERS),
            "Ask again with the digest of the stack that will serve it.",
            inputs["scope"],
        )
    elif elsewhere := [axis for axis, statement in bound.items() if statement["stack_digest"] != inputs["stack"]]:
        named = ", ".join(sorted({bound[axis]["stack"] or "no stack" for axis in elsewhere}))
        yield Reason(
            "stack_mismatch",
            f"This is not the stack the safeguards on {' and '.join(elsewhere)} were signed off in: the applicability statement names {named}.",
            (OWNERS, REVIEWERS),
            "Serve it from the stack that was reviewed, or state the applicability for this one in a case.",
            inputs["scope"],
        )


def _bound_to_a_stack(framework: FrameworkDocument, inputs: Inputs, required: Mapping[str, Required]) -> dict[str, Mapping[str, Any]]:
    """Axis → the statement in force on it, where that names a stack or the framework wants a safeguard built into one."""
    stated = {axis: inputs["adequacy"][axis]["statement"] for axis in framework.scopes[inputs["scope"]] if axis in inputs["adequacy"]}
    return {
        axis: statement
        for axis, statement in stated.items()
        if statement["stack"] or any(each.placed_in == "stack" for each in framework.safeguards_for(axis, required[axis].tier.slug))
    }


def _notes(framework: FrameworkDocument, inputs: Inputs, required: Mapping[str, Required]) -> Iterator[dict[str, str]]:
    """What an answer leaves open without denying: asked without a stack, it does not say which one may serve; that a scope is observed allows nothing."""
    if observed := inputs.get("observed"):
        day = str(observed["until"])[:10]
        sentence = f"This scope is observed until {day}: these weights ran there before the portal went live and may go on. Nothing new goes out by it."
        yield {"code": "observed", "sentence": sentence}
    if inputs["stack"] is not None or inputs["for_record"] or inputs["scope"] not in framework.scopes or inputs["snapshot"] is None:
        return
    if bound := _bound_to_a_stack(framework, inputs, required):
        named = ", ".join(sorted({statement["stack"] for statement in bound.values()} - {""})) or "one stack"
        sentence = f"No serving stack was named. This holds only for the stack that was decided on ({named}); an authorisation has to name it by its digest."
        yield {"code": STACK_NOT_NAMED, "sentence": sentence}


def _paper_reasons(framework: FrameworkDocument, inputs: Inputs) -> Iterator[Reason]:
    for line in paper_lines(framework, inputs):
        title, about = framework.threshold_title(line.asked.threshold), f"{line.asked.threshold}/{line.asked.artefact}"
        if line.state == paper_rules.MISSING:
            yield Reason(
                "required_paper_missing",
                f"{title} counts against this model, and nobody has supplied a paper it asks for: {_uncapped(line.asked.title)}.",
                (RESEARCHERS, OWNERS, CHAIR),
                "Supply the paper; the board accepts it with the release.",
                about,
            )
        elif line.state == paper_rules.OUTDATED:
            yield Reason(
                "required_paper_outdated",
                f"{title} counts against this model, and a paper it asks for speaks of other weights or of an earlier finding: {_uncapped(line.asked.title)}.",
                (RESEARCHERS, OWNERS, CHAIR),
                "Supply it anew, for these weights and the finding as it is now.",
                about,
            )


def _uncapped(title: str) -> str:
    return title[:1].lower() + title[1:]


def _release_reasons(framework: FrameworkDocument, inputs: Inputs, required: Mapping[str, Required]) -> Iterator[Reason]:
    if inputs["halted"] is not None:
        yield Reason("scope_halted", "This scope was halted.", (REVIEWERS, CHAIR), "Decide the release anew.", inputs["scope"])
    release = inputs["release"]
    if release is None:
        yield _no_release(inputs)
        return
    if release["artefact"] != inputs["artefact"]:
        yield Reason("artefact_mismatch", "The release names other weights.", (CHAIR,), "Release these weights in their own right.")
    if _past(release["valid_until"], inputs):
        yield Reason("release_expired", "The release has run out.", (REVIEWERS, CHAIR), "Decide the release anew.", inputs["scope"])
    tiers = {axis: each.tier.slug for axis, each in required.items()}
    now = status_digest(framework, inputs, tiers, framework.scopes[inputs["scope"]])
    if release["status_digest"] != now:
        yield Reason(
            "release_outdated",
            "What the release was decided on has changed since: the requirement, a determination, the safeguards or a paper.",
            (REVIEWERS, CHAIR),
            "Decide the release on the present status.",
            inputs["scope"],
        )


def _no_release(inputs: Inputs) -> Reason:
    if inputs["released_otherwise"]:
        return Reason(
            "artefact_mismatch",
            "A release to this scope is in force, but for other weights of this model.",
            (CHAIR, REVIEWERS),
            "Release these weights in their own right, or serve the ones that were released.",
            inputs["scope"],
        )
    return Reason(
        "no_release",
        "No release decision in force lets this artefact go to this scope.",
        (REVIEWERS, CHAIR),
        "Ask the release question in a case.",
        inputs["scope"],
    )


# --- Time -----------------------------------------------------------------------------------------------------------------------------------


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _past(valid_until: str | None, inputs: Inputs) -> bool:
    return valid_until is not None and _time(valid_until) <= _time(inputs["at"])


def _expiry(inputs: Inputs) -> datetime:
    """The first instant this answer may change by itself, and a quarter of an hour at most."""
    ends = [_time(inputs["at"]) + LONGEST_VALIDITY]
    ends += [_time(each["valid_until"]) for each in inputs["determinations"].values() if each["valid_until"]]
    ends += [_time(each["valid_until"]) for each in inputs["adequacy"].values() if each["valid_until"]]
    for holder in (inputs["assessment"], inputs["release"]):
        if holder and holder["valid_until"]:
            ends.append(_time(holder["valid_until"]))
    for decided in inputs["adequacy"].values():
        ends += [_time(line["expires_at"]) for line in decided["statement"]["lines"] if line["expires_at"]]
    return min(ends)


# Each version of these rules that is carried; docs/decisions/0006 says how one is kept at a release.
RULES = Versions("rules", {RULES_VERSION: answer}, current=RULES_VERSION)
