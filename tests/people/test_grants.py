"""Who may do what: proposed by one, confirmed by another, ended by two."""

import pytest
from django.db import IntegrityError, transaction

from ledger.models import Entry
from people import services
from people.models import RoleGrant
from people.policies import NotAllowed
from people.queries import actor_of, grants_of, people_with, roles_of
from people.services.grants import (
    AdministratorsHoldNoOtherRole,
    AlreadyFounded,
    AnotherPersonConfirms,
    HeldAlready,
    NoSuchWord,
    NotForYourself,
    NotHeld,
    NotWaiting,
    PeriodNotValid,
    TwoPersonsNeeded,
)
from people.words import Area, Role
from tests.makers import NOON, give_clearance, give_role, later, make_log, make_people, make_person

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(Entry.objects.order_by("seq").values_list("kind", flat=True))


def test_a_role_holds_only_once_a_second_person_confirmed_it():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    assert roles_of(cast.eve, NOON) == frozenset()
    services.confirm_grant(grant=grant, actor=cast.dan, at=later(hours=1))
    assert roles_of(cast.eve, later(hours=1)) == {Role.RESEARCHER}
    # Not backdated to the proposal.
    assert roles_of(cast.eve, later(minutes=59)) == frozenset()
    assert kinds()[-2:] == ["people:role:granted", "people:role:confirmed"]


def test_what_was_granted_at_one_moment_stands_by_kind_and_name():
    cast = make_people()
    for area in ("security", "cyber", "biology"):
        services.grant_competence(person=cast.eve, area=area, actor=cast.ivo, at=NOON)
    for role in (Role.RESEARCHER, Role.AUDITOR):
        services.grant_role(person=cast.eve, role=role, actor=cast.ivo, at=NOON)
    services.grant_clearance(person=cast.eve, actor=cast.ivo, at=later(hours=1))
    told = [getattr(line.grant, "role", "") or getattr(line.grant, "area", "") or line.kind for line in grants_of(cast.eve, later(hours=2))]
    assert told == ["clearance", "auditor", "researcher", "biology", "cyber", "security"]


def test_whoever_proposed_a_role_cannot_confirm_it():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    with pytest.raises(AnotherPersonConfirms):
        services.confirm_grant(grant=grant, actor=cast.ivo, at=NOON)
    assert roles_of(cast.eve, NOON) == frozenset()


def test_the_database_refuses_a_role_confirmed_by_its_proposer():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    rows = RoleGrant.objects.filter(pk=grant.pk)
    with pytest.raises(IntegrityError, match="a_rolegrant_is_confirmed_by_another"), transaction.atomic():
        rows.update(confirmed_at=NOON, confirmed_by=cast.ivo)
    assert rows.update(confirmed_at=NOON, confirmed_by=cast.jun) == 1


def test_nobody_gives_themselves_a_role():
    cast = make_people()
    with pytest.raises(NotForYourself):
        services.grant_role(person=cast.dan, role=Role.EXECUTIVE, actor=cast.dan, at=NOON)
    grant = services.grant_role(person=cast.dan, role=Role.EXECUTIVE, actor=cast.ivo, at=NOON)
    with pytest.raises(NotForYourself):
        services.confirm_grant(grant=grant, actor=cast.dan, at=NOON)
    services.confirm_grant(grant=grant, actor=cast.grace, at=NOON)
    assert roles_of(cast.dan, NOON) == {Role.CHAIR, Role.EXECUTIVE}


def test_the_database_refuses_a_role_somebody_gave_themselves():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    with pytest.raises(IntegrityError, match="nobody_gives_themselves_a_rolegrant"), transaction.atomic():
        RoleGrant.objects.filter(pk=grant.pk).update(confirmed_at=NOON, confirmed_by=cast.eve)


@pytest.mark.parametrize("name", ["ada", "ben", "eve", "farid", "hana", "kai", "lena"])
def test_only_administrators_the_chair_and_executives_keep_the_membership(name):
    cast = make_people()
    with pytest.raises(NotAllowed):
        services.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=getattr(cast, name), at=NOON)
    for keeper in (cast.ivo, cast.dan, cast.grace):
        grant = services.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=keeper, at=NOON)
        services.withdraw_grant(grant=grant, actor=cast.jun, at=NOON)


