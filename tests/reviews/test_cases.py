"""How cases open, what they ask, what joins them, and how they end."""

import pytest

from evaluations.queries import latest_assessment
from ledger.models import Entry
from ledger.refusals import NotAllowed
from reviews.models import Case, Question
from reviews.services import cases
from reviews.services.cases import (
    CaseAlreadyOpen,
    CaseHoldsRequirement,
    CaseNotFinished,
    NothingToAsk,
    ScopeNotKnown,
    SnapshotNotOfSubject,
    ThresholdsNotFit,
)
from reviews.services.following import follow_assessment
from tests.makers import make_snapshot, make_subject
from tests.reviews.conftest import Board


def kinds_since(seq: int) -> list[str]:
    return list(Entry.objects.filter(seq__gte=seq, kind__startswith="reviews:").order_by("seq").values_list("kind", flat=True))


def test_a_finding_that_cannot_be_ruled_out_opens_an_elevation_case_and_raises_provisionally(board: Board) -> None:
    case = board.rise()
    assert (case.kind, case.opened_by, case.snapshot) == ("elevation", None, board.snapshot)
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}
    assert all(required.provisional for required in board.facts.required.values())
    bio_3, bio_4 = board.question(threshold="bio-3"), board.question(threshold="bio-4")
    assert (bio_3.proposal, bio_3.finding_outcome, bio_3.raised) == (
        "treated_as_crossed",
        "cannot_rule_out",
        {"deployment": "asl-3", "security": "asl-3"},
    )
    assert (bio_4.proposal, bio_4.raised) == ("not_crossed", {})
    assert {(each.axis, each.tier) for each in case.questions.filter(kind="safeguards")} == {("deployment", "asl-3"), ("security", "asl-3")}
    assert {member["person"] for member in case.roster} == {
        str(each.pk) for each in (board.cast.ben, board.cast.chloe, board.cast.dan, board.cast.grace)
    }


def test_clean_evidence_opens_no_case_and_a_case_that_lost_its_evidence_is_a_lapse(board: Board) -> None:
    board.clean()
    assert not Case.objects.exists()
    assert board.required() == {"deployment": "asl-2", "security": "asl-2"}
    # An announced release candidate nobody has measured empties a required cell: the finding is not assessed any more.
    make_snapshot(board.cast, board.subject, "step 2", at=board.now(), is_release_candidate=True, names=("demo/heron-2",))
    board.work()
    assert board.case.kind == "lapse"
    assert board.required() == {"deployment": "asl-2", "security": "asl-2"}


def test_following_an_assessment_twice_is_following_it_once(board: Board) -> None:
    case = board.rise()
    entries, revisions = Entry.objects.count(), case.revisions.count()
    assessment = latest_assessment(board.subject, "board")
    assert assessment is not None
    follow_assessment(assessment=assessment, at=board.now())
    assert (Entry.objects.count(), case.revisions.count(), Case.objects.count()) == (entries, revisions, 1)


def test_a_further_rise_joins_the_open_case_as_a_revision(board: Board) -> None:
    case = board.rise()
    before = case.revisions.count()
    board.measure("exploits", right=30)
    case.refresh_from_db()
    revision = case.revisions.last()
    assert Case.objects.count() == 1 and case.revisions.count() == before + 1
    assert [change["label"] for change in revision.changes if change["change"] == "changed"] == ["Is the threshold crossed? bio-4"]
    assert revision.required == {"deployment": "asl-4", "security": "asl-4"}
    # Nobody has defined ASL-4, so nobody can be asked whether its safeguards are adequate.
    assert not case.questions.filter(kind="safeguards", state="open").exists()


def test_opening_by_hand_enters_one_entry_and_a_second_case_is_refused(board: Board) -> None:
    seq = Entry.objects.count()
    case = board.open_case()
    assert kinds_since(seq) == ["reviews:case:opened"]
    assert (case.kind, case.opened_by) == ("clearance", board.cast.dan)
    with pytest.raises(CaseAlreadyOpen):
        board.open_case()


def test_a_reviewer_opens_a_precaution_case_whatever_the_engine_says(board: Board) -> None:
    board.clean()
    case = board.open_case("precaution", actor=board.cast.chloe, thresholds=["bio-3"])
    assert board.question(threshold="bio-3").proposal == "treated_as_crossed"
    assert case.kind == "precaution"


