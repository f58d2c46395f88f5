"""What is in service is a required cell: weights nobody measured take the power to rule out for as long as they run."""

import pytest

from evaluations.models import Deployment
from evaluations.services.subjects import AlreadyRunning, NotRunning, end_deployment, report_deployment
from ledger.models import Entry
from ledger.refusals import NotAllowed
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import make_snapshot


def test_weights_in_service_must_be_measured_themselves_until_they_are_taken_out(world: World) -> None:
    served = make_snapshot(world.cast, world.subject, "served", at=world.now(), compute_factor=1)
    world.send(log())
    assert world.outcomes["bio-3"] == "ruled_out"
    before = Entry.objects.count()
    deployment = report_deployment(snapshot=served, scope="external", since=world.now(), actor=world.cast.farid, at=world.now())
    assert Entry.objects.count() == before + 1 and Entry.objects.get(seq=deployment.seq).kind == "evaluations:deployment:reported"
    world.work()
    assert world.outcomes["bio-3"] != "ruled_out"
    ended = end_deployment(deployment=deployment, until=world.now(), actor=world.cast.farid, at=world.now())
    assert Entry.objects.get(seq=ended.ended_seq).kind == "evaluations:deployment:ended"
    world.work()
    assert world.outcomes["bio-3"] == "ruled_out"


def test_an_artefact_runs_once_in_a_scope_and_ends_once(world: World) -> None:
    told = {"snapshot": world.snapshot, "scope": "external", "since": world.now(), "actor": world.cast.farid}
    running = report_deployment(**told, at=world.now())
    with pytest.raises(AlreadyRunning):
        report_deployment(**told, at=world.now())
    report_deployment(**told | {"scope": "internal"}, at=world.now())
    end_deployment(deployment=running, until=world.now(), actor=world.cast.farid, at=world.now())
    with pytest.raises(NotRunning):
        end_deployment(deployment=running, until=world.now(), actor=world.cast.farid, at=world.now())
    assert report_deployment(**told, at=world.now()) != running


def test_who_does_not_serve_reports_no_deployment(world: World) -> None:
    with pytest.raises(NotAllowed):
        report_deployment(snapshot=world.snapshot, scope="external", since=world.now(), actor=world.cast.ben, at=world.now())
    assert not Deployment.objects.exists()
