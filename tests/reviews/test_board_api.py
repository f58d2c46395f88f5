"""Status, gate and cases for programs: what each answers, who may ask, and that a refusal is a problem document."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.services.dossiers import open_dossier
from ledger.canonical import digest
from ledger.models import Entry
from ledger.queries import root_at
from ledger.refusals import NotAllowed
from people.models import RoleGrant
from people.services import confirm_end, propose_end
from reviews import gate
from reviews.models import GateAnswer
from reviews.moments import MomentNotValid, moment
from reviews.services import cases
from tests.makers import NOON, give_role, make_person, make_snapshot, make_subject, make_token, make_wide_token
from tests.reviews.conftest import Board

UNKNOWN = digest("weights nobody registered")


class Program:
    """A program with a token."""

    def __init__(self, token: str) -> None:
        self.client, self.headers = Client(), {"authorization": f"Bearer {token}"}

    def get(self, path: str, **params: str) -> tuple[int, Any]:
        answer = self.client.get(f"/api/v1{path}", params, headers=self.headers)
        return answer.status_code, answer.json()

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        answer = self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=self.headers)
        return answer.status_code, answer.json()


SCOPES = ("gate:read", "gate:authorise", "subjects:read", "cases:read")


def program(board: Board, *scopes: str, person: Any = None) -> Program:
    return Program(make_wide_token(person) if person else make_token(board.cast.ada, *(scopes or SCOPES)))


def test_the_gate_answers_every_well_formed_question_with_200(board: Board) -> None:
    board.clean()
    asks = program(board)
    before = Entry.objects.count()
    status, body = asks.get("/gate", artefact=board.snapshot.weights_digest, scope="external")
    assert (status, body["allowed"], body["informative_only"]) == (200, False, False)
    assert body["ledger_root"] == f"sha256:{root_at(body['ledger_size']).hex()}" and body["ledger_size"] == before
    assert {"finding_not_answered", "no_release"} <= {reason["code"] for reason in body["reasons"]}
    assert all(reason["sentence"] and reason["who"] for reason in body["reasons"])
    status, body = asks.get("/gate", artefact=UNKNOWN, scope="external")
    assert (status, [reason["code"] for reason in body["reasons"]]) == (200, ["unknown_artefact"])
    status, body = asks.get("/gate", subject="heron", scope="internal")
    assert (status, body["informative_only"], body["artefact"]) == (200, True, board.snapshot.weights_digest)
    status, body = asks.get("/gate", subject="nobody", scope="internal")
    assert (status, [reason["code"] for reason in body["reasons"]]) == (200, ["unknown_artefact"])
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    "params",
    [
        {"scope": "external"},
        {"scope": "external", "artefact": UNKNOWN, "subject": "heron"},
        {"scope": "the-moon", "artefact": UNKNOWN},
        {"scope": "external", "artefact": "sha256:short"},
    ],
)
def test_a_malformed_question_is_422(board: Board, params: dict[str, str]) -> None:
    status, body = program(board).get("/gate", **params)
    assert status == 422 and body["code"]


def test_an_authorisation_is_made_for_the_record(board: Board) -> None:
    asks = program(board)
    status, body = asks.post("/gate/authorisations", {"artefact": board.snapshot.weights_digest, "scope": "external"})
    assert (status, body["allowed"]) == (201, False)
    made = GateAnswer.objects.get(pk=body["id"])
    assert made.ledger_seq == body["ledger_seq"] and made.asked_by == board.cast.ada
    assert Entry.objects.get(seq=made.ledger_seq).kind == "reviews:gate:answered"
    assert asks.post("/gate/authorisations", {"artefact": "weights", "scope": "external"})[0] == 422


def test_whoever_changes_nothing_writes_no_authorisation_and_a_token_that_outlived_its_role_neither(board: Board) -> None:
    """Ada made the token while she ran evaluations; by now she audits."""
    asks, asked = program(board), {"artefact": board.snapshot.weights_digest, "scope": "external"}
    assert asks.post("/gate/authorisations", asked)[0] == 201
    held = RoleGrant.objects.get(person=board.cast.ada, role="researcher")
    give_role(board.cast, board.cast.ada, "auditor", at=timezone.now())
    propose_end(grant=held, actor=board.cast.ivo, at=timezone.now())
    confirm_end(grant=held, actor=board.cast.jun, at=timezone.now())
    before = GateAnswer.objects.count()
    for artefact in (board.snapshot.weights_digest, UNKNOWN):
        status, body = asks.post("/gate/authorisations", asked | {"artefact": artefact})
        assert (status, body["code"]) == (403, "not-serving")
    assert asks.get("/gate", artefact=board.snapshot.weights_digest, scope="external")[0] == 200
    with pytest.raises(NotAllowed):
        gate.authorise(artefact=UNKNOWN, scope="external", actor=board.cast.ada)
    assert GateAnswer.objects.count() == before


@pytest.mark.parametrize(
    ("path", "scope"),
    [("/gate?scope=external&subject=heron", "gate:read"), ("/subjects/heron/status", "subjects:read"), ("/cases", "cases:read")],
)
def test_each_call_needs_its_scope(board: Board, path: str, scope: str) -> None:
    other = next(each for each in SCOPES if each != scope)
    assert program(board, other).get(path)[0] == 403
    assert program(board, scope).get(path)[0] == 200
    assert Client().get(f"/api/v1{path}").status_code == 401


def test_status_tells_tiers_findings_case_and_gate_as_of_any_moment(board: Board) -> None:
    case = board.rise()
    asks = program(board)
    status, body = asks.get("/subjects/heron/status", framework="board")
    assert (status, body["label"], body["case"]["id"]) == (200, "D3 S3, provisional", str(case.pk))
    bio_3 = next(each for each in body["thresholds"] if each["threshold"] == "bio-3")
    assert bio_3["outcome"] == "cannot_rule_out" and bio_3["finding"]["tree"]["kind"] == "indicator" and bio_3["determination"] is None
    assert bio_3["lacking"] == []
    assert {scope["scope"]: scope["state"] for scope in body["gate"]}["external"] == "shut"
    assert asks.get("/subjects/heron/status", as_of="2026-05-21")[1]["label"] == "at least D2 S2, incomplete"
    assert asks.get("/subjects/heron/status", as_of="2026-05-21")[1]["thresholds"][0]["lacking"] == ["bio-3"]
    assert asks.get("/subjects/heron/status", as_known_at="2026-05-21")[1]["case"] is None
    assert asks.get("/subjects/heron/status", as_of="yesterday")[0] == 422
    assert asks.get("/subjects/heron/status", framework="another")[0] == 404
    assert asks.get("/subjects/nobody/status")[0] == 404


def test_cases_are_listed_and_the_file_holds_votes_dissent_and_no_hazardous_word(board: Board) -> None:
    case = board.rise()
    question = board.question(threshold="bio-3")
    board.vote(board.cast.ben, question, "reject", rationale="I doubt the grader.")
    cases.comment(case=case, text="Step four worked.", hazard=True, actor=board.cast.ben, at=board.now())
    asks = program(board)
    status, body = asks.get("/cases", subject="heron", state="open")
    assert (status, [each["number"] for each in body["cases"]], body["next"]) == (200, [case.number], None)
    status, body = asks.get(f"/cases/{case.pk}")
    told = next(each for each in body["questions"] if each["threshold"] == "bio-3")
    assert (status, told["votes"][0]["rationale"], told["votes"][0]["state"]) == (200, "I doubt the grader.", "current")
    assert told["requirements"]["not_crossed"][0]["have"] == 1
    assert body["comments"] == [{"person": str(board.cast.ben.pk), "at": body["comments"][0]["at"], "text": None, "hazard": True}]
    assert asks.get(f"/cases/{question.pk}")[0] == 404


def test_an_outside_evaluator_knows_of_nothing_outside_a_dossier(board: Board) -> None:
    lena = make_person("Lena", at=board.now())
    give_role(board.cast, lena, "outside_evaluator", at=board.moment)
    board.open_case()
    asks = program(board, person=lena)
    assert asks.get("/cases")[1]["cases"] == []
    assert asks.get("/subjects/heron/status")[0] == 404
    body = asks.get("/gate", artefact=board.snapshot.weights_digest, scope="external")[1]
    assert [reason["code"] for reason in body["reasons"]] == ["unknown_artefact"]
    assert asks.post("/gate/authorisations", {"artefact": board.snapshot.weights_digest, "scope": "external"})[0] == 403


def test_a_dossier_opens_the_model_and_neither_what_the_board_says_of_it_nor_where_it_comes_from(board: Board) -> None:
    """As on the pages: the dossier, its uploads, and nothing of cases, the gate or other models."""
    lena = make_person("Lena", at=board.now())
    give_role(board.cast, lena, "outside_evaluator", at=board.moment)
    tuned = make_subject(board.cast, "heron-chat", parent=board.subject, derivation="fine-tune", at=board.now())
    weights = make_snapshot(board.cast, tuned, at=board.now()).weights_digest
    open_dossier(subject=tuned, person=lena, until_at=board.now() + timedelta(days=9999), actor=board.cast.dan, at=board.now())
    asks, inside = program(board, person=lena), program(board)
    assert inside.get("/subjects/heron-chat/status")[0] == 200 and asks.get("/subjects/heron-chat/status")[0] == 404
    assert [(each["slug"], each["parent"]) for each in asks.get("/subjects")[1]["subjects"]] == [("heron-chat", None)]
    assert [each["parent"] for each in inside.get("/subjects")[1]["subjects"]] == [None, "heron"]
    for told in ({"artefact": weights}, {"subject": "heron-chat"}):
        body = asks.get("/gate", scope="external", **told)[1]
        assert [reason["code"] for reason in body["reasons"]] == ["unknown_artefact"]
    assert asks.post("/gate/authorisations", {"artefact": weights, "scope": "external"})[0] == 403


def test_a_bare_date_is_the_end_of_its_day_and_a_time_has_its_offset() -> None:
    assert moment("2026-05-22", default=NOON).isoformat() == "2026-05-22T23:59:59.999999+00:00"
    assert moment("2026-05-22T09:00:00 02:00", default=NOON).isoformat() == "2026-05-22T07:00:00+00:00"
    assert moment("", default=NOON) == NOON
    for wrong in ("2026-05-22T09:00:00", "2026-13-40", "soon"):
        with pytest.raises(MomentNotValid):
            moment(wrong, default=NOON)
