"""Several uploads confirmed in one act: the count first, then all of them or none."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from evaluations.models import Upload
from evaluations.services import uploads
from evaluations.services.uploads import AlreadyCountersigned
from ledger.models import Entry
from people.policies import NotAllowed
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import PASSWORD, client_of, know_password

CONFIRM = "/uploads/confirm/"


@pytest.fixture
def waiting(world: World) -> list[Upload]:
    return [world.send(log(run=f"run-{number}"), countersigned=False, declared={"variant": "helpful-only"}) for number in range(3)]


def _client(person: Any) -> Client:
    know_password(person)
    client = client_of(person)
    return client


def _ids(chosen: list[Upload]) -> dict[str, list[str]]:
    return {"chosen": [str(upload.pk) for upload in chosen]}


def _sent(chosen: list[Upload]) -> dict[str, Any]:
    return _ids(chosen) | {"password": PASSWORD}


def _confirmed() -> int:
    return Upload.objects.exclude(countersigned_seq=None).count()


def test_the_list_offers_ticks_only_where_this_person_may_confirm(world: World, waiting: list[Upload]) -> None:
    confirmed = world.send(log(run="other"))
    page = _client(world.cast.ben).get("/uploads/").content.decode()
    assert page.count('name="chosen"') == 3 and str(confirmed.pk) not in page.split("<tbody>")[0]
    assert "3 on this page wait for a second person" in page
    assert 'name="chosen"' not in _client(world.cast.ada).get("/uploads/").content.decode()
    only = _client(world.cast.ben).get("/uploads/?particulars=confirmed").content.decode()
    assert str(confirmed.pk) in only and str(waiting[0].pk) not in only


def test_the_count_and_what_is_vouched_for_are_said_before_anything_is_done(world: World, waiting: list[Upload]) -> None:
    page = _client(world.cast.ben).get(f"{CONFIRM}?{urlencode(_ids(waiting[:2]), doseq=True)}").content.decode()
    assert "Confirm the particulars of 2 uploads</h1>" in page and "Confirm the particulars of 2 uploads</button>" in page
    assert "helpful-only" in page and world.snapshot.weights_digest[:15] in page
    assert _confirmed() == 0


def test_all_chosen_are_confirmed_each_with_its_own_entry(world: World, waiting: list[Upload]) -> None:
    before = Entry.objects.filter(kind="evaluations:upload:countersigned").count()
    ben = _client(world.cast.ben)
    for wrong in ({}, {"password": "wrong"}):
        assert ben.post(CONFIRM, _ids(waiting) | wrong).status_code == 422 and _confirmed() == 0
    answer = ben.post(CONFIRM, _sent(waiting), follow=True)
    assert "The particulars of 3 uploads are confirmed." in answer.content.decode()
    assert _confirmed() == 3
    assert Entry.objects.filter(kind="evaluations:upload:countersigned").count() == before + 3


def test_one_that_somebody_else_confirmed_meanwhile_leaves_the_others_as_they_were(world: World, waiting: list[Upload]) -> None:
    uploads.countersign(upload=waiting[1], actor=world.cast.chloe, at=world.now())
    answer = _client(world.cast.ben).post(CONFIRM, _sent(waiting))
    assert answer.status_code == 409 and _confirmed() == 1
    with pytest.raises(AlreadyCountersigned):
        uploads.countersign_all(chosen=waiting, actor=world.cast.ben, at=world.now())
    page = _client(world.cast.ben).get(f"{CONFIRM}?{urlencode(_ids(waiting), doseq=True)}").content.decode()
    assert "Confirm the particulars of 2 uploads" in page and "1 of those you ticked is confirmed already" in page


def test_nobody_confirms_what_they_sent_themselves_among_others(world: World, waiting: list[Upload]) -> None:
    own = world.send(log(run="own"), countersigned=False, actor=world.cast.dan)
    with pytest.raises(NotAllowed):
        uploads.countersign_all(chosen=[*waiting, own], actor=world.cast.dan, at=world.now())
    assert _client(world.cast.dan).post(CONFIRM, _sent([*waiting, own])).status_code == 403 and _confirmed() == 0
    assert _client(world.cast.dan).post(CONFIRM, _sent(waiting)).status_code == 302


def test_nothing_ticked_or_something_unknown_is_answered_in_words(world: World, waiting: list[Upload]) -> None:
    ben = _client(world.cast.ben)
    for chosen in ({}, {"chosen": ["nonsense"]}, {"chosen": [str(world.subject.pk)]}):
        answer = ben.post(CONFIRM, chosen)
        assert answer.status_code == 422 and "Nothing was confirmed." in answer.content.decode()
    assert "Tick the uploads you mean." in ben.get(CONFIRM).content.decode()
    assert _confirmed() == 0
