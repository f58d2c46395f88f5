"""Roles, competences and clearances: one person proposes, another confirms, and only then it holds. Their end goes the same way."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar, cast

from django.db import transaction
from django.db.models import Q, QuerySet

from ledger.refusals import NotAllowed, NotNow, NotValid
from people import entries, policies
from people.models import Clearance, Competence, Grant, Person, RoleGrant
from people.queries import actor_of
from people.words import Area, Level, Role

AnyGrant = TypeVar("AnyGrant", bound=Grant)


class NotForYourself(NotAllowed):
    code = "not_for_yourself"
    sentence = "Nobody gives themselves a role, a competence or a clearance."
    what_to_do = "Ask two others to do it."


class AnotherPersonConfirms(NotAllowed):
    code = "another_person_confirms"
    sentence = "Whoever proposed this cannot confirm it too."
    what_to_do = "Ask another administrator, the chair or an executive to confirm it."


class HeldAlready(NotNow):
    code = "held_already"
    sentence = "This person holds that already, or it is proposed and waits to be confirmed."


class AdministratorsHoldNoOtherRole(NotNow):
    code = "administrators_hold_no_other_role"
    sentence = "An administrator runs the portal and decides nothing, so nobody can be one and hold another role at the same time."
    what_to_do = "End the other role first."


class NotWaiting(NotNow):
    code = "not_waiting"
    sentence = "This does not wait to be confirmed any more: it was confirmed, withdrawn or ended."


class NotHeld(NotNow):
    code = "not_held"
    sentence = "This is not in force, so it cannot be ended."


class PeriodNotValid(NotValid):
    code = "period_not_valid"
    sentence = "It would end before it begins."


class NoSuchWord(NotValid):
    code = "no_such_word"
    sentence = "There is no such role, area or level."


class AlreadyFounded(NotNow):
    code = "already_founded"
    sentence = "This portal has administrators already; they propose and confirm new ones."


class TwoPersonsNeeded(NotValid):
    code = "two_persons_needed"
    sentence = "It takes two different persons."


def grant_role(
    *, person: Person, role: str, actor: Person, at: datetime, from_at: datetime | None = None, until_at: datetime | None = None
) -> RoleGrant:
    """Proposes a role. It holds once another person confirms it, never earlier than that moment.

    Raises NotAllowed, NotForYourself, NoSuchWord, PeriodNotValid, HeldAlready, AdministratorsHoldNoOtherRole.
    """
    _require_word(role, Role.values)
    return _propose(RoleGrant(person=person, role=role, from_at=from_at or at, until_at=until_at), actor, at)


def grant_competence(
    *, person: Person, area: str, actor: Person, at: datetime, from_at: datetime | None = None, until_at: datetime | None = None
) -> Competence:
    """Proposes a competence; the refusals are those of `grant_role`."""
    _require_word(area, Area.values)
    return _propose(Competence(person=person, area=area, from_at=from_at or at, until_at=until_at), actor, at)


def grant_clearance(
    *,
    person: Person,
    actor: Person,
    at: datetime,
    level: str = Level.HAZARD,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Clearance:
    """Proposes to show somebody hazardous detail; the refusals are those of `grant_role`."""
    _require_word(level, Level.values)
    return _propose(Clearance(person=person, level=level, from_at=from_at or at, until_at=until_at), actor, at)


def confirm_grant(*, grant: AnyGrant, actor: Person, at: datetime) -> AnyGrant:
    """Puts a proposal in force, from now or from its own later day.

    Raises NotAllowed, NotForYourself, AnotherPersonConfirms, NotWaiting, HeldAlready, AdministratorsHoldNoOtherRole, PeriodNotValid.
    """
    with transaction.atomic():
        grant = _locked(grant)
        _require_second(grant, actor, grant.granted_by_id, at)
        if grant.confirmed_at is not None or grant.withdrawn_at is not None:
            raise NotWaiting
        grant.from_at = max(grant.from_at, at)
        grant.confirmed_at, grant.confirmed_by = at, actor
        _require_room_for(grant)
        grant.save(update_fields=["from_at", "confirmed_at", "confirmed_by"])
        entries.grant_confirmed(grant, actor=actor, at=at)
    return grant


def withdraw_grant(*, grant: AnyGrant, actor: Person, at: datetime) -> AnyGrant:
    """Takes a proposal back before it was confirmed. Raises NotAllowed, NotWaiting."""
    with transaction.atomic():
        grant = _locked(grant)
        policies.require(policies.may_keep_membership(actor_of(actor, at)))
        if grant.confirmed_at is not None or grant.withdrawn_at is not None:
            raise NotWaiting
        grant.withdrawn_at, grant.withdrawn_by = at, actor
        grant.save(update_fields=["withdrawn_at", "withdrawn_by"])
        entries.grant_withdrawn(grant, actor=actor, at=at)
    return grant


def propose_end(*, grant: AnyGrant, actor: Person, at: datetime) -> AnyGrant:
    """Proposes that something held should end; whoever holds it may propose that too. Raises NotAllowed, NotHeld, HeldAlready."""
    with transaction.atomic():
        grant = _locked(grant)
        if actor.pk != grant.person_id:
            policies.require(policies.may_keep_membership(actor_of(actor, at)))
        _require_in_force(grant, at)
        if grant.end_proposed_at is not None:
            raise HeldAlready("Its end is proposed already and waits to be confirmed.")
        grant.end_proposed_at, grant.end_proposed_by = at, actor
        grant.save(update_fields=["end_proposed_at", "end_proposed_by"])
        entries.grant_end_proposed(grant, actor=actor, at=at)
    return grant


def confirm_end(*, grant: AnyGrant, actor: Person, at: datetime) -> AnyGrant:
    """Ends it now. Raises NotAllowed, NotForYourself, AnotherPersonConfirms, NotHeld, NotWaiting."""
    with transaction.atomic():
        grant = _locked(grant)
        _require_second(grant, actor, grant.end_proposed_by_id, at)
        _require_in_force(grant, at)
        if grant.end_proposed_at is None:
            raise NotWaiting("Nobody has proposed to end this.")
        grant.until_at, grant.end_confirmed_by = max(at, grant.from_at), actor
        grant.save(update_fields=["until_at", "end_confirmed_by"])
        entries.grant_ended(grant, actor=actor, at=at)
    return grant


def appoint_first_administrators(*, first: Person, second: Person, at: datetime) -> tuple[RoleGrant, RoleGrant]:
    """The beginning: the portal proposes two persons and each confirms the other. Works once in the life of a portal.

    Raises AlreadyFounded, TwoPersonsNeeded.
    """
    if first.pk == second.pk:
        raise TwoPersonsNeeded
    with transaction.atomic():
        portal, _ = Person.objects.get_or_create(is_system=True, defaults={"name": "The portal", "registered_at": at})
        # The portal's own row is the lock: two foundings at once would otherwise both see an empty house.
        Person.objects.select_for_update(no_key=True).get(pk=portal.pk)
        if RoleGrant.objects.filter(role=Role.ADMINISTRATOR, confirmed_at__isnull=False).exists():
            raise AlreadyFounded
        grants = (_appointed(first, portal, second, at), _appointed(second, portal, first, at))
        for grant in grants:
            _require_room_for(grant)
            grant.save(force_insert=True)
        for grant in grants:
            entries.grant_confirmed(grant, actor=grant.confirmed_by, at=at)
    return grants


def _appointed(person: Person, portal: Person, confirmed_by: Person, at: datetime) -> RoleGrant:
    return RoleGrant(
        person=person,
        role=Role.ADMINISTRATOR,
        from_at=at,
        granted_at=at,
        granted_by=portal,
        confirmed_at=at,
        confirmed_by=confirmed_by,
    )


def _propose(grant: AnyGrant, actor: Person, at: datetime) -> AnyGrant:
    with transaction.atomic():
        _lock_person(grant)
        policies.require(policies.may_keep_membership(actor_of(actor, at)))
        if actor.pk == grant.person_id:
            raise NotForYourself
        _require_room_for(grant)
        if _same(grant).filter(confirmed_at__isnull=True, withdrawn_at__isnull=True).exists():
            raise HeldAlready
        grant.granted_at, grant.granted_by = at, actor
        grant.save(force_insert=True)
        entries.grant_proposed(grant, actor=actor, at=at)
    return grant


def _lock_person(grant: Grant) -> None:
    """One person's grants change one after the other. `no_key`: rows elsewhere that merely point at the person need not wait."""
    Person.objects.select_for_update(no_key=True).get(pk=grant.person_id)


