"""A case as one document for people outside: what was asked, on which evidence, who decided what and who dissented, and how to check it.

The JSON report is this value in canonical form; the PDF is the same value, typeset. Hazardous comments are left out and counted, and what was
written of votes and decisions is withheld where it is hazardous.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from evaluations.queries import Origin, origins
from frameworks.charts import Row, interval_pieces, table_of
from frameworks.charts.measured import levels
from frameworks.engine.types import Outcome
from frameworks.finding_words import finding_sentence, held_against
from ledger.models import Entry
from ledger.queries import latest_checkpoint
from ledger.sentences import sentences
from ledger.services import current_log, head
from people.models import Person
from people.queries import Actor, actor_of
from reviews.case_page import CasePage, case_page
from reviews.case_questions import QuestionPart
from reviews.finding_charts import FindingCharts, Rows, days_in, measurement_ids
from reviews.models import Case
from reviews.models.question import Choice, QuestionState, Verdict
from reviews.papers_page import PaperLine
from reviews.policies import words_for
from reviews.queries import decisions_of
from reviews.rules import Cause, is_strict
from reviews.signing import served_in
from reviews.status import SubjectStatus, ThresholdStatus, subject_status
from reviews.subject_page import verdict

FORMAT = "asl-case-file/1"
CHART_COLUMNS = ("indicator", "finding", "value", "bounds", "n", "method", "snapshot", "measured", "lines")
OUTCOME = {
    Outcome.RULED_OUT: ("good", "Ruled out"),
    Outcome.NOT_ASSESSED: ("quiet", "Not assessed"),
    Outcome.CANNOT_RULE_OUT: ("warn", "Cannot rule out"),
    Outcome.RULED_IN: ("bad", "Ruled in"),
}
REQUIREMENT = {"met": ("good", "Met"), "waiting": ("warn", "Waiting"), "blocked": ("bad", "Blocked"), "not_yet": ("quiet", "Not yet")}
CHOICE = {Choice.APPROVE: "good", Choice.REJECT: "bad", Choice.REQUEST_CHANGES: "warn", Choice.ABSTAIN: "quiet"}


def case_file(case: Case, *, requested_by: Person, at: datetime) -> dict[str, Any]:
    """Collect the case file as the case stands at `at`. Everything in it is text, numbers and lists; times are written out in UTC."""
    actor = actor_of(requested_by, at)
    page = case_page(case, Actor(actor.person, actor.roles, actor.competences, cleared=False), at)
    status = subject_status(case.subject, case.framework_version, at)
    document = case.framework_version.document
    origin = origins(measurement_ids(status.facts.findings, *(part.charts.findings for part in _decided(page))))
    log = current_log()
    return {
        "format": FORMAT,
        "title": f"Case {case.number}: {case.get_kind_display().lower()} of {case.subject.name}",
        "publisher": "Safety review board" + (" (demonstration)" if log is not None and log.mode == "demo" else ""),
        "notes": _notes(case, log.mode if log else ""),
        "case": _case(case),
        "snapshot": {"label": case.snapshot.label, "weights_digest": case.snapshot.weights_digest} if case.snapshot else None,
        "framework": {"title": document.title, "version": document.version, "digest": case.framework_version.digest},
        "verdict": _verdict(page, status),
        "questions": [_question(part) for part in page.parts],
        "findings": _findings(page, status, origin),
        "files": _files(origin),
        "safeguards": _safeguards(page, status),
        "applicability": _applicability(page),
        "papers": [_paper(line) for line in page.papers],
        "recusals": [f"{each.person} stood aside on {_when(each.at)}: {each.reason}" for each in page.recusals],
        "comments": [{"person": str(each.person), "at": _when(each.at), "text": each.text} for each in page.comments if not each.hazard],
        "assessment": _assessment(status),
        "ledger": _ledger(case, str(log.pk) if log else "", log.mode if log else ""),
        "generated": {"at": _when(at), "by": str(requested_by)},
    }


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


WITHHELD_NOTE = "What was written of some votes or decisions is withheld for its hazardous detail; their signatures bind it by its digest."


def _notes(case: Case, mode: str) -> list[str]:
    notes = []
    if mode == "demo":
        notes.append("Demonstration log: the laboratory and its models are fictional; figures are modelled on public reports.")
    if case.is_open:
        notes.append("This case is still open: what follows is how it stood when the report was made.")
    hazardous = case.comments.filter(hazard=True).count()
    if hazardous:
        notes.append(f"{hazardous} comment{'s' if hazardous > 1 else ''} with hazardous detail left out; no other part rests on them.")
    if case.questions.filter(Q(declaration_hazard=True) | Q(votes__hazard=True)).exists():
        notes.append(WITHHELD_NOTE)
    return notes


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": str(case.pk),
        "number": str(case.number),
        "title": f"{case.get_kind_display()} of {case.subject.name}",
        "kind": case.get_kind_display(),
        "state": case.get_state_display().lower(),
        "subject_name": case.subject.name,
        "subject_slug": case.subject.slug,
        "opened_at": _when(case.opened_at),
        "opened_by": str(case.opened_by) if case.opened_by else "the portal",
        "decided_at": _when(case.closed_at) or None,
        "roster_digest": case.roster_digest,
        "policy_digest": case.policy_digest,
    }


def _verdict(page: CasePage, status: SubjectStatus) -> dict[str, Any]:
    said = verdict(status)
    word, tone = _decided_here(page, status)
    return {
        "tone": tone,
        "word": word,
        "decided": [f"{part.title} {part.outcome[:1].upper()}{part.outcome[1:]}." for part in _decided(page)],
        "stands": _stands(status),
        "sentence": f"{said.say} {said.why}",
        "tiers": [
            {
                "axis": axis.title,
                "required": axis.required.label,
                "provisional": axis.provisional,
                "in_force": axis.in_force.label if axis.in_force else "none decided",
                "because": _because(axis.because, status),
            }
            for axis in status.axes
        ],
        "gate": [
            {
                "scope": scope.scope.replace("_", " "),
                "tone": scope.state,
                "word": scope.state.capitalize(),
                "reasons": [str(reason["sentence"]) for reason in scope.reasons] or ["A release decision is in force."],
            }
            for scope in status.scopes
        ],
    }


def _decided(page: CasePage) -> list[QuestionPart]:
    return [part for part in page.parts if part.question.state == QuestionState.DECIDED]


def _decided_here(page: CasePage, status: SubjectStatus) -> tuple[str, str]:
    """What this case decided, in a word and its tone. It is good news only where nothing strict stands for the model, here or from another case."""
    decided = _decided(page)
    if page.case.is_open:
        return f"{len(decided)} of {len(page.parts)} questions decided" if decided else "Not decided yet", "quiet"
    if not decided:
        return page.case.get_state_display(), "quiet"
    outcomes = {part.question.outcome for part in decided}
    gating = {each.slug for each in status.thresholds if each.kind == "threshold"}
    elevated = any(is_strict(part.question.outcome) for part in decided if part.question.threshold in gating)
    said = ["Elevation approved"] if elevated else []
    said += ["safeguards not adequate"] if Verdict.INADEQUATE in outcomes else []
    said += ["release refused"] if Verdict.REFUSED in outcomes else []
    tone = "bad" if outcomes & {Verdict.INADEQUATE, Verdict.REFUSED} else "warn"
    if said:
        words = "; ".join(said)
        return (words if elevated else f"Decided: {words}"), tone
    if _held_up(status) or status.provisional:
        return "Decided: nothing further treated as crossed; what was decided before stands", "warn"
    asked = any(part.question.threshold in gating for part in decided)
    return ("Decided: no threshold treated as crossed" if asked else "Decided as proposed"), "good"


def _held_up(status: SubjectStatus) -> list[ThresholdStatus]:
    """The thresholds a strict determination in force holds up, whichever case made it."""
    return [each for each in status.thresholds if each.kind == "threshold" and each.determination and is_strict(each.determination.verdict)]


def _stands(status: SubjectStatus) -> list[str]:
    """What is in force for the model when the report is made, whichever case decided it."""
    said = [
        f"{each.title} is {each.determination.get_verdict_display().lower()}, by case {each.determination.question.case.number}."
        + (" The evidence now says otherwise; the decision counts until a lowering case takes it back." if each.contradicted else "")
        for each in _held_up(status)
        if each.determination
    ]
    return said or ["No threshold is treated as crossed by a decision in force."]


BY = {"determination": "by decision", "finding": "by finding", "raised": "by an open question", "covered": "by coverage"}
PLAIN = {
    "baseline": "the baseline of every model",
    "inherited": "inherited from its parent",
    "earlier": "the baseline of an earlier version",
}


def _because(causes: Iterable[Cause], status: SubjectStatus) -> str:
    """What makes a tier required, each threshold once with all that speaks for it: "CBRN-3 (by decision and by finding)"."""
    told: dict[str, list[str]] = {}
    for cause in sorted(causes, key=lambda each: (each.threshold, each.kind)):
        told.setdefault(_named(cause, status), []).append("" if cause.kind in PLAIN else BY.get(cause.kind, cause.kind))
    return ", ".join(name + (f" ({' and '.join(ways)})" if any(ways) else "") for name, ways in sorted(told.items()))


def _named(cause: Cause, status: SubjectStatus) -> str:
    if cause.kind in PLAIN:
        return PLAIN[cause.kind]
    threshold = status.threshold(cause.threshold)
    return threshold.title if threshold is not None else f"{cause.threshold}, of an earlier version"


def _question(part: QuestionPart) -> dict[str, Any]:
    question = part.question
    return {
        "id": str(question.pk),
        "title": part.title,
        "sentence": f"Proposal: {part.proposal}.",
        "content_digest": question.content_digest,
        "outcome": f"{part.outcome}." if part.outcome else None,
        "declared_by": str(question.decided_by) if question.decided_by else None,
        "declared_at": _when(question.decided_at),
        "note": words_for(question.declaration_note, hazard=question.declaration_hazard, cleared=False),
        "requirements": [
            dict(zip(("tone", "state"), REQUIREMENT[line.code], strict=True), words=line.words, progress=line.progress, who=line.who)
            for line in part.lines
        ],
        "votes": [
            {
                "person": str(line.vote.person),
                "role": line.role,
                "tone": CHOICE[Choice(line.vote.choice)],
                "choice": line.word,
                "rationale": words_for(line.vote.rationale, hazard=line.vote.hazard, cleared=False),
                "at": _when(line.vote.at),
                "content_digest": line.vote.content_digest,
                "statement_digest": line.vote.signature.statement_digest,
                "outdated": line.outdated and line.vote.replaced_at is None,
            }
            for line in part.votes
        ],
    }


def _findings(page: CasePage, status: SubjectStatus, origin: Mapping[str, Origin]) -> list[dict[str, Any]]:
    """Each threshold with the finding its decision in this case answered, as it was pinned; one that was not decided here with the finding as it is."""
    document, found = status.version.document, []
    answered = {part.question.threshold: part for part in _decided(page) if part.question.threshold}
    current = status.assessment.assessment_digest if status.assessment else None
    charts = FindingCharts(document, status.facts.findings, days_in(origin))
    for threshold in status.thresholds:
        part = answered.get(threshold.slug)
        finding = part.finding if part is not None else threshold.finding
        if finding is None:
            continue
        tone, word = OUTCOME[Outcome(finding["outcome"])]
        found.append(
            {
                "slug": threshold.slug,
                "title": threshold.title,
                "tone": tone,
                "word": word,
                "digest": finding["finding_digest"],
                "assessment": part.answered_on or None if part is not None else current,
                "answered": part is not None,
                "now": _finding_now(part) if part is not None else None,
                "sentence": finding_sentence(finding, document),
                "charts": _charts(threshold.title, (part.charts if part is not None else charts).rows(threshold.slug)),
                "reasons": held_against(finding),
            }
        )
    return found


def _finding_now(part: QuestionPart) -> dict[str, Any] | None:
    """What the evidence says by now, where the decision answered another finding."""
    if part.finding_now is None:
        return None
    tone, word = OUTCOME[Outcome(part.finding_now["outcome"])]
    return {"tone": tone, "word": word, "digest": part.finding_now["finding_digest"], "sentence": part.now_sentence}


def _charts(title: str, rows: Rows | None) -> list[dict[str, Any]]:
    """What decides first, then the branches that did not."""
    if rows is None:
        return []
    through = f"Rests on the finding of {' and '.join(each for _, each in rows.through)}." if rows.through else ""
    drawn = [
        (rows.deciding, "indicators against their lines", through),
        (rows.others, "branches that did not decide", "Branches that did not decide."),
    ]
    return [_chart(f"{title}: {what}", said, each) for each, what, said in drawn if each]


def _chart(title: str, said: str, rows: Sequence[Row]) -> dict[str, Any]:
    alt = f"{title}: each indicator with its value and interval against its lines. The table beneath holds the same numbers."
    table = table_of(rows)
    return {
        "pieces": [
            {"svg": svg, "alt": alt if place == 0 else f"The interval chart goes on: {row.label}."}
            for place, (row, svg) in enumerate(zip(rows, interval_pieces(rows, title=title, desc=alt, skin="print"), strict=True))
        ],
        "said": said,
        "note": table.note,
        "level": levels(rows),
        "rows": [dict(zip(CHART_COLUMNS, (cell.text for cell in line), strict=True)) for line in table.rows],
        "whole": [{name: cell.whole for name, cell in zip(CHART_COLUMNS, line, strict=True) if cell.whole} for line in table.rows],
    }


def _files(origin: Mapping[str, Origin]) -> list[dict[str, str]]:
    """Each file that a measurement of these findings came from, once, in the order of arrival."""
    files = {each.upload: each for each in origin.values()}
    return [
        {"name": each.filename, "digest": f"sha256:{each.sha256}", "received_at": _when(each.received_at), "upload": str(each.upload)}
        for each in sorted(files.values(), key=lambda each: (each.received_at, str(each.upload)))
    ]


def _safeguards(page: CasePage, status: SubjectStatus) -> list[dict[str, Any]]:
    groups = []
    for axis in status.axes:
        mine = [each for each in page.coverage if each.axis == axis.slug]
        rows = [_safeguard(each, page) for each in mine]
        if rows or not axis.required.defined:
            groups.append(
                {"title": f"{axis.title}: {axis.required.label} and the baseline", "undefined": axis.undefined_words, "rows": rows}
            )
    return groups


def _safeguard(each: Any, page: CasePage) -> dict[str, Any]:
    signoff = each.signoff
    evidence = signoff.implementation.evidence.filter(withdrawn_at=None).order_by("attached_at", "id") if signoff else ()
    return {
        "slug": each.safeguard.slug,
        "title": each.safeguard.title,
        "tone": "good" if signoff else "warn",
        "state": "Signed off" if signoff else "Not signed off",
        "implementation": f"{signoff.implementation.title}, version {signoff.version}" if signoff else "–",
        "version_digest": signoff.content_digest if signoff else None,
        "signed": f"{signoff.person}, {_when(signoff.given_at)}: {signoff.get_meaning_display()}" if signoff else "–",
        "expires": _when(signoff.expires_at) if signoff else None,
        # What a hazardous file is called may tell what it holds, and this goes to people who are not cleared.
        "evidence": [
            {"name": f"hazardous {file.evidence_type}" if file.hazard else file.filename, "digest": f"sha256:{file.blob_id}"}
            for file in evidence
        ],
    }


def _applicability(page: CasePage) -> list[dict[str, Any]]:
    statement = page.statement
    if statement is None:
        return []
    count = statement.lines.count()
    scopes = ", ".join(scope.replace("_", " ") for scope in statement.scopes)
    return [
        {
            "sentence": f"{count} sign-offs in force cover these weights in: {scopes}.{served_in(statement.site)} {statement.rationale}",
            "at": _when(statement.stated_at),
            "person": str(statement.person),
            "digest": statement.signature.statement_digest,
        }
    ]


PAPER = {
    "missing": ("bad", "Missing"),
    "outdated": ("warn", "Outdated"),
    "supplied": ("quiet", "Supplied"),
    "accepted": ("good", "Accepted"),
}


def _paper(line: PaperLine) -> dict[str, Any]:
    tone, word = PAPER[line.state]
    paper = line.paper
    # Where a hazardous paper is kept may tell what it holds.
    kept = "" if paper is None or paper.hazard else paper.filename or paper.reference
    return {
        "threshold": line.threshold_title,
        "title": line.title,
        "gates": line.gates,
        "tone": tone,
        "state": word,
        "how": line.how,
        "paper": paper.title if paper else None,
        "kept": kept,
        "hazard": paper.hazard if paper else False,
        "digest": paper.digest if paper else None,
        "supplied": f"{paper.supplied_by}, {_when(paper.supplied_at)}" if paper else None,
    }


def _assessment(status: SubjectStatus) -> dict[str, Any]:
    made = status.assessment
    return {
        "digest": made.assessment_digest if made else None,
        "framework_digest": made.framework_digest if made else None,
        "evidence_digest": made.evidence_digest if made else None,
        "engine_version": made.engine_version if made else "none",
        "as_of": _when(made.as_of) if made else "never",
        "known_at": _when(made.made_at) if made else "never",
    }


def _ledger(case: Case, log_id: str, mode: str) -> dict[str, Any]:
    top, checkpoint = head(), latest_checkpoint()
    rows = list(Entry.objects.filter(thing__in=_things(case)).order_by("seq").prefetch_related("fields"))
    return {
        "log_id": log_id,
        "mode": mode,
        "size": top.size,
        "root": f"sha256:{bytes(top.root).hex()}",
        "checkpoint": checkpoint.note if checkpoint else None,
        "entries": [
            {"seq": row.seq, "at": _when(row.recorded_at), "sentence": said, "leaf": f"sha256:{bytes(row.leaf_hash).hex()}"}
            for row, said in zip(rows, sentences(rows), strict=True)
        ],
    }


def _things(case: Case) -> Sequence[str]:
    nouns = {"Determination": "determination", "SafeguardsDecision": "safeguards", "ReleaseDecision": "release"}
    return [
        f"case:{case.pk}",
        *(f"question:{pk}" for pk in case.questions.values_list("pk", flat=True)),
        *(f"{nouns[type(decision).__name__]}:{decision.pk}" for decision in decisions_of(case)),
        *(f"applicability:{pk}" for pk in case.statements.values_list("pk", flat=True)),
        *((f"assessment:{case.assessment_id}",) if case.assessment_id else ()),
    ]
