"""The pages of this room: what they say, whom they serve, and how many questions they ask the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from evaluations.models import Binding, Snapshot, Subject, Supersession, Upload
from evaluations.services import blobs
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import PASSWORD, client_of, give_clearance, give_password, know_password, make_binding, make_snapshot, send_file, work_off

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}


def _client(person: Any) -> Client:
    client = client_of(person)
    return client


@pytest.fixture
def ada(world: World) -> Client:
    return _client(world.cast.ada)


@pytest.fixture
def ben(world: World) -> Client:
    return _client(world.cast.ben)


def _text(answer: Any) -> str:
    return answer.content.decode()


def _file(content: bytes, name: str = "run.eval") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_several_files_come_in_one_form_without_scripts(world: World, ada: Client) -> None:
    fields = {"about": str(world.snapshot.pk), "variant": "helpful-only", "files": [_file(log()), _file(log("exploits", run="2"))]}
    answer = ada.post("/uploads/new/", fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/uploads/")
    assert Upload.objects.count() == 2 and Upload.objects.first().declared == {"variant": "helpful-only"}
    assert "2 files are kept" in _text(ada.get("/uploads/"))


def test_one_file_leads_to_its_receipt(world: World, ada: Client) -> None:
    answer = ada.post("/uploads/new/", {"about": str(world.subject.pk), "files": _file(log())})
    upload = Upload.objects.get()
    assert answer.headers["Location"] == f"/uploads/{upload.pk}/" and upload.snapshot is None


def test_a_script_is_answered_file_by_file(world: World, ada: Client) -> None:
    fields = {"about": str(world.snapshot.pk)}
    taken = ada.post("/uploads/new/", fields | {"files": _file(log())}, headers=JSON)
    upload = Upload.objects.get()
    assert taken.status_code == 200
    assert taken.json()["taken"] == [{"name": "run.eval", "address": f"/uploads/{upload.pk}/", "created": True, "state": "received"}]
    again = ada.post("/uploads/new/", fields | {"files": _file(log())}, headers=JSON)
    assert again.json()["taken"][0]["created"] is False
    refused = ada.post("/uploads/new/", {"about": str(world.subject.pk), "files": _file(log())}, headers=JSON)
    assert refused.status_code == 422 and "other particulars" in refused.json()["refused"][0][1]
    assert refused.json()["refused"][0][2] == f"/uploads/{upload.pk}/"


def test_a_script_follows_a_file_until_it_is_read_or_refused_with_code_place_and_mend(world: World, ada: Client) -> None:
    upload = send_file(world.cast, b"no evaluation at all", world.subject, at=world.now())
    told = ada.get(f"/uploads/{upload.pk}/", headers=JSON).json()
    assert (told["state"], told["finished"], told["code"]) == ("received", False, "")
    world.work()
    told = ada.get(f"/uploads/{upload.pk}/", headers=JSON).json()
    assert (told["state"], told["finished"], told["percent"]) == ("rejected", True, 100)
    assert told["code"] == "unknown-format" and told["what_to_do"]


def test_a_refused_file_does_not_take_the_others_with_it(world: World, ada: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 5000
    answer = ada.post("/uploads/new/", {"about": str(world.subject.pk), "files": [_file(log()), _file(b"x" * 5001, "big.eval")]})
    assert answer.status_code == 422 and Upload.objects.count() == 1
    assert "big.eval" in _text(answer) and "Kept nonetheless" in _text(answer)


def test_the_receipt_polls_until_everything_is_told(world: World, ada: Client) -> None:
    upload = world.send(log())
    done = ada.get(f"/uploads/{upload.pk}/", headers=HTMX)
    assert done.status_code == 286 and "hx-get" not in _text(done) and "<html" not in _text(done)
    ada.post("/uploads/new/", {"about": str(world.snapshot.pk), "files": _file(log("exploits", run="next"))})
    fresh = Upload.objects.get(state="received")
    part = ada.get(f"/uploads/{fresh.pk}/", headers=HTMX)
    assert part.status_code == 200 and 'hx-trigger="every 2s"' in _text(part)


def test_the_receipt_says_what_moved_and_what_is_unbound(world: World, ada: Client) -> None:
    upload = world.send(log(right=18))
    page = _text(ada.get(f"/uploads/{upload.pk}/"))
    assert "Not assessed" in page and "Cannot rule out" in page and "Bio-3" in page and "bio-protocols" in page
    stray = world.send(log("elsewhere", run="x"))
    page = _text(ada.get(f"/uploads/{stray.pk}/"))
    assert "unbound" in page and "no result in it bears on a threshold" in page
    world.send(log(right=39, run="later"))
    assert "no result in it bears on a threshold" in _text(ada.get(f"/uploads/{stray.pk}/"))
    same = world.send(log(right=18, run="same"))
    assert "No finding moved" in _text(ada.get(f"/uploads/{same.pk}/"))


def test_the_receipt_of_a_refused_file_says_why_and_what_to_do(world: World, ada: Client) -> None:
    upload = world.send(b"", name="<script>.eval")
    page = _text(ada.get(f"/uploads/{upload.pk}/"))
    assert "The file is empty" in page and "Copy the file again" in page and "<script>.eval" not in page


def test_a_refused_file_is_called_so_in_the_list_in_its_filter_and_on_its_receipt(world: World, ada: Client) -> None:
    upload = world.send(b"no log")
    for page in (_text(ada.get("/uploads/?state=rejected")), _text(ada.get(f"/uploads/{upload.pk}/"))):
        assert "Refused" in page and "Rejected" not in page


def test_the_receipt_of_an_archive_says_which_of_its_parts_were_checked(world: World, ada: Client) -> None:
    said = "Samples are not unpacked: damage in one goes unnoticed."
    assert said in _text(ada.get(f"/uploads/{world.send(log()).pk}/"))
    assert said not in _text(ada.get(f"/uploads/{world.send(b'no log').pk}/"))


def test_raw_bytes_go_to_cleared_people_as_a_download_of_a_fixed_type(world: World, ada: Client, ben: Client) -> None:
    upload = world.send(log())
    assert ada.get(f"/uploads/{upload.pk}/raw/").status_code == 403
    give_clearance(world.cast, world.cast.ben, at=world.now())
    answer = ben.get(f"/uploads/{upload.pk}/raw/")
    assert b"".join(answer.streaming_content) == blobs.path_of(upload.blob_id).read_bytes()
    assert answer.headers["Content-Type"] == "application/octet-stream" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_run_shows_its_verdict_before_its_metrics(world: World, ada: Client) -> None:
    run = world.send(log(right=18)).runs.get()
    page = _text(ada.get(f"/runs/{run.pk}/"))
    assert page.index("Against its lines") < page.index("Cannot rule out") < page.index("Metrics") < page.index("Raw record")
    assert "<svg" in page and "demo/heron" in page


def test_what_a_file_states_of_its_run_is_shown_to_cleared_people(world: World, ben: Client) -> None:
    run = world.send(log(eval__task_args={"prompt": "a hazardous prompt"})).runs.get()
    assert "a hazardous prompt" not in _text(ben.get(f"/runs/{run.pk}/"))
    give_clearance(world.cast, world.cast.ben, at=world.now())
    assert "a hazardous prompt" in _text(ben.get(f"/runs/{run.pk}/"))


def test_a_reviewer_signs_a_run_away_and_a_wrong_password_changes_nothing(world: World, ben: Client) -> None:
    run = world.send(log("bio_protocols", results__scores=[], run="stray")).runs.get()
    give_password(world.cast.ben, at=world.now())
    ben.force_login(world.cast.ben.user)
    told = {"reason": "A dry run.", "role": "reviewer", "password": "not this one at all"}
    refused = ben.post(f"/runs/{run.pk}/set-aside/", told)
    assert refused.status_code == 422 and not Supersession.objects.exists()
    assert ben.post(f"/runs/{run.pk}/set-aside/", told | {"password": PASSWORD}).status_code == 302
    assert Supersession.objects.get().reason == "A dry run."
    assert "Set aside by Ben" in _text(ben.get(f"/runs/{run.pk}/"))


def test_a_file_sent_without_weights_is_moved_on_its_pages_by_two_people(world: World, ada: Client, ben: Client) -> None:
    upload = world.send(log(), snapshot=None)
    give_password(world.cast.ben, at=world.now())
    ben.force_login(world.cast.ben.user)
    told = {"snapshot": str(world.snapshot.pk), "reason": "The name was forgotten."}
    assert ada.post(f"/uploads/{upload.pk}/correct/", told).status_code == 302
    again = ada.post(f"/uploads/{upload.pk}/correct/", told)
    assert again.status_code == 422 and "has been proposed" in _text(again)
    correction = upload.corrections.get()
    place = f"/uploads/{upload.pk}/correct/{correction.pk}/"
    assert place in _text(ben.get(f"/uploads/{upload.pk}/")) and place not in _text(ada.get(f"/uploads/{upload.pk}/"))
    assert ada.get(place).status_code == 403
    signed = {"role": "reviewer", "password": PASSWORD}
    assert ben.post(place, signed | {"password": "not this one at all"}).status_code == 422
    assert ben.post(place, signed).status_code == 302
    assert f"It counts for {world.snapshot.label}." in _text(ben.get(f"/uploads/{upload.pk}/"))


def test_a_file_that_no_other_weights_could_take_is_led_to_what_does_help(world: World, ada: Client) -> None:
    upload = world.send(log())
    place = f"/uploads/{upload.pk}/correct/"
    page = _text(ada.get(place))
    assert "Heron has no other weights it could have measured." in page and "Propose this correction" not in page
    assert f'href="/runs/{upload.runs.get().pk}/"' in page and "set the run aside" in page and f"/subjects/{world.subject.slug}/" in page
    make_snapshot(world.cast, world.subject, "step 2", at=world.now())
    page = _text(ada.get(place))
    assert "Propose this correction" in page and "no other weights" not in page and "set the run aside" in page


def test_a_binding_is_proposed_from_a_run_and_confirmed_by_another(world: World, ada: Client, ben: Client) -> None:
    measurement = world.send(log("elsewhere", run="x")).runs.get().measurements.get()
    form = _text(ada.get(f"/bindings/new/?measurement={measurement.pk}"))
    assert 'value="elsewhere"' in form
    fields = {"indicator": "exploits", "family": "inspect-eval", "task": "elsewhere", "scorer": "exact", "metric": "accuracy"}
    assert ada.post("/bindings/new/", fields).status_code == 302
    assert ada.post("/bindings/new/", fields).status_code == 422
    binding = Binding.objects.get(task="elsewhere")
    assert ada.post(f"/bindings/{binding.pk}/confirm/").status_code == 403
    know_password(world.cast.ben)
    ben = _client(world.cast.ben)
    assert "elsewhere" in _text(ben.get(f"/bindings/{binding.pk}/confirm/"))
    assert ben.post(f"/bindings/{binding.pk}/confirm/").status_code == 422
    assert ben.post(f"/bindings/{binding.pk}/confirm/", {"password": PASSWORD}).status_code == 302
    assert ben.post(f"/bindings/{binding.pk}/confirm/", {"password": PASSWORD}).status_code == 409


def test_a_subject_and_its_snapshot_are_registered_and_confirmed_on_their_pages(world: World, ada: Client, ben: Client) -> None:
    told = {"name": "Kestrel", "slug": "kestrel", "derivation": "original"}
    assert ada.post("/subjects/new/", told).headers["Location"] == "/subjects/kestrel/snapshots/"
    assert ada.post("/subjects/new/", told | {"slug": "new"}).status_code == 422
    digest = "sha256:" + "b" * 64
    told = {"label": "final", "weights_digest": digest, "model_names": "demo/kestrel\n", "is_release_candidate": "on"}
    assert ada.post("/subjects/kestrel/snapshots/new/", told).status_code == 302
    snapshot = Snapshot.objects.get(weights_digest=digest)
    assert snapshot.model_names == ["demo/kestrel"] and snapshot.is_release_candidate
    assert ada.post(f"/subjects/kestrel/snapshots/{snapshot.pk}/confirm/").status_code == 403
    know_password(world.cast.ben)
    ben = _client(world.cast.ben)
    assert digest in _text(ben.get(f"/subjects/kestrel/snapshots/{snapshot.pk}/confirm/"))
    assert ben.post(f"/subjects/kestrel/snapshots/{snapshot.pk}/confirm/").status_code == 422
    assert ben.post(f"/subjects/kestrel/snapshots/{snapshot.pk}/confirm/", {"password": PASSWORD}).status_code == 302
    assert ben.post("/subjects/new/", told).status_code == 403 and Subject.objects.count() == 2


def test_the_lists_ask_the_same_number_of_questions_however_long_they_are(
    world: World, ada: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(6):
        world.send(log(right=2, run=f"r{number}"))
        make_binding(world.cast, "exploits", f"task-{number}", at=world.now())
        make_snapshot(world.cast, world.subject, f"more {number}", at=world.now())
    upload = Upload.objects.first()
    run = upload.runs.get()
    # What stands before every page (who, what they hold, the frame) is part of the count.
    for address, most in {
        "/uploads/": 12,
        "/uploads/new/": 11,
        f"/uploads/{upload.pk}/": 21,  # once for what is told of its runs in other files
        f"/runs/{run.pk}/": 20,
        "/bindings/": 11,
        "/subjects/heron/snapshots/": 11,
    }.items():
        with django_assert_max_num_queries(most):
            assert ada.get(address).status_code == 200


def test_an_upload_through_the_page_is_read_and_assessed(world: World, ada: Client) -> None:
    ada.post("/uploads/new/", {"about": str(world.snapshot.pk), "files": _file(log(right=38))})
    work_off(timezone.now())
    assert world.outcomes["bio-3"] == "cannot_rule_out"
