"""Decisions: quorum, the ratchet, what lapses and what is kept, and what goes down to those who inherit."""

from datetime import timedelta

import pytest

from evaluations.models import Coverage, Measurement, Snapshot, StandingRequirement
from evaluations.services import results
from evaluations.services.assessments import mark_what_the_clock_changed
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.signing import Statement, verify_signature
from reviews.case_json import status_json
from reviews.facts import collect_one
from reviews.models import Case, Determination, Question, ReleaseDecision
from reviews.services import cases, following
from reviews.services.cases import ask_release
from reviews.services.decisions import CoverNotFit, GateWouldDeny, QuorumNotMet, VerdictNotNow, propose
from reviews.services.signoffs import revoke_signoff
from reviews.services.votes import ContentChanged
from reviews.status import subject_status
from tests.makers import make_signature, make_snapshot, make_subject
from tests.reviews.conftest import Board, add_reviewer


def in_force(board: Board, threshold: str = "bio-3") -> Determination | None:
    return Determination.objects.in_force(board.now()).filter(threshold=threshold).first()


def standing(board: Board) -> dict[str, str]:
    rows = StandingRequirement.objects.filter(subject=board.subject).order_by("seq")
    return {row.axis: row.tier for row in rows}


def test_the_chair_declares_once_the_quorum_is_met_and_not_before(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    board.vote(board.cast.ben, question)
    with pytest.raises(QuorumNotMet) as refused:
        board.decide(question)
    assert [line.code for line in refused.value.data["missing"]] == ["approvals"]
    board.vote(board.cast.chloe, question)
    for other in (board.cast.ben, board.cast.grace):
        with pytest.raises(NotAllowed):
            board.decide(question, actor=other)
    with pytest.raises(ContentChanged):
        board.decide(question, seen_digest="sha256:" + "0" * 64)
    determination = board.decide(question)
    assert (determination.verdict, determination.requires) == ("treated_as_crossed", {"deployment": "asl-3", "security": "asl-3"})
    assert determination.valid_until is None and verify_signature(determination.signature)
    assert determination.decided_by == board.cast.dan and not question.votes.filter(person=board.cast.dan).exists()


def test_what_was_signed_is_entered_in_the_role_and_under_the_policy_of_its_statement(board: Board) -> None:
    board.rise()
    policy = board.case.policy_digest
    board.settle(board.question(threshold="bio-3"))
    board.safeguard()
    board.settle(board.question(threshold="bio-4"), "not_crossed")
    board.settle_safeguards()
    board.release()
    entered = {entry.kind: (entry.role, entry.policy) for entry in Entry.objects.filter(kind__startswith="reviews:")}
    assert entered["reviews:vote:cast"] == ("reviewer", policy)
    for declared in ("reviews:determination:made", "reviews:safeguards:decided", "reviews:release:decided"):
        assert entered[declared] == ("chair", policy)
    assert entered["reviews:signoff:given"] == ("reviewer", "")
    assert entered["reviews:applicability:stated"] == ("safeguard_owner", policy)


def test_dissent_is_kept_with_the_decision_and_in_the_ledger(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    board.rise()
    question = board.question(threshold="bio-3")
    against = board.vote(mia, question, "reject", rationale="The bound is an artefact of the small n.")
    determination = board.settle(question)
    assert {vote["choice"] for vote in determination.votes} == {"approve", "reject"}
    entry = Entry.objects.filter(kind="reviews:determination:made").prefetch_related("fields").get()
    assert [str(against.pk), "reject", True] in entry.values["votes"]


def test_rejecting_an_elevation_by_quorum_answers_the_finding(board: Board) -> None:
    """Rule 4: a not_crossed in force answers a finding that cannot be ruled out; its evidence is whole."""
    board.rise()
    determination = board.settle(board.question(threshold="bio-3"), "not_crossed")
    assert determination.verdict == "not_crossed" and determination.valid_until is not None
    assert board.required() == {"deployment": "asl-2", "security": "asl-2"} == standing(board)


def test_one_objection_blocks_a_rejection_of_an_elevation(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    board.rise()
    question = board.question(threshold="bio-3")
    board.vote(mia, question, "approve")
    with pytest.raises(QuorumNotMet):
        board.settle(question, "not_crossed")
    assert board.required()["deployment"] == "asl-3"


def test_not_crossed_is_not_now_while_evidence_is_missing_and_treating_as_crossed_always_is(board: Board) -> None:
    board.measure("bio_protocols")
    board.open_case()
    question = board.question(threshold="bio-4")
    assert (question.finding_outcome, question.proposal) == ("not_assessed", "treated_as_crossed")
    with pytest.raises(VerdictNotNow) as refused:
        propose(question=question, verdict="not_crossed", note="", actor=board.cast.dan, at=board.now())
    assert refused.value.code == "finding_incomplete" and "Exploits" in refused.value.sentence
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, "reject")
    with pytest.raises(VerdictNotNow):
        board.decide(question, "not_crossed")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, "approve")
    assert board.decide(question).verdict == "treated_as_crossed"
    assert board.required() == {"deployment": "asl-4", "security": "asl-4"}


def test_another_proposal_outdates_the_votes_on_the_first(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    with pytest.raises(NotAllowed):
        propose(question=question, verdict="crossed", note="", actor=board.cast.ben, at=board.now())
    propose(question=question, verdict="crossed", note="The trial settles it.", actor=board.cast.dan, at=board.now())
    with pytest.raises(QuorumNotMet):
        board.decide(question)
    assert board.settle(question).verdict == "crossed"


def test_better_evidence_alone_lowers_nothing_that_rose(board: Board) -> None:
    """What rose stays raised until people decide, also where a later result no longer shows it."""
    board.rise()
    question = board.question(threshold="bio-3")
    bad = Measurement.objects.get(run__task="bio_protocols", metric="accuracy")
    board.measure("bio_protocols")
    good = Measurement.objects.filter(run__task="bio_protocols", metric="accuracy").exclude(pk=bad.pk).get()
    supersede(board, bad, good)
    question.refresh_from_db()
    assert question.finding_outcome == "ruled_out"
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}
    board.settle(question, "not_crossed")
    assert board.required() == {"deployment": "asl-2", "security": "asl-2"}


def test_what_people_held_up_comes_down_only_by_a_lowering_case_with_its_own_quorum(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    board.clean()
    case = board.open_case("precaution", thresholds=["bio-3"])
    question = board.question(threshold="bio-3")
    board.settle(question)
    assert board.required()["deployment"] == "asl-3"
    case.questions.filter(state="open").update(state="withdrawn")
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=board.now())
    board.open_case("lowering", thresholds=["bio-3"])
    lowering = board.question(threshold="bio-3")
    assert lowering.proposal == "not_crossed"
    with pytest.raises(QuorumNotMet):
        board.settle(lowering)
    board.vote(mia, lowering)
    assert board.decide(lowering).verdict == "not_crossed"
    assert board.required()["deployment"] == "asl-2"
    assert list(Determination.objects.filter(threshold="bio-3").order_by("decided_at").values_list("ended_why", flat=True)) == [
        "superseded",
        "",
    ]


def test_not_crossed_lapses_when_its_finding_moves_towards_concern_and_is_kept_when_it_is_nowhere_worse(board: Board) -> None:
    board.clean()
    board.open_case()
    board.settle_thresholds()
    decided = in_force(board)
    assert decided is not None
    board.measure("bio_protocols", right=1)
    decided.refresh_from_db()
    assert decided.ended_at is None and decided.kept_for not in ("", decided.finding_digest)
    assert Entry.objects.filter(kind="reviews:determination:kept").count() == 1
    board.measure("bio_protocols", right=12)
    decided.refresh_from_db()
    assert (decided.ended_why, board.question(threshold="bio-3").finding_outcome) == ("finding_worsened", "ruled_out")
    assert in_force(board, "bio-4") is not None


def test_not_crossed_lapses_when_its_evidence_goes_stale(board: Board) -> None:
    board.clean()
    board.open_case()
    board.settle_thresholds()
    board.moment += timedelta(days=184)
    mark_what_the_clock_changed(at=board.now())
    board.work()
    assert in_force(board) is None
    assert Determination.objects.get(threshold="bio-3").ended_why == "evidence_lost"


def test_a_determination_runs_out_and_is_asked_anew_once(board: Board) -> None:
    board.clean()
    board.open_case()
    board.settle_thresholds()
    Question.objects.filter(state="open").update(state="withdrawn")
    Case.objects.update(state="closed", closed_at=board.now())
    board.moment += timedelta(days=183)
    assert following.expire(at=board.now()) == 2
    assert board.case.kind == "re_approval"
    entries = Entry.objects.count()
    assert following.expire(at=board.now()) == 0 and Entry.objects.count() == entries


def test_a_release_is_not_decided_while_the_gate_has_other_reasons(board: Board) -> None:
    board.clean()
    case = board.open_case()
    question = ask_release(case=case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=board.now())
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    with pytest.raises(GateWouldDeny) as refused:
        board.decide(question)
    assert "finding_not_answered" in refused.value.data["codes"]
    assert not ReleaseDecision.objects.exists()


def test_a_release_can_be_refused_and_then_nothing_goes_out(board: Board) -> None:
    board.clean()
    board.safeguard()
    case = board.open_case()
    board.settle_thresholds()
    board.settle_safeguards()
    question = ask_release(case=case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=board.now())
    assert board.settle(question, "refused").verdict == "refused"
    board.work()
    assert board.ask().codes == ["no_release"]


def test_approvals_of_a_release_are_outdated_when_what_it_rests_on_changes(board: Board) -> None:
    board.clean()
    signed = board.safeguard()
    case = board.open_case()
    board.settle_thresholds()
    board.settle_safeguards()
    question = ask_release(case=case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=board.now())
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    revoke_signoff(signoff=signed[0], reason="The report was withdrawn.", actor=board.cast.chloe, at=board.now())
    board.work()
    with pytest.raises((QuorumNotMet, GateWouldDeny)):
        board.decide(question)


def supersede(board: Board, old: Measurement, new: Measurement) -> None:
    """Ben signs that a broken result is replaced by a better one."""
    about = results.supersession_digests(measurement=old, replacement=new)
    statement = Statement(type=results.STATEMENT, digests=about, meaning="supersedes", role="reviewer")
    signature = make_signature(board.cast.ben, statement, at=board.now())
    results.supersede(
        measurement=old, replacement=new, reason="The grader was broken.", signature=signature, actor=board.cast.ben, at=board.now()
    )
    board.work()


def cover_egret(board: Board) -> Snapshot:
    """Heron is cleared on its own evidence; Egret, a small change of it, is what the board looks at from here on. Answers Heron's weights."""
    heron, weights = board.subject, board.snapshot
    board.clean()
    board.open_case()
    board.settle_thresholds()
    board.subject = make_subject(board.cast, "egret", at=board.now(), parent=heron, derivation="fine-tune")
    board.snapshot = make_snapshot(board.cast, board.subject, at=board.now(), is_release_candidate=True)
    board.work()
    return weights


def test_one_threshold_is_covered_and_the_other_is_answered_by_own_evidence_and_the_gate_opens(board: Board) -> None:
    weights = cover_egret(board)
    board.measure("exploits")
    board.safeguard()
    board.open_case()
    question = board.question(threshold="bio-3")
    propose(question=question, verdict="covered_by", covered_by=weights, note="Parity.", actor=board.cast.dan, at=board.now())
    board.settle(question)
    board.settle(board.question(threshold="bio-4"), "not_crossed")
    board.work()
    board.settle_safeguards()
    board.release()
    board.work()
    assert board.ask().allowed
    told = {
        each["threshold"]: each["determination"]
        for each in status_json(subject_status(board.subject, board.version, board.now()))["thresholds"]
    }
    assert told["bio-4"]["coverage"] is None and told["bio-3"]["coverage"] == {
        "covers": str(board.snapshot.pk),
        "by": {"subject": "heron", "snapshot": str(weights.pk), "label": weights.label, "digest": weights.weights_digest},
    }
    # Its own result past a line ends the coverage at once, and with it what spared the cell.
    board.measure("bio_protocols", right=20)
    coverage = Coverage.objects.get(snapshot=board.snapshot)
    assert coverage.ended_at is not None and not board.ask().allowed
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}


