"""The gate over a real world: what opens it, what shuts it, what is entered for the record, and that failing is denying."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from evaluations import documents
from evaluations.models import Document
from evaluations.replay import Replayed
from frameworks.engine.versions import Versions
from ledger.canonical import canonical, digest
from ledger.models import Entry, LedgerField
from ledger.refusals import NotAllowed
from reviews import gate, gate_rules
from reviews.models import ApplicabilityStatement, GateAnswer, ReleaseDecision, ScopeState, SignOff
from reviews.replay import replay_answer, replay_gate
from reviews.services.following import subjects_the_clock_may_move, sweep
from reviews.services.scopes import AlreadyHalted, HaltReasonMissing, halt, recompute
from reviews.services.signoffs import revoke_signoff
from tests.evaluations.logs import log
from tests.makers import make_snapshot, make_subject
from tests.reviews.conftest import Board

SWAPPED = digest("other weights")


def test_swapped_weights_are_unknown_and_registered_ones_are_not_the_released_ones(open_board: Board) -> None:
    assert open_board.ask(artefact=SWAPPED).codes == ["unknown_artefact"]
    other = make_snapshot(
        open_board.cast, open_board.subject, "step 2", at=open_board.now(), names=("demo/heron-2",), compute_factor=Decimal(1)
    )
    open_board.work()
    found = open_board.ask(artefact=other.weights_digest)
    assert not found.allowed and {"artefact_mismatch", "artefact_not_assessed"} <= set(found.codes)
    assert open_board.ask().allowed


def test_evidence_that_waits_to_be_read_shuts_the_gate_until_it_is(open_board: Board) -> None:
    open_board.send(log("cooking", run="unread"))
    assert "evidence_pending" in open_board.ask().codes
    open_board.work()
    assert open_board.ask().allowed


def test_an_unbound_run_whose_task_matches_an_indicator_denies(open_board: Board) -> None:
    """The same upload of a task no indicator names would change nothing; this one takes the finding, and with it what people decided on it."""
    open_board.send(log("cooking", run="of no concern", results__scores=[]))
    open_board.work()
    assert open_board.ask().allowed
    open_board.send(log("bio_protocols", run="unbound", results__scores=[]))
    open_board.work()
    assert open_board.facts.outcomes["bio-3"] != "ruled_out"
    assert {"finding_not_answered", "open_case"} <= set(open_board.ask().codes)


def test_a_rise_shuts_the_gate_at_once(open_board: Board) -> None:
    open_board.measure("bio_protocols", right=20)
    found = open_board.ask()
    assert {"finding_not_answered", "open_case", "safeguards_not_adequate", "release_outdated"} <= set(found.codes)
    assert ScopeState.objects.get(scope="external").state == "shut"
    assert Entry.objects.filter(kind="reviews:scope:changed").count() == 2


def test_a_revoked_sign_off_lapses_everything_that_leans_on_it(open_board: Board) -> None:
    signoff = SignOff.objects.get(implementation__safeguard="asl-2-security-1")
    revoke_signoff(signoff=signoff, reason="The report was forged.", actor=open_board.cast.ben, at=open_board.now())
    assert {"signoff_expired", "no_applicability"} <= set(open_board.ask().codes)
    open_board.work()
    assert {"signoff_expired", "safeguards_not_adequate", "open_case"} <= set(open_board.ask().codes)
    assert open_board.case.kind == "re_approval"


def test_one_person_halts_and_only_the_board_goes_on(open_board: Board) -> None:
    told = {"subject": open_board.subject, "framework_version": open_board.version, "scope": "external", "reason": "A jailbreak."}
    with pytest.raises(NotAllowed):
        halt(**told, actor=open_board.cast.ada, at=open_board.now())
    with pytest.raises(HaltReasonMissing):
        halt(**told | {"reason": " "}, actor=open_board.cast.ben, at=open_board.now())
    halt(**told, actor=open_board.cast.ben, at=open_board.now())
    assert open_board.ask().codes == ["scope_halted"]
    with pytest.raises(AlreadyHalted):
        halt(**told, actor=open_board.cast.chloe, at=open_board.now())
    recompute(subject=open_board.subject, framework_version=open_board.version, at=open_board.now())
    assert ScopeState.objects.get(scope="external").state == "halted"
    open_board.release_anew()
    assert open_board.ask().allowed


def test_time_alone_shuts_the_gate(open_board: Board) -> None:
    assert [subject for subject, _ in subjects_the_clock_may_move()] == [open_board.subject]
    open_board.moment += timedelta(days=90)
    assert "release_expired" in open_board.ask().codes or "no_release" in open_board.ask().codes
    changed = recompute(subject=open_board.subject, framework_version=open_board.version, at=open_board.now())
    assert [(state.scope, state.state) for state in changed] == [("external", "shut")]
    assert recompute(subject=open_board.subject, framework_version=open_board.version, at=open_board.now()) == []


def test_the_sweep_ends_what_ran_out_and_doing_it_twice_is_doing_it_once(open_board: Board) -> None:
    """Half a year on decisions end, scopes shut, and the board is asked anew."""
    open_board.moment += timedelta(days=184)
    sweep(at=open_board.now())
    assert not ReleaseDecision.objects.filter(ended_at=None).exists() and ScopeState.objects.get(scope="external").state == "shut"
    assert open_board.case.kind == "re_approval"
    entries = Entry.objects.count()
    sweep(at=open_board.now())
    assert Entry.objects.count() == entries


def test_a_broken_ledger_shuts_the_gate(open_board: Board) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_head SET root = decode(repeat('00', 32), 'hex')")
    assert open_board.ask().codes == ["ledger_broken"]


def test_an_exception_anywhere_behind_the_gate_denies(open_board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> bytes:
        raise RuntimeError("out of order")

    monkeypatch.setitem(gate.gate_rules.RULES.carried, gate.gate_rules.RULES_VERSION, broken)
    assert (open_board.ask().allowed, open_board.ask().codes) == (False, ["gate_failed"])
    made = gate.authorise_at(artefact=open_board.snapshot.weights_digest, scope="external", actor=open_board.cast.dan, at=open_board.now())
    assert not made.allowed and made.reasons[0]["code"] == "gate_failed"
    monkeypatch.undo()
    assert list(replay_gate(None, Replayed())) == []


def test_an_authorisation_is_entered_with_its_inputs_and_replays(open_board: Board) -> None:
    before = Entry.objects.count()
    stack, weights = digest("stack"), open_board.snapshot.weights_digest
    made = gate.authorise_at(artefact=weights, scope="external", stack=stack, actor=open_board.cast.dan, at=open_board.now())
    assert made.allowed and Entry.objects.count() == before + 1
    fields = {field.path: field for field in LedgerField.objects.filter(entry__seq=made.ledger_seq)}
    assert {"inputs", "answer", "framework", "allowed"} <= set(fields)
    denied = gate.authorise_at(artefact=SWAPPED, scope="external", actor=open_board.cast.dan, at=open_board.now())
    assert not denied.allowed and denied.subject is None
    assert gate.is_authorised(made.pk, artefact=weights, scope="external", stack=stack, at=made.at)
    for wrong in ({"artefact": SWAPPED}, {"scope": "internal"}, {"stack": ""}, {"at": made.expires_at}):
        told = {"artefact": weights, "scope": "external", "stack": stack, "at": made.at} | wrong
        assert not gate.is_authorised(made.pk, **told)
    assert not gate.is_authorised(denied.pk, artefact=SWAPPED, scope="external", stack="", at=denied.at)
    replayed = Replayed()
    assert list(replay_gate(None, replayed)) == [] and replayed.count == 2


def test_a_gate_answer_that_was_tampered_with_does_not_replay(open_board: Board) -> None:
    made = gate.authorise_at(artefact=SWAPPED, scope="external", actor=open_board.cast.dan, at=open_board.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as somebody with the owner's rights would
    GateAnswer.objects.filter(pk=made.pk).update(allowed=True)
    assert [difference.place for difference in replay_gate(None, Replayed())] == ["allowed"]


def test_each_gate_answer_is_replayed_by_the_rules_that_gave_it(open_board: Board) -> None:
    """The rules of a later day say more; what was answered before them is not judged by them, nor the other way round."""

    def next_rules(framework: bytes, inputs: bytes) -> bytes:
        return canonical(gate_rules.read(gate_rules.answer(framework, inputs)) | {"rules_version": "next", "remark": "Looked at twice."})

    both = Versions("rules", {gate_rules.RULES_VERSION: gate_rules.answer, "next": next_rules}, current="next")
    made = gate.authorise_at(artefact=SWAPPED, scope="external", actor=open_board.cast.dan, at=open_board.now())
    said = next_rules(documents.load(made.framework_document_id or ""), documents.load(made.inputs_document_id))
    later = GateAnswer.objects.get(pk=made.pk)
    later.pk, later.rules_version, later.ledger_seq = uuid4(), "next", 0
    later.answer_document_id = documents.store("gate-answer", said, at=open_board.now())
    later.save(force_insert=True)
    assert [*replay_answer(made, rules=both), *replay_answer(later, rules=both)] == []
    assert list(replay_answer(made, rules=Versions("rules", {gate_rules.RULES_VERSION: next_rules}, current="next")))
    different = list(replay_gate(None, Replayed()))
    assert [(each.place, each.recomputed) for each in different] == [
        ("rules_version", "made by rules version next, which this portal does not carry")
    ]


def test_asking_writes_nothing(open_board: Board) -> None:
    before = (Entry.objects.count(), Document.objects.count(), GateAnswer.objects.count())
    open_board.ask()
    open_board.ask(artefact=SWAPPED)
    assert before == (Entry.objects.count(), Document.objects.count(), GateAnswer.objects.count())


def test_a_second_model_at_the_same_tier_needs_one_statement_and_no_new_sign_off(open_board: Board) -> None:
    signed = SignOff.objects.count()
    second = make_subject(open_board.cast, "egret", at=open_board.now())
    weights = make_snapshot(open_board.cast, second, at=open_board.now(), is_release_candidate=True, names=("demo/heron",))
    open_board.subject, open_board.snapshot = second, weights
    open_board.work()
    open_board.clean()
    open_board.open_case()
    open_board.settle_thresholds()
    open_board.settle_safeguards()
    open_board.release()
    open_board.work()
    assert open_board.ask().allowed
    assert (SignOff.objects.count(), ApplicabilityStatement.objects.filter(subject=second).count()) == (signed, 1)