def _locked(grant: AnyGrant) -> AnyGrant:
    _lock_person(grant)
    return cast(AnyGrant, type(grant).objects.select_for_update(of=("self",), no_key=True).get(pk=grant.pk))


def _require_second(grant: Grant, actor: Person, first_id: object, at: datetime) -> None:
    policies.require(policies.may_keep_membership(actor_of(actor, at)))
    if actor.pk == grant.person_id:
        raise NotForYourself
    if actor.pk == first_id:
        raise AnotherPersonConfirms


def _require_in_force(grant: Grant, at: datetime) -> None:
    if grant.confirmed_at is None or (grant.until_at is not None and grant.until_at <= at):
        raise NotHeld


def _require_room_for(grant: Grant) -> None:
    """The database holds these rules too; asked here, they can be said in words."""
    if grant.until_at is not None and grant.until_at <= grant.from_at:
        raise PeriodNotValid
    overlapping = _meets(grant)
    if _same(grant).filter(overlapping, confirmed_at__isnull=False).exists():
        raise HeldAlready
    if isinstance(grant, RoleGrant):
        others = RoleGrant.objects.filter(overlapping, person_id=grant.person_id, confirmed_at__isnull=False).exclude(pk=grant.pk)
        clash = others.exclude(role=Role.ADMINISTRATOR) if grant.role == Role.ADMINISTRATOR else others.filter(role=Role.ADMINISTRATOR)
        if clash.exists():
            raise AdministratorsHoldNoOtherRole


def _meets(grant: Grant) -> Q:
    """Periods that share a moment with this one; an end is not part of its period."""
    begins_in_time = Q() if grant.until_at is None else Q(from_at__lt=grant.until_at)
    return begins_in_time & (Q(until_at__isnull=True) | Q(until_at__gt=grant.from_at))


def _same(grant: Grant) -> QuerySet[Grant]:
    """Other grants of the same thing to the same person."""
    word = {RoleGrant: "role", Competence: "area", Clearance: "level"}[type(grant)]
    return type(grant).objects.filter(person_id=grant.person_id, **{word: getattr(grant, word)}).exclude(pk=grant.pk)


def _require_word(word: str, known: list[str]) -> None:
    if word not in known:
        raise NoSuchWord