def test_a_coverage_runs_out_with_its_determination_and_the_weights_need_their_own_result_again(board: Board) -> None:
    weights = cover_egret(board)
    board.measure("exploits")
    board.open_case()
    question = board.question(threshold="bio-3")
    propose(question=question, verdict="covered_by", covered_by=weights, note="Parity.", actor=board.cast.dan, at=board.now())
    decided = board.settle(question)
    board.work()
    board.moment = decided.valid_until
    following.expire(at=board.now())
    assert Coverage.objects.get(snapshot=board.snapshot).ended_at is not None
    assert Entry.objects.filter(kind="evaluations:coverage:ended").count() == 1
    board.work()
    assert str(board.snapshot.pk) in board.facts.findings["bio-3"]["required_snapshots"]


def test_another_model_covers_this_one_until_its_own_determination_goes(board: Board) -> None:
    """Heron is cleared on its own evidence; Egret, a small change of it without results of its own, is covered by it, and falls with it."""
    heron, weights = board.subject, board.snapshot
    board.clean()
    board.open_case()
    board.settle_thresholds()
    egret = make_subject(board.cast, "egret", at=board.now(), parent=heron, derivation="fine-tune")
    board.subject, board.snapshot = (
        egret,
        make_snapshot(board.cast, egret, at=board.now(), is_release_candidate=True, names=("demo/egret",)),
    )
    board.work()
    board.open_case()
    for slug in ("bio-3", "bio-4"):
        question = board.question(threshold=slug)
        with pytest.raises(CoverNotFit):
            propose(question=question, verdict="covered_by", covered_by=board.snapshot, note="", actor=board.cast.dan, at=board.now())
        with pytest.raises(VerdictNotNow):
            propose(question=question, verdict="covered_by", note="", actor=board.cast.dan, at=board.now())
        propose(question=question, verdict="covered_by", covered_by=weights, note="Parity.", actor=board.cast.dan, at=board.now())
        assert board.settle(question).covered_by == weights
    board.work()
    assert "artefact_not_assessed" not in board.ask().codes and board.required() == {"deployment": "asl-2", "security": "asl-2"}
    mine = Determination.objects.filter(subject=egret, ended_at=None)
    assert mine.count() == 2
    board.subject, board.snapshot = heron, weights
    board.measure("bio_protocols", right=20)
    assert {each.threshold for each in mine} == {"bio-4"}
    assert Determination.objects.get(subject=egret, threshold="bio-3").ended_why == "leaned_on_lapsed"
    covering = Coverage.objects.filter(snapshot__subject=egret)
    assert {each.threshold: each.ended_at is not None for each in covering} == {"bio-3": True, "bio-4": False}
    board.subject = egret
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}