@pytest.mark.parametrize("who", ["ada", "farid", "hana", "eve"])
def test_others_open_no_case(board: Board, who: str) -> None:
    with pytest.raises(NotAllowed):
        board.open_case(actor=getattr(board.cast, who))


def test_nobody_opens_an_elevation_by_hand(board: Board) -> None:
    with pytest.raises(NotAllowed):
        board.open_case("elevation")


@pytest.mark.parametrize(
    ("kind", "thresholds"),
    [("precaution", []), ("lowering", []), ("clearance", ["bio-3"]), ("precaution", ["bio-9"]), ("lowering", ["bio-3"])],
)
def test_named_thresholds_fit_the_kind_of_case(board: Board, kind: str, thresholds: list[str]) -> None:
    with pytest.raises(ThresholdsNotFit):
        board.open_case(kind, thresholds=thresholds)


def test_a_case_with_open_questions_does_not_close_and_one_by_hand_is_withdrawn(board: Board) -> None:
    case = board.open_case()
    with pytest.raises(CaseNotFinished):
        cases.close_case(case=case, note="", actor=board.cast.dan, at=board.now())
    with pytest.raises(NotAllowed):
        cases.withdraw_case(case=case, note="", actor=board.cast.ben, at=board.now())
    cases.withdraw_case(case=case, note="Too early.", actor=board.cast.dan, at=board.now())
    case.refresh_from_db()
    assert case.state == "withdrawn" and not Question.objects.filter(case=case, state="open").exists()


def test_a_case_that_holds_up_a_requirement_is_never_withdrawn(board: Board) -> None:
    case = board.rise()
    with pytest.raises(CaseHoldsRequirement):
        cases.withdraw_case(case=case, note="", actor=board.cast.dan, at=board.now())


def test_the_chair_asks_for_a_release_once_and_only_for_weights_of_this_model(board: Board) -> None:
    case = board.open_case()
    told = {"case": case, "snapshot": board.snapshot, "scope": "external", "actor": board.cast.dan}
    question = cases.ask_release(**told, at=board.now())
    assert cases.ask_release(**told, at=board.now()) == question
    with pytest.raises(NotAllowed):
        cases.ask_release(**told | {"actor": board.cast.ben}, at=board.now())
    with pytest.raises(ScopeNotKnown):
        cases.ask_release(**told | {"scope": "the moon"}, at=board.now())
    other = make_snapshot(board.cast, make_subject(board.cast, "egret", at=board.now()), at=board.now(), names=("demo/egret",))
    with pytest.raises(SnapshotNotOfSubject):
        cases.ask_release(**told | {"snapshot": other}, at=board.now())


def test_comments_are_for_those_who_work_on_cases(board: Board) -> None:
    case = board.open_case()
    said = cases.comment(case=case, text="What of the second arm?", hazard=False, actor=board.cast.ada, at=board.now())
    assert said.text == "What of the second arm?"
    with pytest.raises(NotAllowed):
        cases.comment(case=case, text="Hm.", hazard=False, actor=board.cast.hana, at=board.now())


def test_the_whole_road_from_clean_evidence_to_an_open_gate(board: Board) -> None:
    """All-clean evidence still denies until a clearance and a release are signed."""
    board.clean()
    board.work()
    assert {"finding_not_answered", "safeguards_unsigned", "safeguards_not_adequate", "no_release"} <= set(board.ask().codes)
    board.safeguard()
    case = board.open_case()
    board.settle_thresholds()
    board.settle_safeguards()
    board.work()
    assert set(board.ask().codes) == {"no_release", "open_case"}
    board.release()
    board.work()
    assert board.ask().allowed and board.ask().codes == []
    case.refresh_from_db()
    assert (case.state, case.closed_by) == ("closed", None)
    assert board.ask("internal").codes == ["no_release"]
    with pytest.raises(NothingToAsk):
        board.open_case()


def test_the_whole_road_of_an_elevation(board: Board) -> None:
    board.safeguard()
    board.rise()
    board.settle_thresholds()
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}
    assert not any(required.provisional for required in board.facts.required.values())
    board.settle_safeguards()
    board.release()
    board.work()
    assert board.ask().allowed
