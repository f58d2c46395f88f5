"""What outside evaluators may see: one model each, until a day. Everything else does not exist for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from evaluations import entries
from evaluations.models import Dossier, Subject
from evaluations.policies import may_open_dossier
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of, roles_of
from people.words import Role


class DossierNotValid(NotValid):
    code = "dossier_not_valid"


class DossierOpen(NotNow):
    code = "dossier_open"
    sentence = "This dossier is open to this person already."
    what_to_do = "Close it first to give it another end."


class DossierClosed(NotNow):
    code = "dossier_closed"
    sentence = "This dossier is closed already."


@transaction.atomic
def open_dossier(*, subject: Subject, person: Person, until_at: datetime, actor: Person, at: datetime) -> Dossier:
    """Lets an outside evaluator see this one subject and upload for it until a day.

    Raises NotAllowed, DossierNotValid, DossierOpen.
    """
    require(may_open_dossier(actor_of(actor, at)))
    if Role.OUTSIDE_EVALUATOR not in roles_of(person, at):
        raise DossierNotValid("A dossier is opened to an outside evaluator.", what_to_do="Have the role granted first.")
    if until_at <= at:
        raise DossierNotValid("A dossier ends later than now.")
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    for earlier in subject.dossiers.filter(person=person, closed_at=None):
        if earlier.is_open(at):
            raise DossierOpen
        # It ended by itself; it makes room for the new one.
        earlier.closed_at = earlier.until_at
        earlier.save(update_fields=["closed_at"])
    dossier = Dossier(subject=subject, person=person, opened_by=actor, opened_at=at, until_at=until_at)
    dossier.save(force_insert=True)
    dossier.seq = entries.dossier_opened(dossier, actor=actor, at=at).seq
    dossier.save(update_fields=["seq"])
    return dossier


@transaction.atomic
def close_dossier(*, dossier: Dossier, actor: Person, at: datetime) -> Dossier:
    """From now on the subject does not exist for this person. Raises NotAllowed, DossierClosed."""
    require(may_open_dossier(actor_of(actor, at)))
    dossier = Dossier.objects.select_for_update(no_key=True, of=("self",)).select_related("person", "subject").get(pk=dossier.pk)
    if not dossier.is_open(at):
        raise DossierClosed
    dossier.closed_by, dossier.closed_at = actor, at
    dossier.save(update_fields=["closed_by", "closed_at"])
    entries.dossier_closed(dossier, actor=actor, at=at)
    return dossier
