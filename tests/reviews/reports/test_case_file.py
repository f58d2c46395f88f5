"""The case as one document: what it must hold, and what it must leave out."""

import json
from typing import Any

import pytest
from django.urls import reverse

from ledger.canonical import canonical
from ledger.models import Entry
from ledger.queries import root_at
from people.queries import actor_of
from people.signing import statement_of
from reviews.case_page import CasePage, case_page
from reviews.models import Vote
from reviews.reports.case_file import FORMAT, case_file
from reviews.services.votes import recuse
from tests.makers import client_of
from tests.reviews.reports.conftest import DISSENT, HAZARD, HOSTILE, Decided


@pytest.fixture
def file(decided: Decided) -> dict[str, Any]:
    return case_file(decided.case, requested_by=decided.board.cast.dan, at=decided.board.now())


def question(file: dict[str, Any], decided: Decided) -> dict[str, Any]:
    return next(each for each in file["questions"] if each["id"] == str(decided.question.pk))


def test_it_holds_the_decision_and_every_vote_with_the_dissent(file: dict[str, Any], decided: Decided) -> None:
    told = question(file, decided)
    assert told["outcome"] == "treat as crossed, require ASL-3 on deployment and security."
    assert told["declared_by"] == "Dan"
    assert {(vote["person"], vote["choice"]) for vote in told["votes"]} == {("Ben", "Approve"), ("Chloe", "Approve"), ("Mira", "Reject")}
    assert [vote["rationale"] for vote in told["votes"] if vote["person"] == "Mira"] == [DISSENT]


def test_an_objection_that_its_owner_took_back_is_told_in_the_report_and_on_the_page(decided: Decided) -> None:
    board, other = decided.board, decided.board.question(threshold="bio-4")
    board.vote(decided.mira, other, "reject", rationale="Nobody has read the logs yet.")
    board.vote(decided.mira, other)
    told = case_file(decided.case, requested_by=board.cast.dan, at=board.now())
    [votes] = [each["votes"] for each in told["questions"] if each["id"] == str(other.pk)]
    assert [vote["choice"] for vote in votes if vote["person"] == "Mira"] == ["Reject (replaced)", "Approve"]
    assert votes[0]["rationale"] == "Nobody has read the logs yet."
    [part] = [part for part in page_of(decided).parts if part.question.pk == other.pk]
    assert [line.vote.choice for line in part.standing] == ["approve"] and [line.vote.choice for line in part.replaced] == ["reject"]
    shown = client_of(decided.mira).get(reverse("reviews:case-detail", args=[decided.case.number])).content.decode()
    assert "1 earlier vote, signed and replaced by a later one" in shown


def page_of(decided: Decided) -> CasePage:
    at = decided.board.now()
    return case_page(decided.case, actor_of(decided.mira, at), at)


def test_each_vote_carries_the_digests_of_what_it_answered_and_of_what_was_signed(file: dict[str, Any], decided: Decided) -> None:
    told = question(file, decided)
    assert told["content_digest"] == decided.question.content_digest
    for vote in Vote.objects.filter(question=decided.question).select_related("person", "signature"):
        [shown] = [each for each in told["votes"] if each["person"] == vote.person.name]
        assert shown["content_digest"] == statement_of(vote.signature).digests["content"] == told["content_digest"]
        assert shown["statement_digest"] == vote.signature.statement_digest


def test_it_names_the_findings_by_digest_and_the_documents_the_engine_read(file: dict[str, Any], decided: Decided) -> None:
    assessment = decided.board.facts.assessment
    assert {each["slug"] for each in file["findings"]} == {"bio-3", "bio-4"}
    assert all(each["digest"].startswith("sha256:") and each["sentence"] for each in file["findings"])
    assert (file["assessment"]["digest"], file["assessment"]["evidence_digest"]) == (
        assessment.assessment_digest,
        assessment.evidence_digest,
    )


def test_it_is_sealed_by_the_root_of_the_ledger_and_lists_the_entries_of_the_case(file: dict[str, Any], decided: Decided) -> None:
    sealed = file["ledger"]
    assert sealed["root"] == f"sha256:{root_at(sealed['size']).hex()}"
    assert sealed["size"] == Entry.objects.count()
    kinds = Entry.objects.filter(seq__in=[each["seq"] for each in sealed["entries"]]).values_list("kind", flat=True)
    assert {"reviews:case:opened", "reviews:vote:cast", "reviews:determination:made"} <= set(kinds)
    leaves = {entry.seq: f"sha256:{bytes(entry.leaf_hash).hex()}" for entry in Entry.objects.all()}
    assert all(each["leaf"] == leaves[each["seq"]] for each in sealed["entries"])


@pytest.mark.parametrize("who", ["ben", "dan", "hana"])
def test_a_hazardous_comment_is_left_out_and_counted_whoever_asks(decided: Decided, who: str) -> None:
    asked = case_file(decided.case, requested_by=getattr(decided.board.cast, who), at=decided.board.now())
    assert HAZARD not in json.dumps(asked)
    assert [each["text"] for each in asked["comments"]] == [HOSTILE]
    assert any(note.startswith("1 comment with hazardous detail left out") for note in asked["notes"])


def test_it_says_that_the_case_is_open_and_the_log_a_demonstration(file: dict[str, Any]) -> None:
    assert file["format"] == FORMAT
    assert file["verdict"]["word"] == f"1 of {len(file['questions'])} questions decided"
    assert any("still open" in note for note in file["notes"])
    assert any("Demonstration log" in note for note in file["notes"])


def test_the_same_case_at_the_same_time_is_the_same_bytes(file: dict[str, Any], decided: Decided) -> None:
    at = decided.board.moment
    assert canonical(file) == canonical(case_file(decided.case, requested_by=decided.board.cast.dan, at=at))


def test_a_decided_question_goes_on_saying_with_how_many_it_was_decided(file: dict[str, Any], decided: Decided) -> None:
    told = [(each["words"], each["progress"], each["state"]) for each in question(file, decided)["requirements"]]
    assert told == [("2 people in favour", "2 of 2", "Met"), ("Declared by the chair", "decided", "Met")]
    recuse(case=decided.case, reason="I know the team.", actor=decided.board.cast.ben, at=decided.board.now())
    after = case_file(decided.case, requested_by=decided.board.cast.dan, at=decided.board.now())
    assert question(after, decided)["requirements"][0]["progress"] == "2 of 2"


def test_entries_about_votes_and_declarations_name_the_question_they_answer(file: dict[str, Any], decided: Decided) -> None:
    about = f"question “Is Bio-3 crossed?” of case {decided.case.number} on Heron"
    said = [each["sentence"] for each in file["ledger"]["entries"]]
    for sentence in (
        f"Ben voted approve on the {about}.",
        f"Mira voted reject on the {about}.",
        f"Dan declared the {about}: treated as crossed.",
    ):
        assert sentence in said


def test_a_chart_is_made_of_pieces_that_may_part_at_the_end_of_a_page(file: dict[str, Any]) -> None:
    charts = [chart for finding in file["findings"] for chart in finding["charts"]]
    assert charts and all(len(chart["pieces"]) == len(chart["rows"]) for chart in charts)