def test_what_a_covering_model_is_treated_as_is_required_of_those_who_derive_from_the_covered_one(board: Board) -> None:
    """Heron covers Egret, Wren derives from Egret: what the board decides of Heron reaches Wren, though none of them was assessed anew."""
    heron, weights = board.subject, board.snapshot
    board.clean()
    board.open_case()
    board.settle_thresholds()
    cases.withdraw_case(case=board.case, note="No release yet.", actor=board.cast.dan, at=board.now())
    egret = board.subject = make_subject(board.cast, "egret", at=board.now())
    board.snapshot = make_snapshot(board.cast, egret, at=board.now(), is_release_candidate=True)
    wren = make_subject(board.cast, "wren", at=board.now(), parent=egret, derivation="fine-tune")
    board.work()
    board.open_case()
    question = board.question(threshold="bio-3")
    propose(question=question, verdict="covered_by", covered_by=weights, note="Parity.", actor=board.cast.dan, at=board.now())
    board.settle(question)
    board.work()
    board.subject = heron
    board.open_case("precaution", thresholds=["bio-3"])
    board.settle(board.question(threshold="bio-3"))
    board.work()
    found = [collect_one(each, board.version, board.now()).required_slugs["security"] for each in (heron, egret, wren)]
    assert found == ["asl-3", "asl-3", "asl-3"]


def test_what_an_open_question_holds_up_again_is_required_of_those_who_inherit_at_once(board: Board) -> None:
    """The board let go of what had risen, and a reviewer asks anew: that raises the model without a new assessment, and its child too."""
    board.rise()
    for threshold in ("bio-3", "bio-4"):
        board.settle(board.question(threshold=threshold), "not_crossed")
    board.safeguard()
    board.settle_safeguards()
    board.release()
    wren = make_subject(board.cast, "wren", at=board.now(), parent=board.subject, derivation="fine-tune")
    board.work()
    assert collect_one(wren, board.version, board.now()).required_slugs["security"] == "asl-2"
    board.open_case("precaution", thresholds=["bio-3"], actor=board.cast.ben)
    board.work()
    assert board.required()["security"] == standing(board)["security"] == "asl-3"
    assert collect_one(wren, board.version, board.now()).required_slugs["security"] == "asl-3"