def test_an_administrator_holds_no_other_role():
    cast = make_people()
    with pytest.raises(AdministratorsHoldNoOtherRole):
        services.grant_role(person=cast.ivo, role=Role.REVIEWER, actor=cast.dan, at=NOON)
    with pytest.raises(AdministratorsHoldNoOtherRole):
        services.grant_role(person=cast.ben, role=Role.ADMINISTRATOR, actor=cast.dan, at=NOON)
    give_role(cast, cast.ben, Role.RESEARCHER)
    assert roles_of(cast.ben, NOON) == {Role.REVIEWER, Role.RESEARCHER}


def test_the_database_refuses_an_administrator_with_another_role():
    cast = make_people()
    held = {"from_at": NOON, "granted_at": NOON, "granted_by": cast.dan, "confirmed_at": NOON, "confirmed_by": cast.grace}
    with pytest.raises(IntegrityError, match="administrators_hold_no_other_role"), transaction.atomic():
        RoleGrant.objects.create(person=cast.ivo, role=Role.REVIEWER, **held)
    RoleGrant.objects.create(person=cast.eve, role=Role.REVIEWER, **held)


def test_two_proposals_that_clash_cannot_both_be_confirmed():
    cast = make_people()
    reviewer = services.grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.ivo, at=NOON)
    administrator = services.grant_role(person=cast.eve, role=Role.ADMINISTRATOR, actor=cast.ivo, at=NOON)
    services.confirm_grant(grant=reviewer, actor=cast.jun, at=NOON)
    with pytest.raises(AdministratorsHoldNoOtherRole):
        services.confirm_grant(grant=administrator, actor=cast.jun, at=NOON)


def test_a_role_is_held_once_at_a_time():
    cast = make_people()
    with pytest.raises(HeldAlready):
        services.grant_role(person=cast.ben, role=Role.REVIEWER, actor=cast.ivo, at=NOON)
    held = {"from_at": NOON, "granted_at": NOON, "granted_by": cast.dan, "confirmed_at": NOON, "confirmed_by": cast.grace}
    with pytest.raises(IntegrityError, match="a_role_is_held_once_at_a_time"), transaction.atomic():
        RoleGrant.objects.create(person=cast.ben, role=Role.REVIEWER, **held)


def test_one_proposal_waits_at_a_time():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.ivo, at=NOON)
    with pytest.raises(HeldAlready):
        services.grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.dan, at=NOON)
    services.withdraw_grant(grant=grant, actor=cast.ivo, at=NOON)
    services.grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.dan, at=NOON)
    assert kinds()[-3:] == ["people:role:granted", "people:role:withdrawn", "people:role:granted"]


def test_a_withdrawn_proposal_cannot_be_confirmed():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.ivo, at=NOON)
    services.withdraw_grant(grant=grant, actor=cast.ivo, at=NOON)
    with pytest.raises(NotWaiting):
        services.confirm_grant(grant=grant, actor=cast.jun, at=NOON)


def test_a_role_ends_when_two_people_say_so_and_its_past_stays():
    cast = make_people()
    grant = RoleGrant.objects.get(person=cast.ben, role=Role.REVIEWER)
    services.propose_end(grant=grant, actor=cast.ivo, at=later(days=1))
    assert roles_of(cast.ben, later(days=1)) == {Role.REVIEWER}
    with pytest.raises(AnotherPersonConfirms):
        services.confirm_end(grant=grant, actor=cast.ivo, at=later(days=1))
    services.confirm_end(grant=grant, actor=cast.jun, at=later(days=2))
    assert roles_of(cast.ben, later(days=2)) == frozenset()
    assert roles_of(cast.ben, later(days=1, hours=23)) == {Role.REVIEWER}
    assert kinds()[-2:] == ["people:role:end-proposed", "people:role:ended"]


def test_a_person_may_propose_their_own_end_but_not_confirm_it():
    cast = make_people()
    grant = services.propose_end(grant=RoleGrant.objects.get(person=cast.dan), actor=cast.dan, at=NOON)
    with pytest.raises(NotForYourself):
        services.confirm_end(grant=grant, actor=cast.dan, at=NOON)
    services.confirm_end(grant=grant, actor=cast.ivo, at=NOON)
    assert roles_of(cast.dan, NOON) == frozenset()


