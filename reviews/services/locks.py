"""The locks every verb takes, always in this order: that of coverages where one is declared, the subject, then the case, and the ledger's head last of all."""

from django.db import connection

from evaluations.models import Subject
from reviews.models import Case

# Any number that nothing else in this database locks by.
_COVERAGES = 7_304_111_803
_ADOPTIONS = 7_304_111_804


def lock_coverages() -> None:
    """One coverage is declared at a time, whichever models it is about: two at once would each be looked at without the other, and close a circle."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_COVERAGES])


def lock_adoptions() -> None:
    """One framework version comes into force at a time, whatever its name: of two at once neither would see the other, and the gate answers under one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADOPTIONS])


def lock_subject(subject: Subject) -> None:
    """One change at a time to what the board holds about a subject. The first lock every verb takes, so that they meet in one order."""
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)


def locked(case: Case) -> Case:
    """The case as it is now, nobody else changing it: the subject first, then the case."""
    lock_subject(case.subject)
    return Case.objects.select_for_update(of=("self",)).select_related("subject", "framework_version").get(pk=case.pk)
