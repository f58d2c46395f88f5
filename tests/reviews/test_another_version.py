"""Another framework version comes into force: what stood under the one before it stays until the board lets go of it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from evaluations.models import StandingRequirement
from frameworks.engine.types import Tier
from reviews.facts import collect_one
from reviews.models import Notice, Question
from reviews.rules import EARLIER_BASELINE
from reviews.services import following
from reviews.services.cases import ThresholdsNotFit
from reviews.services.decisions import VerdictNotNow, propose
from tests.makers import adopt_framework, client_of, make_snapshot, make_subject
from tests.reviews.conftest import FRAMEWORK, WITH_PAPER, Board, add_reviewer

NEXT = FRAMEWORK.replace(b"revision: 1", b"revision: 2")
_START, _END = NEXT.index(b"  - slug: bio-3\n"), NEXT.index(b"  - slug: bio-4\n")
WITHOUT_BIO_3 = NEXT[:_START] + NEXT[_END:]
ONLY_TOLD = NEXT.replace(b"kind: threshold", b"kind: alert", 1)
# The same framework with ASL-3 called by another name.
RENAMED_TIER = NEXT.replace(b"asl-3", b"level-3")
# ASL-3 was what every model had to meet, and is not any more.
STRICTER_BASELINE = NEXT.replace(b"baseline: {deployment: asl-2", b"baseline: {deployment: asl-3")
ASL_3, ASL_2 = {"deployment": "asl-3", "security": "asl-3"}, {"deployment": "asl-2", "security": "asl-2"}


def adopt(board: Board, source: bytes) -> None:
    board.version = adopt_framework(board.cast, source, at=board.now())
    board.work()


def treated(board: Board) -> None:
    """The board treats Bio-3 as crossed, and its case is over."""
    board.clean()
    case = board.open_case("precaution", thresholds=["bio-3"])
    board.settle(board.question(threshold="bio-3"))
    close(board, case)
    assert board.required() == ASL_3


def close(board: Board, case: object) -> None:
    Question.objects.filter(case=case, state="open").update(state="withdrawn")
    type(case).objects.filter(pk=case.pk).update(state="closed", closed_at=board.now())  # type: ignore[attr-defined]


@pytest.mark.parametrize("source", [WITHOUT_BIO_3, ONLY_TOLD], ids=["gone", "only told"])
def test_a_strict_determination_holds_though_the_next_version_has_its_threshold_no_more(board: Board, source: bytes) -> None:
    treated(board)
    adopt(board, source)
    assert board.required() == ASL_3
    assert {row.axis: row.tier for row in StandingRequirement.objects.order_by("seq")} == ASL_3
    assert not board.facts.required["security"].provisional


def test_only_a_lowering_case_on_whole_evidence_lets_go_of_it(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    treated(board)
    adopt(board, WITHOUT_BIO_3)
    with pytest.raises(ThresholdsNotFit):
        board.open_case("precaution", thresholds=["bio-3"])
    board.open_case("lowering", thresholds=["bio-3"])
    question = board.question(threshold="bio-3")
    board.vote(mia, question)
    assert board.settle(question).verdict == "not_crossed"
    assert board.required() == ASL_2
    board.measure("exploits", right=1)
    assert board.required() == ASL_2


def test_nothing_is_let_go_while_evidence_the_next_version_asks_for_is_missing(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    board.measure("bio_protocols")
    case = board.open_case("precaution", thresholds=["bio-3"])
    board.settle(board.question(threshold="bio-3"))
    close(board, case)
    adopt(board, WITHOUT_BIO_3)
    board.open_case("lowering", thresholds=["bio-3"])
    question = board.question(threshold="bio-3")
    board.vote(mia, question)
    with pytest.raises(VerdictNotNow) as refused:
        board.settle(question)
    assert refused.value.code == "finding_incomplete" and board.required()["security"] == "asl-3"


def test_a_tier_the_next_version_does_not_know_shuts_the_gate_and_no_page_breaks(board: Board) -> None:
    pages = client_of(board.cast.dan)
    treated(board)
    adopt(board, RENAMED_TIER)
    assert board.required() == ASL_3 and board.facts.required["security"].tier == unknown("security")
    undefined = [reason for reason in board.ask().reasons if reason["code"] == "tier_undefined"]
    assert {reason["about"] for reason in undefined} == {"deployment", "security"} and "lowering" in undefined[0]["what_to_do"]
    for address in (
        reverse("reviews:portfolio") + "?sort=-required",
        reverse("reviews:subject-detail", args=["heron"]),
        reverse("reviews:case-open", args=["heron"]) + "?kind=lowering",
        reverse("reviews:gate") + f"?artefact={board.snapshot.weights_digest}&scope=external",
    ):
        answer = pages.get(address)
        assert answer.status_code == 200, address
    assert b"asl-3" in pages.get(reverse("reviews:subject-detail", args=["heron"])).content


def unknown(axis: str) -> Tier:
    return Tier("asl-3", axis, 5, "asl-3", "asl-3", defined=False, includes_below=True, goal="", known=False)


def test_a_lower_baseline_is_for_models_that_come_later_until_the_board_lets_go(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    adopt(board, STRICTER_BASELINE)
    board.clean()
    assert board.required()["deployment"] == "asl-3"
    adopt(board, NEXT.replace(b"revision: 2", b"revision: 3"))
    assert board.required() == {"deployment": "asl-3", "security": "asl-2"}
    assert {cause.kind for cause in board.facts.required["deployment"].because} == {"earlier"}
    later = make_subject(board.cast, "egret", at=board.now())
    assert collect_one(later, board.version, board.now()).required_slugs == ASL_2
    board.open_case("lowering", thresholds=[EARLIER_BASELINE])
    question = board.question(threshold=EARLIER_BASELINE)
    board.vote(mia, question)
    board.settle(question)
    assert board.required() == ASL_2
    board.measure("exploits", right=1)
    assert board.required() == ASL_2


def test_what_rises_under_a_new_version_joins_the_open_case_of_the_old_one(board: Board) -> None:
    """The case was opened under a version without Bio-3: what a later result no longer shows stays raised there until people decide."""
    board.version = adopt_framework(board.cast, WITHOUT_BIO_3, at=board.now())
    board.measure("exploits")
    board.open_case()
    adopt(board, NEXT.replace(b"revision: 2", b"revision: 3"))
    board.measure("bio_protocols", right=20)
    question = board.question(threshold="bio-3")
    assert question.case.framework_version.revision == 2 and question.raised == ASL_3
    assert board.required() == ASL_3


@pytest.mark.parametrize("source", [NEXT, WITHOUT_BIO_3], ids=["asks for no paper", "has no such threshold"])
def test_a_paper_an_earlier_version_asked_for_is_asked_for_until_the_board_decides_anew(board: Board, source: bytes) -> None:
    adopt(board, WITH_PAPER.replace(b"revision: 1", b"revision: 9"))
    treated(board)
    adopt(board, source.replace(b"revision: 2", b"revision: 10"))
    assert "required_paper_missing" in board.ask().codes
    assert [each.key for each in board.facts.asked_papers] == [("bio-3", "affirmative-case")]
    case = board.open_case("re_approval", snapshot=board.snapshot)
    board.work()
    told = Notice.objects.filter(kind="paper_wanted", channel="inbox", case=case, withdrawn_at=None)
    assert {row.person for row in told} == {board.cast.ada, board.cast.farid}
    board.supply()
    board.work()
    assert not {"required_paper_missing", "required_paper_outdated"} & set(board.ask().codes)
    assert not told.all().exists()


ASKED_ASL_4 = FRAMEWORK.replace(b"requires: {deployment: asl-3, security: asl-3}", b"requires: {deployment: asl-4, security: asl-4}")


def test_saying_anew_that_a_threshold_is_crossed_lets_go_of_no_tier_an_earlier_version_asked(board: Board) -> None:
    """Bio-3 asked ASL-4 when it was decided and asks ASL-3 by now: any reviewer may ask again, and only a lowering case lowers."""
    adopt(board, ASKED_ASL_4.replace(b"revision: 1", b"revision: 9"))
    board.clean()
    case = board.open_case("precaution", thresholds=["bio-3"])
    board.settle(board.question(threshold="bio-3"))
    close(board, case)
    adopt(board, NEXT.replace(b"revision: 2", b"revision: 10"))
    assert set(board.required().values()) == {"asl-4"}
    board.open_case("precaution", thresholds=["bio-3"], actor=board.cast.ben)
    question = board.question(threshold="bio-3")
    assert question.content["requires"] == {"deployment": "asl-4", "security": "asl-4"}
    board.settle(question)
    assert set(board.required().values()) == {"asl-4"}


def lower_bio_3(board: Board) -> Question:
    """Bio-3 was treated as crossed, the next version has it no more, and the board asks whether to let go; Mia votes for it."""
    mia = add_reviewer(board, "Mia")
    treated(board)
    adopt(board, WITHOUT_BIO_3)
    board.open_case("lowering", thresholds=["bio-3"])
    question = board.question(threshold="bio-3")
    board.vote(mia, question)
    return question


def test_letting_go_of_an_earlier_versions_threshold_lasts_where_no_finding_can_outrun_it(board: Board) -> None:
    assert board.settle(lower_bio_3(board)).valid_until is None
    board.moment += timedelta(days=183)
    assert following.expire(at=board.now()) == 0 and board.required() == ASL_2


def test_it_runs_out_like_any_other_where_the_version_in_force_finds_the_threshold(board: Board) -> None:
    """The case is bound to a version without Bio-3, and the version in force has it: the decision answers a finding, and a finding moves."""
    board.version = adopt_framework(board.cast, WITHOUT_BIO_3, at=board.now())
    board.measure("exploits")
    board.open_case()
    adopt(board, NEXT.replace(b"revision: 2", b"revision: 3"))
    board.measure("bio_protocols", right=20)
    question = board.question(threshold="bio-3")
    assert question.case.framework_version.revision == 2
    decided = board.settle(question, "not_crossed")
    assert decided.valid_until == decided.decided_at + timedelta(days=183)
    board.moment += timedelta(days=183)
    assert following.expire(at=board.now()) == 1


def test_no_other_model_covers_a_threshold_the_version_in_force_does_not_have(board: Board) -> None:
    question = lower_bio_3(board)
    other = make_subject(board.cast, "egret", at=board.now())
    weights = make_snapshot(board.cast, other, at=board.now(), names=("demo/egret",))
    with pytest.raises(VerdictNotNow) as refused:
        propose(question=question, verdict="covered_by", note="", covered_by=weights, actor=board.cast.dan, at=board.now())
    assert refused.value.code == "not_a_threshold"
    assert refused.value.sentence == "The version in force does not have this threshold, so no other model can speak for it."
    assert "not crossed" in refused.value.what_to_do


# Bio-3 leans on two indicators, and the version after asks for both where one was enough.
_TWO = b"rule: {%s: [{indicator: bio-protocols}, {indicator: exploits}]}"
EITHER, BOTH = (
    FRAMEWORK.replace(b"revision: 1", b"revision: %d" % revision)
    .replace(b"rule: {indicator: exploits}", b"rule: {indicator: OTHER}")
    .replace(b"rule: {indicator: bio-protocols}", _TWO % rule)
    .replace(b"OTHER", b"bio-protocols")
    for revision, rule in ((2, b"any_of"), (3, b"all_of"))
)


def test_a_rule_that_asks_more_of_the_same_results_outruns_the_decision_that_answered_it(board: Board) -> None:
    """No leaf moves, the finding does: the decision lapses, the tier rises, a case opens, and nothing can be released on what was decided before."""
    adopt(board, EITHER)
    board.measure("bio_protocols", right=0)
    board.measure("exploits", right=20)
    case = board.open_case()
    for threshold in ("bio-3", "bio-4"):
        board.settle(board.question(threshold=threshold), "not_crossed")
    board.safeguard()
    board.settle_safeguards()
    board.release()
    board.work()
    assert board.ask().allowed
    adopt(board, BOTH)
    assert board.facts.outcomes["bio-3"] == "cannot_rule_out" and "bio-3" not in board.facts.determinations
    assert board.required() == ASL_3
    assert board.case != case and board.case.kind == "elevation"
    assert "finding_not_answered" in board.ask().codes


def test_a_leaf_that_was_only_thin_and_is_past_its_line_by_now_ends_the_decision_that_leaned_on_the_other_one(board: Board) -> None:
    """One of two ways rules out, and goes on doing so; the other had too few items to say anything, and now says the worst."""
    adopt(board, EITHER)
    board.measure("exploits", right=0)
    board.measure("bio_protocols", right=0, n=10)
    assert board.facts.outcomes["bio-3"] == "ruled_out"
    board.settle(board.question(threshold="bio-3"), "not_crossed")
    board.measure("exploits", right=0)
    assert "bio-3" in board.facts.determinations
    board.measure("bio_protocols", right=36)
    assert board.facts.outcomes["bio-3"] == "ruled_out" and "bio-3" not in board.facts.determinations
