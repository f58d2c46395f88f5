"""What a person puts their name to on the board, and its digest. One function a kind of statement; the page shows `text`, the signature seals it.

A statement binds the digest of the content that was shown, of the rationale, and of the policy pinned by the case.
"""

from collections.abc import Mapping, Sequence

from frameworks.engine.types import FrameworkDocument
from ledger.canonical import digest
from people.queries import Actor
from people.signing import Statement
from people.words import Role
from reviews.models import Case, Question, SafeguardImplementation
from reviews.models.question import Choice, QuestionKind, Verdict
from reviews.models.signoff import Meaning
from reviews.places import Site
from reviews.rules import EARLIER_BASELINE, OPPOSITE, judgement_titles, judgements_of

NO_CONFLICT = "I have no conflict of interest in this question."


def effect_of(question: Question, choice: str, document: FrameworkDocument) -> str:
    """What a vote does, as its button says it: "Approve elevation: require ASL-3 on deployment and security"."""
    if choice == Choice.ABSTAIN:
        return "Abstain"
    if choice == Choice.REQUEST_CHANGES:
        return "Request changes: nothing goes through until you vote again"
    verdict = question.proposal if choice == Choice.APPROVE else OPPOSITE[question.proposal]
    return f"{choice.capitalize()} {_what(question, document)}: {verdict_in_words(question, verdict, document)}"


def verdict_in_words(question: Question, verdict: str, document: FrameworkDocument) -> str:
    """What a verdict on this question means: "require ASL-3 on deployment and security", "not crossed", "release to external"."""
    if question.kind == QuestionKind.THRESHOLD and not question.content["requires"] and not document.gates(question.threshold):
        return {
            Verdict.NOT_CROSSED: "not reached",
            Verdict.TREATED_AS_CROSSED: "treat as reached; no tier follows from it",
            Verdict.CROSSED: "reached; no tier follows from it",
            Verdict.COVERED_BY: "covered by another model's assessment",
        }[Verdict(verdict)]
    if question.kind == QuestionKind.THRESHOLD:
        required = requirement_in_words(question.content["requires"], document)
        known = document.gates(question.threshold)
        return {
            Verdict.NOT_CROSSED: "not crossed" if known else f"not crossed, let go of {required}",
            Verdict.COVERED_BY: "covered by another model's assessment",
            Verdict.TREATED_AS_CROSSED: f"treat as crossed, require {required}",
            Verdict.CROSSED: f"crossed, require {required}",
        }[Verdict(verdict)]
    if question.kind == QuestionKind.SAFEGUARDS:
        label = document.tier(question.axis, question.tier).label
        return f"{label} safeguards on {question.axis} are {'adequate' if verdict == Verdict.ADEQUATE else 'not adequate'}"
    return f"{'release' if verdict == Verdict.RELEASE else 'no release'} to {question.scope}"


def _what(question: Question, document: FrameworkDocument) -> str:
    if question.kind == QuestionKind.THRESHOLD and not question.content["requires"] and not document.gates(question.threshold):
        return "judgement"
    if question.kind == QuestionKind.THRESHOLD:
        return {Verdict.NOT_CROSSED: "clearance", Verdict.COVERED_BY: "coverage"}.get(Verdict(question.proposal), "elevation")
    return {QuestionKind.SAFEGUARDS: "safeguards", QuestionKind.RELEASE: "release"}[QuestionKind(question.kind)]


def requirement_in_words(requires: Mapping[str, str], document: FrameworkDocument) -> str:
    """`ASL-3 on deployment and security`, or each axis with its own label where they differ."""
    by_label: dict[str, list[str]] = {}
    for axis, tier in sorted(requires.items()):
        by_label.setdefault(document.asked_tier(axis, tier).label, []).append(axis)
    return ", ".join(f"{label} on {' and '.join(axes)}" for label, axes in by_label.items()) or "nothing"


def question_title(question: Question, document: FrameworkDocument) -> str:
    """The question in words."""
    if question.kind == QuestionKind.THRESHOLD:
        if question.threshold == EARLIER_BASELINE:
            return "Does the baseline of an earlier version still hold?"
        asked = {each.slug: each for each in document.thresholds}.get(question.threshold)
        if asked is not None and asked.kind != "threshold":
            return f"Is {asked.title} reached ({asked.kind})?"
        return f"Is {document.threshold_title(question.threshold)} crossed?"
    if question.kind == QuestionKind.SAFEGUARDS:
        return f"Are the {document.tier(question.axis, question.tier).label} safeguards on {question.axis} adequate?"
    label = question.snapshot.label if question.snapshot else "this artefact"
    return f"May {label} go to {question.scope.replace('_', ' ')}?"


def about_release(question: Question, sites: Sequence[Site]) -> str:
    """What would go out, in full: the model, its weights by their digest, the scope, and where it is served; empty for other questions.

    `sites`: where the applicability statements behind the decisions in force say it is served.
    """
    snapshot = question.snapshot
    if question.kind != QuestionKind.RELEASE or snapshot is None:
        return ""
    told = " ".join(dict.fromkeys(served_in(site).strip() for site in sites if served_in(site)))
    weights = f"{question.case.subject.name}, snapshot {snapshot.label}, weights {snapshot.weights_digest}"
    return f" {weights}, to {question.scope.replace('_', ' ')}. {told or 'No serving stack and no environment is named.'}"


