"""Evaluations and subjects for programs: the same verbs, problem documents for every refusal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from evaluations.models import Subject, Upload
from people.words import Scope
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import make_subject, make_token, work_off

URL = "/api/v1/evaluations"


class Api:
    """A program with a token of one person."""

    def __init__(self, person: Any, *scopes: str) -> None:
        self.client = Client()
        self.head = {"Authorization": f"Bearer {make_token(person, *scopes)}"}

    def post(self, content: bytes = b"", *, key: str = "", name: str = "run.eval", **fields: str) -> Any:
        head = self.head | ({"Idempotency-Key": key} if key else {})
        return self.client.post(URL, {"file": SimpleUploadedFile(name, content), **fields}, headers=head)

    def send(self, path: str, body: Any) -> Any:
        return self.client.post(path, json.dumps(body), content_type="application/json", headers=self.head)

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.head)


@pytest.fixture
def ada(world: World) -> Api:
    return Api(world.cast.ada, *Scope.values)


def _problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code and answer.json()["title"] and answer.json()["status"] == status


def test_an_upload_is_taken_read_and_told_with_decimal_text(world: World, ada: Api) -> None:
    taken = ada.post(log(right=10), subject="heron", snapshot="step 1")
    assert taken.status_code == 202 and taken.json()["state"] == "received" and taken.json()["percent"] == 0
    work_off(timezone.now())
    told = ada.get(taken.json()["address"]).json()
    assert (told["state"], told["percent"], told["format"], told["verdict"]) == ("parsed", 100, "inspect-eval", "accept")
    (run,) = told["runs"]
    assert (run["model"], run["task"], run["status"], run["epochs"]) == ("demo/heron", "bio_protocols", "success", 1)
    assert run["counts"] == {"total": 40, "completed": 40, "scored": 40, "errored": run["counts"]["errored"], "invalidated": None} | {
        "invalidated": run["counts"]["invalidated"]
    }
    (measurement,) = run["measurements"]
    assert (measurement["metric"], measurement["value"], measurement["n"], measurement["scorer"]) == ("accuracy", "0.25", 40, "exact")
    assert isinstance(measurement["stderr"], str) and "code" not in told


def test_a_refused_file_says_what_where_and_what_to_do(world: World, ada: Api) -> None:
    taken = ada.post(b"", subject="heron")
    assert taken.status_code == 202
    work_off(timezone.now())
    told = ada.get(taken.json()["address"]).json()
    assert (told["state"], told["code"]) == ("rejected", "empty")
    assert told["message"] and "where" in told and told["what_to_do"] and "runs" not in told


def test_the_same_bytes_again_are_200_and_with_other_particulars_409(world: World, ada: Api) -> None:
    first = ada.post(log(), subject="heron", snapshot="step 1")
    again = ada.post(log(), subject="heron", snapshot=world.snapshot.weights_digest)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    _problem(ada.post(log(), subject="heron"), 409, "other_particulars")
    _problem(ada.post(log(), subject="heron", snapshot="step 1", indicator="exploits"), 409, "other_particulars")


def test_an_idempotency_key_answers_a_retry_and_refuses_another_request(world: World, ada: Api) -> None:
    first = ada.post(log(), key="k", subject="heron")
    assert ada.post(log(), key="k", subject="heron").json()["id"] == first.json()["id"]
    _problem(ada.post(log(run="other"), key="k", subject="heron"), 409, "idempotency_key_used")
    assert Upload.objects.count() == 1


def test_elicitation_travels_as_a_json_object(world: World, ada: Api) -> None:
    ada.post(log(), subject="heron", elicitation='{"safeguards_on": false, "attempts": 10}')
    assert Upload.objects.get().declared == {"safeguards_on": "false", "attempts": "10"}
    for wrong in ("[1]", "{", '{"mood": "good"}', '{"attempts": 1.5}', '{"attempts": NaN}'):
        _problem(ada.post(log(run=wrong), subject="heron", elicitation=wrong), 422, "elicitation_not_valid")


def test_what_one_may_not_know_of_does_not_exist(world: World, ada: Api) -> None:
    own = ada.post(log(), subject="heron").json()["address"]
    lena = Api(world.cast.lena, Scope.EVALUATIONS_READ, Scope.EVALUATIONS_WRITE, Scope.SUBJECTS_READ)
    _problem(lena.get(own), 404, "upload_not_known")
    _problem(lena.post(log(), subject="heron"), 404, "subject_not_known")
    _problem(ada.post(log(), subject="nothing"), 404, "subject_not_known")
    _problem(ada.post(log(), subject="heron", snapshot="step 9"), 404, "snapshot_not_known")
    assert lena.get("/api/v1/subjects").json() == {"subjects": [], "next": None}


def test_a_reviewers_token_may_not_upload_and_a_narrow_token_may_not_read(world: World) -> None:
    ben = Api(world.cast.ben, Scope.EVALUATIONS_WRITE)
    _problem(ben.post(log(), subject="heron"), 403, "not-an-uploader")
    narrow = Api(world.cast.ada, Scope.EVALUATIONS_WRITE)
    taken = narrow.post(log(), subject="heron")
    assert taken.status_code == 202
    _problem(narrow.get(taken.json()["address"]), 403, "scope_missing")


def test_without_a_token_nothing_is_answered(world: World) -> None:
    answer = Client().post(URL, {"subject": "heron"})
    _problem(answer, 401, "token_not_valid")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_file_over_the_limit_is_413(world: World, ada: Api, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    _problem(ada.post(log(), subject="heron"), 413, "too_large")


def test_a_request_that_is_malformed_says_where(world: World, ada: Api) -> None:
    answer = ada.client.post(URL, {"subject": "heron"}, headers=ada.head)
    _problem(answer, 422, "request_not_valid")
    assert "file" in answer.json()["what_to_do"]


def test_a_subject_is_registered_with_its_lineage_and_snapshots_or_not_at_all(world: World, ada: Api) -> None:
    body = {
        "slug": "heron-tuned",
        "name": "Heron tuned",
        "parent": "heron",
        "derivation": "fine-tune",
        "snapshots": [{"label": "final", "weights_digest": "sha256:" + "a" * 64, "model_names": ["demo/heron-tuned"]}],
    }
    answer = ada.send("/api/v1/subjects", body)
    assert answer.status_code == 201 and answer.json()["parent"] == "heron"
    assert answer.json()["snapshots"][0] == {
        "label": "final",
        "weights_digest": "sha256:" + "a" * 64,
        "confirmed": False,
        "release_candidate": False,
    }
    _problem(ada.send("/api/v1/subjects", body), 409, "slug_taken")
    _problem(ada.send("/api/v1/subjects", body | {"slug": "another"}), 409, "weights_known")
    assert not Subject.objects.filter(slug="another").exists()
    _problem(ada.send("/api/v1/subjects", {"slug": "x", "name": "X", "derivation": "fine-tune"}), 422, "lineage_not_valid")


def test_subjects_are_paged_by_cursor(world: World, ada: Api, django_assert_num_queries: Callable[..., Any]) -> None:
    for number in range(4):
        make_subject(world.cast, f"s{number}", at=timezone.now())
    seen, cursor = [], ""
    while cursor is not None:
        told = ada.get(f"/api/v1/subjects?limit=2&cursor={cursor}").json()
        seen += [one["slug"] for one in told["subjects"]]
        cursor = told["next"]
    assert seen == ["heron", "s0", "s1", "s2", "s3"]
    _problem(ada.get("/api/v1/subjects?cursor=nonsense"), 422, "cursor_not_valid")
    # Two of them look whether anything was written: this test's own transaction has, so nothing is kept.
    with django_assert_num_queries(7):
        ada.get("/api/v1/subjects")


def test_the_description_is_openapi_3_1_and_names_these_calls(db: None) -> None:
    told = Client().get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert {"/api/v1/evaluations", "/api/v1/evaluations/{upload_id}", "/api/v1/subjects"} <= told["paths"].keys()
