"""An outside evaluator sees one model until a day and uploads for it; everything else does not exist for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from evaluations import access
from evaluations.models import Dossier, Upload
from evaluations.services import dossiers
from ledger.models import Entry
from ledger.refusals import NotAllowed, NotKnown
from people.queries import actor_of
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import PASSWORD, client_of, make_subject, send_file


def opened(world: World, **more: Any) -> Dossier:
    told = {"subject": world.subject, "person": world.cast.lena, "until_at": world.now() + timedelta(days=9999), "actor": world.cast.dan}
    return dossiers.open_dossier(**told | more, at=world.now())


def test_the_chair_opens_a_dossier_and_closes_it_on_the_page(world: World) -> None:
    dan, lena = client_of(world.cast.dan), client_of(world.cast.lena)
    upload = world.send(log())
    told = {"subject": world.subject.pk, "person": world.cast.lena.pk, "until": "2126-01-01", "password": PASSWORD}
    assert client_of(world.cast.ada).post("/dossiers/", told).status_code == 403
    assert dan.post("/dossiers/", told | {"until": "2020-01-01"}).status_code == 422
    assert "before the year 3000" in dan.post("/dossiers/", told | {"until": "9999-12-31"}).content.decode()
    assert lena.get(f"/uploads/{upload.pk}/").status_code == 404
    assert dan.post("/dossiers/", told | {"password": "found"}).status_code == 422 and not Dossier.objects.exists()
    assert dan.post("/dossiers/", told).status_code == 302
    receipt = lena.get(f"/uploads/{upload.pk}/")
    assert receipt.status_code == 200 and "/subjects/heron/" not in receipt.content.decode()
    assert "See its uploads" in lena.get("/dossiers/").content.decode()
    close = f"/dossiers/{Dossier.objects.get().pk}/close/"
    assert lena.post(close).status_code == 403 and dan.post(close).status_code == 302 and dan.post(close).status_code == 409
    assert lena.get(f"/uploads/{upload.pk}/").status_code == 404
    kinds = set(Entry.objects.filter(kind__startswith="evaluations:dossier").values_list("kind", flat=True))
    assert kinds == {"evaluations:dossier:opened", "evaluations:dossier:closed"}
    assert dan.post("/dossiers/", told).status_code == 302 and Dossier.objects.count() == 2
    assert lena.get(f"/uploads/{upload.pk}/").status_code == 200


def test_an_outside_evaluator_uploads_for_their_dossier_and_for_nothing_else(world: World) -> None:
    other = make_subject(world.cast, "ibis", at=world.now())
    opened(world)
    lena = client_of(world.cast.lena)
    form = lena.get("/uploads/new/").content.decode()
    assert "Heron" in form and "Ibis" not in form
    sent = {"about": str(world.snapshot.pk), "files": SimpleUploadedFile("run.eval", log())}
    assert lena.post("/uploads/new/", sent).status_code == 302 and Upload.objects.get().uploader == world.cast.lena
    sent = {"about": str(other.pk), "files": SimpleUploadedFile("other.eval", log(run="2"))}
    assert lena.post("/uploads/new/", sent).status_code == 422
    with pytest.raises(NotKnown):
        send_file(_as(world, "lena"), log(run="3"), other, at=timezone.now())
    for closed in ("/portfolio/", "/cases/", "/subjects/heron/", "/ledger/", "/gate/", "/boards/", "/subjects/heron/deployments/"):
        assert lena.get(closed).status_code == 404, closed


def _as(world: World, name: str) -> Any:
    """The cast with somebody in Ada's place, who is the one to upload."""
    world.cast.ada = getattr(world.cast, name)
    return world.cast


def test_a_dossier_ends_by_itself(world: World) -> None:
    until = world.now() + timedelta(days=1)
    opened(world, until_at=until)
    lena = world.cast.lena
    before, after = until - timedelta(seconds=1), until
    assert access.subjects(actor_of(lena, before), before).count() == 1
    assert access.subjects(actor_of(lena, after), after).count() == 0
    again = dossiers.open_dossier(
        subject=world.subject, person=lena, until_at=after + timedelta(days=2), actor=world.cast.dan, at=after + timedelta(days=1)
    )
    assert access.dossiers(actor_of(lena, after), after + timedelta(days=1)).get() == again


def test_a_dossier_is_opened_once_to_an_outside_evaluator_by_the_chair(world: World) -> None:
    with pytest.raises(NotAllowed):
        opened(world, actor=world.cast.ben)
    with pytest.raises(dossiers.DossierNotValid):
        opened(world, person=world.cast.ada)
    with pytest.raises(dossiers.DossierNotValid):
        opened(world, until_at=world.now() - timedelta(days=1))
    opened(world)
    with pytest.raises(dossiers.DossierOpen):
        opened(world)
