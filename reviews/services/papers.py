"""Supplying and withdrawing the papers a threshold asks for. They are accepted by the votes on a release, which name them by digest."""

import re
from datetime import datetime

from django.db import transaction

from evaluations.models import Blob, Snapshot, Subject
from evaluations.services import blobs
from frameworks.models import FrameworkVersion
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import entries, policies
from reviews.facts import collect_one
from reviews.models import Paper
from reviews.services.asking import align
from reviews.services.cases import SnapshotNotOfSubject, open_case_of
from reviews.services.locks import lock_subject, locked

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class PaperNotAsked(NotValid):
    code = "paper_not_asked"
    sentence = "The framework asks for no such paper."


class PaperNotFit(NotValid):
    code = "paper_not_fit"
    sentence = "A paper is a file, or a reference to where it is kept together with its digest; and it has a title."


class AlreadySupplied(NotNow):
    code = "already_supplied"
    sentence = "This very paper is supplied already, for these weights and the finding as it is now."


class PaperGone(NotNow):
    code = "paper_gone"
    sentence = "This paper was withdrawn already, or another one took its place."


def supply(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    threshold: str,
    artefact: str,
    snapshot: Snapshot,
    title: str,
    actor: Person,
    at: datetime,
    hazard: bool,
    stream: blobs.Readable | None = None,
    filename: str = "",
    reference: str = "",
    digest: str = "",
) -> Paper:
    """One paper for one set of weights, as a file (`stream`) or as a `reference` with its `digest`; an earlier one stays readable and is replaced.

    It may come before it is asked for. Raises NotAllowed, PaperNotAsked, PaperNotFit, SnapshotNotOfSubject, AlreadySupplied, TooLarge.
    """
    require(policies.may_supply_papers(actor_of(actor, at)))
    _check_asked(subject, framework_version, threshold, artefact, at)
    reference, digest, title = reference.strip(), digest.strip(), title.strip()
    if not title or (stream is None) != bool(reference) or bool(reference) != bool(DIGEST.fullmatch(digest)):
        raise PaperNotFit
    if snapshot.subject_id != subject.pk:
        raise SnapshotNotOfSubject
    # Bytes first, row after: a row never names bytes that are not on the disk.
    stored = blobs.store(stream) if stream is not None else None
    with transaction.atomic():
        lock_subject(subject)
        finding = collect_one(subject, framework_version, at).findings.get(threshold)
        blob = None
        if stored is not None:
            blob, _ = Blob.objects.get_or_create(sha256=stored.sha256, defaults={"size": stored.size, "stored_at": at})
        paper = Paper(
            subject=subject,
            snapshot=snapshot,
            framework_name=framework_version.name,
            threshold=threshold,
            artefact=artefact,
            title=title,
            digest=f"sha256:{blob.sha256}" if blob is not None else digest,
            blob=blob,
            filename=filename[:255] if blob is not None else "",
            reference=reference,
            finding_digest=finding["finding_digest"] if finding else "",
            hazard=hazard,
            supplied_by=actor,
            supplied_at=at,
        )
        _replace_earlier(paper, at)
        paper.save(force_insert=True)
        _entered(paper, "A paper was supplied", actor=actor, at=at)
    return paper


def _check_asked(subject: Subject, version: FrameworkVersion, threshold: str, artefact: str, at: datetime) -> None:
    asked = {(each.slug, one.slug) for each in version.document.thresholds for one in each.artefacts}
    if (threshold, artefact) in asked:
        return
    if (threshold, artefact) not in {each.key for each in collect_one(subject, version, at).earlier_papers}:
        raise PaperNotAsked


def _replace_earlier(paper: Paper, at: datetime) -> None:
    earlier = Paper.objects.filter(
        snapshot=paper.snapshot,
        framework_name=paper.framework_name,
        threshold=paper.threshold,
        artefact=paper.artefact,
        replaced_at=None,
        withdrawn_at=None,
    )
    if earlier.filter(digest=paper.digest, finding_digest=paper.finding_digest, title=paper.title, hazard=paper.hazard).exists():
        raise AlreadySupplied
    earlier.update(replaced_at=at)


@transaction.atomic
def withdraw(*, paper: Paper, actor: Person, at: datetime) -> Paper:
    """Takes a paper back; it stays on record. What was released on it is outdated at once. Raises NotAllowed, PaperGone."""
    require(policies.may_withdraw_paper(actor_of(actor, at), paper))
    lock_subject(paper.subject)
    paper = Paper.objects.select_related("subject", "supplied_by").get(pk=paper.pk)
    if paper.withdrawn_at is not None or paper.replaced_at is not None:
        raise PaperGone
    paper.withdrawn_at = at
    paper.save(update_fields=["withdrawn_at"])
    _entered(paper, "A paper was withdrawn", actor=actor, at=at)
    return paper


def _entered(paper: Paper, reason: str, *, actor: Person, at: datetime) -> None:
    """Brings the open case into step, so that its release question names what there is now, and enters both. The caller holds the subject's lock."""
    case = open_case_of(paper.subject, paper.framework_name)
    case = locked(case) if case is not None else None
    revision = align(case, collect_one(case.subject, case.framework_version, at), reason=reason, actor=actor, at=at) if case else None
    if paper.withdrawn_at is None:
        entries.paper_supplied(paper, at=at)
    else:
        entries.paper_withdrawn(paper, actor=actor, at=at)
    if case is not None and revision is not None:
        entries.case_revised(case, revision, actor=actor, at=at)
