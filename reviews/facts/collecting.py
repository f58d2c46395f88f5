"""The facts of several models at once, read by noun and put together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q

from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from reviews import past
from reviews.facts.assessments import assessments_of, content_of
from reviews.facts.decisions import PROSE, adequacy_of, cases_of, determinations_of, questions_of
from reviews.facts.earlier import earlier_versions, held_baselines, papers_asked_earlier
from reviews.facts.safeguards import built_for, built_then, signed_where_served, sites_of
from reviews.facts.subject import Facts
from reviews.facts.waiting import due_for, models_they_lean_on, uploads_of, uploads_then
from reviews.models import Determination, Paper, ReleaseDecision, ScopeState
from reviews.models.question import Verdict


def collect(
    subjects: Iterable[Subject], version: FrameworkVersion, at: datetime, *, known_at: datetime | None = None, back: bool = False
) -> dict[UUID, Facts]:
    """Facts of each subject, keyed by id. `known_at`: leave out what the portal learned later than that (default: `at`).

    `back`: `at` or `known_at` is an earlier moment, and every row counts as it stood then. The gate and every decision ask about now and leave it out:
    they read the rows as they are, so that no difference of clocks hides a change that has happened.
    """
    several = list(subjects)
    ids = [subject.pk for subject in several]
    moment = min(at, known_at) if known_at else at
    document = version.document
    assessments = assessments_of(ids, version, at, known_at or at)
    looked_at = partial(past.as_it_stood, at=moment) if back else list
    determinations = _by_subject(looked_at(determinations_of(ids, version, moment)))
    adequacy = _by_subject(adequacy_of(ids, version, moment, back=back))
    released = ReleaseDecision.objects.in_force(moment).filter(subject__in=ids, framework_name=version.name, verdict="release")
    releases = _by_subject(released.defer(*PROSE))
    cases = {case.subject_id: case for case in cases_of(ids, version, moment, back=back)}
    questions = questions_of(cases.values(), moment if back else None)
    scopes = _by_subject(looked_at(ScopeState.objects.filter(subject__in=ids, framework_name=version.name).select_related("halted_by")))
    weights = Snapshot.objects.filter(subject__in=ids, registered_at__lte=moment).select_related("subject")
    snapshots = _by_subject(past.weights_as_they_stood(weights, moment) if back else weights)
    leans_on = models_they_lean_on(several, determinations, version, moment)
    concerned = list({*ids, *(each for others in leans_on.values() for each in others)})
    uploads = uploads_then(concerned, moment) if back else uploads_of(concerned, moment)
    asked_for = due_for(concerned, version, moment if back else None)
    due = asked_for | {subject_id for subject_id, unheard in uploads.items() if unheard.pending or unheard.dead}
    built = built_then(ids, version, moment) if back else built_for(ids, version, moment)
    covers, covers_strictly, covers_still = _covers(determinations.values(), version, moment, back=back)
    earlier = earlier_versions(version, moment)
    found = {
        subject.pk: Facts(
            subject=subject,
            version=version,
            document=document,
            at=at,
            assessment=assessments.get(subject.pk),
            content=content_of(assessments.get(subject.pk)),
            determinations={each.threshold: each for each in determinations[subject.pk]},
            adequacy={each.axis: each for each in adequacy[subject.pk] if each.verdict == "adequate"},
            releases=releases[subject.pk],
            case=cases.get(subject.pk),
            questions=questions[cases[subject.pk].pk] if subject.pk in cases else (),
            scopes={each.scope: each for each in scopes[subject.pk]},
            signed=signed_where_served(
                [*built[None], *built[subject.pk]], document, sites_of(document, adequacy[subject.pk], cases.get(subject.pk))
            ),
            snapshots=snapshots[subject.pk],
            pending_uploads=uploads[subject.pk].pending,
            dead_uploads=uploads[subject.pk].dead,
            refused_uploads=uploads[subject.pk].refused,
            refused_beneath=sum(uploads[each].refused for each in leans_on[subject.pk]),
            due=subject.pk in asked_for
            or not due.isdisjoint(leans_on[subject.pk])
            or any(each.covered_by_id and (each.covered_by_id, each.threshold) not in covers_still for each in determinations[subject.pk]),
            leans_on=leans_on[subject.pk],
            covers=covers,
            held=held_baselines(subject, determinations[subject.pk], earlier),
            earlier_papers=papers_asked_earlier(determinations[subject.pk], earlier),
            covers_strictly=covers_strictly,
        )
        for subject in several
    }
    return _with_papers(found, version, moment)


def collect_one(
    subject: Subject, version: FrameworkVersion, at: datetime, *, known_at: datetime | None = None, back: bool = False
) -> Facts:
    return collect([subject], version, at, known_at=known_at, back=back)[subject.pk]


def _by_subject(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.subject_id].append(row)
    return grouped


def _with_papers(found: dict[UUID, Facts], version: FrameworkVersion, at: datetime) -> dict[UUID, Facts]:
    """The same with the papers that were brought; where none is asked for, nothing is read."""
    asked = [subject_id for subject_id, facts in found.items() if facts.asked_papers]
    if not asked:
        return found
    rows = Paper.objects.filter(
        Q(replaced_at=None) | Q(replaced_at__gt=at),
        Q(withdrawn_at=None) | Q(withdrawn_at__gt=at),
        subject__in=asked,
        framework_name=version.name,
        supplied_at__lte=at,
    )
    brought_to = _by_subject(rows.select_related("supplied_by"))
    return found | {subject_id: replace(found[subject_id], papers=brought_to[subject_id]) for subject_id in asked}


def _covers(
    groups: Iterable[list[Determination]], version: FrameworkVersion, at: datetime, *, back: bool
) -> tuple[dict[UUID, dict[str, str]], frozenset[tuple[UUID, str]], frozenset[tuple[UUID, str]]]:
    """The requirement in force of each snapshot some `covered_by` leans on: that of its subject's strict determinations and open questions.

    Beside it, the thresholds that count against the covering models: what covers cannot speak for less than it is treated as itself. And those it may
    cover still, by a decision in force on its own evidence.
    """
    snapshots = {each.covered_by_id for group in groups for each in group if each.covered_by_id}
    if not snapshots:
        return {}, frozenset(), frozenset()
    parents = {snapshot.pk: snapshot.subject for snapshot in Snapshot.objects.filter(pk__in=snapshots).select_related("subject")}
    facts = collect({subject.pk: subject for subject in parents.values()}.values(), version, at, back=back)
    strictly = frozenset((snapshot_id, slug) for snapshot_id, subject in parents.items() for slug in facts[subject.pk].counting)
    still = frozenset(
        (snapshot_id, slug)
        for snapshot_id, subject in parents.items()
        for slug, each in facts[subject.pk].determinations.items()
        if each.verdict != Verdict.COVERED_BY
    )
    return {snapshot_id: facts[subject.pk].required_slugs for snapshot_id, subject in parents.items()}, strictly, still
