"""The locks every verb takes, always in this order: the subject, then the case, and the ledger's head last of all."""

from evaluations.models import Subject
from reviews.models import Case


def lock_subject(subject: Subject) -> None:
    """One change at a time to what the board holds about a subject. The first lock every verb takes, so that they meet in one order."""
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)


def locked(case: Case) -> Case:
    """The case as it is now, nobody else changing it: the subject first, then the case."""
    lock_subject(case.subject)
    return Case.objects.select_for_update(of=("self",)).select_related("subject", "framework_version").get(pk=case.pk)
