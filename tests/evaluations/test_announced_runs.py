"""A run is announced before it is started; one that never comes blocks until somebody other than the announcer signs it away."""

from typing import Any

import pytest
from django.test import Client

from evaluations.models import AnnouncedRun, Supersession
from evaluations.services import results
from ledger.refusals import NotAllowed
from people.models import Person
from people.signing import Statement
from tests.evaluations.conftest import World, reasons_of
from tests.evaluations.logs import log
from tests.makers import PASSWORD, client_of, give_password, make_signature, make_token

ADDRESS = "/subjects/heron/announced/"
TOLD = {"indicator": "bio-protocols", "harness": "inspect", "external_id": "second"}


def text(answer: Any) -> str:
    return answer.content.decode()


def test_a_run_is_announced_and_shown_until_it_arrives(world: World) -> None:
    ada = client_of(world.cast.ada)
    world.send(log(run="first"))
    assert "Files of lm-evaluation-harness carry no run id" in text(ada.get(ADDRESS))
    assert ada.post(ADDRESS, TOLD).status_code == 302
    assert "Not arrived: blocks" in text(ada.get(ADDRESS))
    assert ada.post(ADDRESS, TOLD).status_code == 422 and AnnouncedRun.objects.count() == 1
    world.minutes += 60 * 24 * 365  # the page announced at the clock's own now; what follows comes after it
    world.send(log(run="second"))
    assert "Not arrived: blocks" not in text(ada.get(ADDRESS)) and "Arrived" in text(ada.get(ADDRESS))


def test_who_announced_a_run_does_not_sign_it_away_and_another_does(world: World) -> None:
    cast = world.cast
    announced = results.announce(subject=world.subject, actor=cast.dan, at=world.now(), **TOLD)
    where = f"{ADDRESS}{announced.pk}/sign-away/"
    for person in (cast.dan, cast.ben):
        give_password(person, at=world.now())
    told = {"reason": "The cluster was taken down.", "password": PASSWORD}
    assert client_of(cast.dan).post(where, told | {"role": "chair"}).status_code == 403
    assert "Sign this run away" in text(client_of(cast.ben).get(ADDRESS))
    assert client_of(cast.ben).post(where, told | {"role": "reviewer", "password": "wrong"}).status_code == 422
    assert client_of(cast.ben).post(where, told | {"role": "reviewer"}).status_code == 302
    assert Supersession.objects.get().announced_run == announced
    assert "The cluster was taken down." in text(client_of(cast.ben).get(ADDRESS))


CUT_SHORT = [{"status": "cancelled"}, {"results__completed_samples": 20}, {"invalidated": True}]


@pytest.mark.parametrize("how", CUT_SHORT, ids=["cancelled", "unfinished", "invalidated"])
def test_an_announced_run_that_arrives_incomplete_blocks_until_it_arrives_whole(world: World, how: dict[str, Any]) -> None:
    """The two tellings differ, so the one that was cut short is also answered for by somebody else before the whole one speaks."""
    world.send(log(run="first"))
    results.announce(subject=world.subject, actor=world.cast.ada, at=world.now(), **TOLD)
    short = world.send(log(run="second", **how)).runs.get()
    assert world.outcomes["bio-3"] == "not_assessed" and "blocking-run" in reasons_of(world)
    page = text(client_of(world.cast.ben).get(ADDRESS))
    assert "Arrived incomplete: blocks" in page and "Sign this run away" in page
    aside(world, run=short)
    assert world.outcomes["bio-3"] == "not_assessed"
    world.send(log(run="second"))
    assert world.outcomes["bio-3"] == "ruled_out"


def test_an_announced_run_that_arrived_incomplete_is_signed_away_by_another_person(world: World) -> None:
    world.send(log(run="first"))
    announced = results.announce(subject=world.subject, actor=world.cast.ada, at=world.now(), **TOLD)
    world.send(log(run="second", status="error"))
    with pytest.raises(NotAllowed):
        aside(world, by=world.cast.ada, announced=announced)
    aside(world, announced=announced)
    assert world.outcomes["bio-3"] == "ruled_out"


def aside(world: World, by: Person | None = None, **what: Any) -> None:
    """Ben, or whoever is told, says with a signature that something of the evidence hides nothing."""
    at, person = world.now(), by or world.cast.ben
    told = {"type": results.STATEMENT, "digests": results.supersession_digests(**what), "meaning": "aside", "role": "reviewer"}
    signature = make_signature(person, Statement(**told), at=at)
    results.supersede(reason="The cluster was taken down.", signature=signature, actor=person, at=at, **what)
    world.work()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"indicator": "no-such"}, "indicator_not_known"),
        ({"harness": "lm-eval"}, "harness_not_known"),
        ({"external_id": " "}, "run_id_not_valid"),
    ],
)
def test_an_announcement_that_could_never_be_met_is_refused(world: World, change: dict[str, str], code: str) -> None:
    with pytest.raises(results.AnnouncementNotValid) as refused:
        results.announce(subject=world.subject, actor=world.cast.ada, at=world.now(), **TOLD | change)
    assert refused.value.code == code
    results.announce(subject=world.subject, actor=world.cast.ada, at=world.now(), **TOLD)


def test_a_run_that_is_here_is_not_announced_any_more(world: World) -> None:
    world.send(log(run="second"))
    with pytest.raises(results.RunIsHere):
        results.announce(subject=world.subject, actor=world.cast.ada, at=world.now(), **TOLD)


def test_a_harness_announces_through_the_api(world: World) -> None:
    token = make_token(world.cast.ada, "evaluations:write")
    body = {"subject": "heron", "indicator": "bio-protocols", "harness": "inspect", "run_id": "second"}
    headers = {"Authorization": f"Bearer {token}"}
    made = Client().post("/api/v1/announced-runs", body, content_type="application/json", headers=headers)
    assert made.status_code == 201 and made.json()["run_id"] == "second"
    assert AnnouncedRun.objects.get().seq == made.json()["ledger_seq"]
    again = Client().post("/api/v1/announced-runs", body, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_announced")
    hidden = Client().post("/api/v1/announced-runs", body | {"subject": "ibis"}, content_type="application/json", headers=headers)
    assert hidden.status_code == 404