def vote_text(*, question: Question, case: Case, choice: str, document: FrameworkDocument, sites: Sequence[Site] = ()) -> str:
    """Word for word what a vote signs."""
    about = about_release(question, sites)
    effect = effect_of(question, choice, document) + _judged_with(question, choice, document)
    return f"Case {case.number}. {question_title(question, document)}{about} {effect}. {NO_CONFLICT}"


def _judged_with(question: Question, choice: str, document: FrameworkDocument) -> str:
    """Where the rule of a threshold asks people for a judgement, the board's answer is written down as that, and later assessments read it."""
    if question.kind != QuestionKind.THRESHOLD or choice not in {Choice.APPROVE, Choice.REJECT}:
        return ""
    titles = judgement_titles(document)
    asked = [titles.get(slug, slug) for each in document.thresholds if each.slug == question.threshold for slug in judgements_of(each.rule)]
    named = " and ".join(f"“{title}”" for title in dict.fromkeys(asked))
    return f"; decided so, it answers the judgement {named}, which every later assessment reads" if named else ""


def vote_statement(
    *,
    question: Question,
    case: Case,
    choice: str,
    rationale: str,
    actor: Actor,
    document: FrameworkDocument,
    sites: Sequence[Site] = (),
) -> Statement:
    return Statement(
        type="reviews.vote",
        digests={
            "question": str(question.pk),
            "content": question.content_digest,
            "rationale": digest({"rationale": rationale}),
            "roster": case.roster_digest,
        },
        meaning=Choice(choice).value,
        role=acting_role(actor, case),
        policy=case.policy_digest,
        text=vote_text(question=question, case=case, choice=choice, document=document, sites=sites),
    )


def declaration_statement(
    *, question: Question, case: Case, verdict: str, note: str, document: FrameworkDocument, sites: Sequence[Site] = ()
) -> Statement:
    decided = f"The board decided: {verdict_in_words(question, verdict, document)}."
    return Statement(
        type="reviews.declaration",
        digests={
            "question": str(question.pk),
            "content": question.content_digest,
            "note": digest({"note": note}),
            "roster": case.roster_digest,
        },
        meaning=verdict,
        role=Role.CHAIR,
        policy=case.policy_digest,
        text=f"Case {case.number}. {question_title(question, document)}{about_release(question, sites)} {decided}",
    )


def signoff_statement(*, implementation: SafeguardImplementation, wording: str, meaning: str, rationale: str, expires_on: str) -> Statement:
    """`wording`: the digest of what the framework says of the safeguard (`frameworks.wordings`)."""
    return Statement(
        type="reviews.signoff",
        digests={
            "implementation": str(implementation.pk),
            "version": implementation.version_digest,
            "wording": wording,
            "rationale": digest({"rationale": rationale}),
        },
        meaning=meaning,
        role=Role.REVIEWER,
        text=signoff_text(implementation=implementation, meaning=meaning, expires_on=expires_on),
    )


def signoff_text(*, implementation: SafeguardImplementation, meaning: str, expires_on: str) -> str:
    """Word for word what a sign-off signs."""
    return f"{implementation.title}, version {implementation.version}. {Meaning(meaning).label}. Valid until {expires_on}."


def applicability_statement(*, case: Case, content_digest: str, count: int, scopes: tuple[str, ...], site: Site, actor: Actor) -> Statement:
    role = Role.SAFEGUARD_OWNER if Role.SAFEGUARD_OWNER in actor.roles else Role.REVIEWER
    weights = (
        f"{case.subject.name}, snapshot {case.snapshot.label}, weights {case.snapshot.weights_digest},"
        if case.snapshot
        else "these weights"
    )
    return Statement(
        type="reviews.applicability",
        digests={"case": str(case.pk), "content": content_digest},
        meaning="covers",
        role=role,
        policy=case.policy_digest,
        text=f"Case {case.number}. The {count} sign-offs named cover {weights} in: {', '.join(scopes)}.{served_in(site)}",
    )


def served_in(site: Site) -> str:
    """Where the weights are served, as a sentence behind another; empty where nothing is said of it."""
    stack = f"from the stack {site.stack} ({site.stack_digest})" if site.stack else ""
    environment = f"in the environment {site.environment}" if site.environment else ""
    said = " ".join(part for part in (stack, environment) if part)
    return f" Served {said}." if said else ""


def adoption_statement(*, version_id: str, digest_: str, meaning: str, role: str, title: str) -> Statement:
    verb = "proposed for adoption" if meaning == "proposes" else "adopted"
    return Statement(
        type="reviews.adoption",
        digests={"version": version_id, "framework": digest_},
        meaning=meaning,
        role=role,
        text=f"{title} is {verb}.",
    )


def acting_role(actor: Actor, case: Case) -> str:
    """The role in which someone votes: one the pinned roster gives them and they still hold; a reviewer acts as a reviewer."""
    pinned = next((frozenset(member["roles"]) for member in case.roster if member["person"] == str(actor.person.pk)), frozenset())
    held = pinned & actor.roles
    return Role.REVIEWER if Role.REVIEWER in held else min(held, default="")
