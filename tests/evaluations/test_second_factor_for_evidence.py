"""Evidence bears on whatever it may come to require: where the framework asks for a second factor, nobody takes a result away, moves it or vouches for it without one."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.models import AnnouncedRun, Binding, Correction, Snapshot, Upload
from evaluations.services import bindings, corrections, results, subjects, uploads
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.models import Person
from people.signing import Statement
from people.words import Role
from tests.conftest import WorldOnce
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.makers import SMALL_FRAMEWORK, adopt_framework, client_of, give_app, give_password, make_binding, make_signature, make_snapshot

ASKING = (
    SMALL_FRAMEWORK.read_bytes().replace(b"second_factor: optional", b"second_factor: required").replace(b"revision: 1", b"revision: 2")
)


@dataclass
class Waiting:
    """One of everything that waits for somebody's word."""

    world: World
    upload: Upload
    refused: Upload
    announced: AnnouncedRun
    correction: Correction
    snapshot: Snapshot
    binding: Binding

    def supersede(self, person: Person, **about: Any) -> object:
        at = self.world.now()
        said = Statement(type=results.STATEMENT, digests=results.supersession_digests(**about), meaning="gone", role=Role.REVIEWER)
        signature = make_signature(person, said, at=at)
        return results.supersede(reason="A mistake.", signature=signature, actor=person, at=at, **about)

    def correct(self, person: Person) -> object:
        at, digests = self.world.now(), corrections.correction_digests(self.correction)
        signature = make_signature(
            person, Statement(type=corrections.STATEMENT, digests=digests, meaning="moved", role=Role.REVIEWER), at=at
        )
        return corrections.sign_correction(correction=self.correction, signature=signature, actor=person, at=at)


@pytest.fixture(scope="module")
def told(world_once: WorldOnce) -> Iterator[Waiting]:
    """Told under a framework that asks nothing; the one in force now asks for a second factor from ASL-3 on, and Ben has none."""
    with world_once():
        world = make_world()
        cast = world.cast
        give_password(cast.ben, at=world.now())
        upload = world.send(log(right=20), countersigned=False)
        refused = world.send(b"Bread, milk, eggs.", countersigned=False)
        named = {"indicator": "bio-protocols", "harness": "inspect", "external_id": "second"}
        announced = results.announce(subject=world.subject, actor=cast.ada, at=world.now(), **named)
        other = make_snapshot(cast, world.subject, "step 2", confirmed=False, names=["demo/heron-b"], at=world.now())
        why = "The other weights were loaded."
        correction = corrections.propose(upload=upload, snapshot=other, reason=why, actor=cast.ada, at=world.now())
        binding = make_binding(cast, "exploits", "other_exploits", confirmed=False, at=world.now())
        adopt_framework(cast, ASKING, at=world.now())
        world.work()
        yield Waiting(world, upload, refused, announced, correction, other, binding)


@pytest.fixture
def waiting(told: Waiting, db: None) -> Waiting:
    return deepcopy(told)


def now(waiting: Waiting, person: Person) -> dict[str, Any]:
    return {"actor": person, "at": waiting.world.now()}


ACTS: dict[str, Callable[[Waiting, Person], object]] = {
    "a result is superseded": lambda w, who: w.supersede(who, measurement=w.upload.runs.get().measurements.get()),
    "a run is set aside": lambda w, who: w.supersede(who, run=w.upload.runs.get()),
    "an announced run is signed away": lambda w, who: w.supersede(who, announced=w.announced),
    "a refused file is set aside": lambda w, who: w.supersede(who, upload=w.refused),
    "a file moves to other weights": lambda w, who: w.correct(who),
    "weights are confirmed": lambda w, who: subjects.confirm_snapshot(snapshot=w.snapshot, **now(w, who)),
    "particulars are confirmed": lambda w, who: uploads.countersign(upload=w.upload, **now(w, who)),
    "a binding is confirmed": lambda w, who: bindings.confirm(binding=w.binding, **now(w, who)),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_with_a_password_alone_no_evidence_is_moved(waiting: Waiting, act: Callable[[Waiting, Person], object]) -> None:
    ben, before = waiting.world.cast.ben, Entry.objects.count()
    with pytest.raises(NotAllowed) as refused:
        act(waiting, ben)
    assert refused.value.code == "second_factor_missing" and "ASL-3" in str(refused.value)
    assert Entry.objects.count() == before
    give_app(ben, at=waiting.world.now())
    assert act(waiting, ben)


def test_its_sheets_say_so_before_anything_is_written(waiting: Waiting) -> None:
    run = waiting.upload.runs.get()
    places = [
        reverse("evaluations:measurement-supersede", args=[run.pk, run.measurements.get().pk]),
        reverse("evaluations:run-set-aside", args=[run.pk]),
        reverse("evaluations:announced-run-sign-away", args=["heron", waiting.announced.pk]),
        reverse("evaluations:upload-set-aside", args=[waiting.refused.pk]),
        reverse("evaluations:correction-sign", args=[waiting.upload.pk, waiting.correction.pk]),
        reverse("evaluations:snapshot-confirm", args=["heron", waiting.snapshot.pk]),
        reverse("evaluations:binding-confirm", args=[waiting.binding.pk]),
        f"{reverse('evaluations:uploads-confirm')}?chosen={waiting.upload.pk}",
    ]
    client = client_of(waiting.world.cast.ben)
    for place in places:
        for answer in (client.get(place), client.post(place, {"chosen": [waiting.upload.pk]})):
            assert answer.status_code == 403 and "/people/me/factors/" in answer.content.decode(), place
    give_app(waiting.world.cast.ben, at=timezone.now())
    for place in places:
        assert client.get(place).status_code == 200, place


def test_where_a_button_would_be_the_pages_say_what_is_missing(waiting: Waiting) -> None:
    run, upload, refused = waiting.upload.runs.get(), waiting.upload, waiting.refused
    pages = {
        reverse("evaluations:run", args=[run.pk]): reverse("evaluations:run-set-aside", args=[run.pk]),
        reverse("evaluations:upload", args=[upload.pk]): reverse("evaluations:uploads-confirm"),
        reverse("evaluations:upload", args=[refused.pk]): reverse("evaluations:upload-set-aside", args=[refused.pk]),
        reverse("evaluations:uploads"): "Confirm ticked uploads",
        reverse("evaluations:snapshots", args=["heron"]): "Confirm snapshot",
        reverse("evaluations:bindings"): "Confirm binding",
        reverse("evaluations:announced-runs", args=["heron"]): "Sign this run away",
    }
    client = client_of(waiting.world.cast.ben)
    for page, button in pages.items():
        text = client.get(page).content.decode()
        assert "Add a second factor" in text and button not in text, page
    give_app(waiting.world.cast.ben, at=waiting.world.now())
    for page, button in pages.items():
        text = client.get(page).content.decode()
        assert "Add a second factor" not in text and button in text, page