def test_what_is_not_in_force_cannot_be_ended():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.ivo, at=NOON)
    with pytest.raises(NotHeld):
        services.propose_end(grant=grant, actor=cast.ivo, at=NOON)
    with pytest.raises(NotWaiting):
        services.confirm_end(grant=RoleGrant.objects.get(person=cast.ben), actor=cast.ivo, at=NOON)


def test_a_grant_with_an_end_is_over_at_that_very_moment():
    cast = make_people()
    grant = services.grant_role(person=cast.eve, role=Role.AUDITOR, actor=cast.ivo, at=NOON, until_at=later(days=30))
    services.confirm_grant(grant=grant, actor=cast.jun, at=NOON)
    assert roles_of(cast.eve, later(days=29, hours=23)) == {Role.AUDITOR}
    assert roles_of(cast.eve, later(days=30)) == frozenset()


def test_a_grant_cannot_end_before_it_begins():
    cast = make_people()
    with pytest.raises(PeriodNotValid):
        services.grant_role(person=cast.eve, role=Role.AUDITOR, actor=cast.ivo, at=NOON, until_at=NOON)
    grant = services.grant_role(person=cast.eve, role=Role.AUDITOR, actor=cast.ivo, at=NOON, until_at=later(days=1))
    # Confirmed after its own end, it would never hold.
    with pytest.raises(PeriodNotValid):
        services.confirm_grant(grant=grant, actor=cast.jun, at=later(days=2))


def test_a_word_we_do_not_know_is_refused():
    cast = make_people()
    with pytest.raises(NoSuchWord):
        services.grant_role(person=cast.eve, role="emperor", actor=cast.ivo, at=NOON)
    with pytest.raises(NoSuchWord):
        services.grant_competence(person=cast.eve, area="astrology", actor=cast.ivo, at=NOON)


def test_competences_and_clearances_take_two_people_too():
    cast = make_people()
    area = services.grant_competence(person=cast.ada, area=Area.CYBER, actor=cast.ivo, at=NOON)
    clearance = services.grant_clearance(person=cast.ada, actor=cast.ivo, at=NOON)
    assert not actor_of(cast.ada, NOON).competences and not actor_of(cast.ada, NOON).cleared
    for grant in (area, clearance):
        with pytest.raises(AnotherPersonConfirms):
            services.confirm_grant(grant=grant, actor=cast.ivo, at=NOON)
        services.confirm_grant(grant=grant, actor=cast.jun, at=NOON)
    assert actor_of(cast.ada, NOON).competences == {Area.CYBER} and actor_of(cast.ada, NOON).cleared


def test_the_first_two_administrators_confirm_each_other_and_only_once():
    make_log()
    ivo, jun = make_person("Ivo"), make_person("Jun")
    with pytest.raises(TwoPersonsNeeded):
        services.appoint_first_administrators(first=ivo, second=ivo, at=NOON)
    services.appoint_first_administrators(first=ivo, second=jun, at=NOON)
    assert roles_of(ivo, NOON) == roles_of(jun, NOON) == {Role.ADMINISTRATOR}
    assert kinds()[-2:] == ["people:role:confirmed", "people:role:confirmed"]
    with pytest.raises(AlreadyFounded):
        services.appoint_first_administrators(first=make_person("Mia"), second=make_person("Noa"), at=NOON)


def test_one_query_tells_everything_a_person_holds(django_assert_num_queries):
    cast = make_people()
    give_clearance(cast, cast.ben)
    with django_assert_num_queries(1):
        actor = actor_of(cast.ben, NOON)
    assert (actor.roles, actor.competences, actor.cleared) == ({Role.REVIEWER}, {Area.BIOLOGY}, True)
    stranger = actor_of(cast.eve, NOON)
    assert (stranger.roles, stranger.competences, stranger.cleared, stranger.belongs) == (frozenset(), frozenset(), False, False)


def test_people_are_found_by_role_and_competence():
    cast = make_people()
    assert list(people_with(Role.REVIEWER, NOON)) == [cast.ben, cast.chloe]
    assert list(people_with(Role.REVIEWER, NOON, competence=Area.BIOLOGY)) == [cast.ben]
    assert list(people_with(Role.REVIEWER, later(days=-1))) == []


def test_the_ledger_never_names_anybody():
    make_people()
    told = [str(value) for entry in Entry.objects.all() for value in entry.fields.values_list("text", flat=True)]
    assert told
    assert not [text for text in told if "Ben" in text or "example" in text]
