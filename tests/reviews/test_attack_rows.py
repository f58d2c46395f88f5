"""What somebody with the database alone would try: a row written past the verbs, changed behind them, or taken away. The ledger's verification names it, and
from then on the gate is shut."""

import copy
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model

from evaluations.models import Binding, Judgement, Snapshot
from ledger import rows
from ledger.sentences import described_kinds
from ledger.services import append, record_verification, verify
from people.models import RoleGrant, Signature
from people.words import Role
from reviews.models import ApplicabilityLine, BoardSeat, Determination, ReleaseDecision, SignOff, Vote
from reviews.services import boards
from tests.makers import make_subject
from tests.reviews.conftest import Board

pytestmark = pytest.mark.past_the_verbs

# What no row stands for by itself: what is told, asked, read, tried or refused; a first step that a second person completes under an entry of its own; what the
# evidence says, which is computed anew; and how somebody signs in, of which the ledger keeps no more than that it was changed.
NOT_HELD = {
    "asl_portal": {"backup:made", "backup:restored"},
    "ledger": {"export:made", "field:purged", "key:introduced", "log:opened"},
    "frameworks": {"version:loaded"},
    "people": {
        *("attempt:refused", "user:closed", "user:reopened", "token:revoked", "session:ended"),
        *(f"{noun}:{verb}" for noun in ("role", "competence", "clearance") for verb in ("granted", "withdrawn", "end-proposed")),
        *("credential:set", "credential:reset", "credential:changed", "credential:released"),
        *("factor:added", "factor:removed", "factor:codes-made", "factor:code-used"),
        *("identity:chosen", "identity:linked", "identity:unlinked", "link:proposed", "link:created", "link:withdrawn"),
    },
    "evaluations": {
        *(
            "snapshot:chosen",
            "run:announced",
            "run:claimed",
            "run:cleared",
            "deployment:reported",
            "deployment:ended",
        ),
        *("upload:parsed", "upload:rejected", "upload:given-up", "upload:retried", "assessment:retried", "dossier:closed"),
        *("binding:proposed", "correction:proposed", "correction:refused", "result:refused", "arms:proposed", "attestation:refused"),
    },
    "reviews": {
        *("board:founded", "seat:proposed", "case:opened", "case:revised", "case:closed", "case:commented", "question:proposed"),
        *("clock:begun", "clock:answered"),
        *("motion:refused", "import:refused"),
        *("determination:kept", "determination:contradicted", "determination:sustained"),
        *("implementation:registered", "implementation:changed", "implementation:retired", "evidence:attached", "evidence:withdrawn"),
        *("scope:halted", "scope:changed", "gate:answered", "incident:found"),
        *("export:requested", "report:made", "table:exported", "work:retried", "notices:chosen"),
        *("outlet:added", "outlet:rotated", "outlet:stopped", "outlet:tested", "delivery:resent"),
        *("vote:refused", "decision:refused", "signoff:refused", "revocation:refused", "applicability:refused", "adoption:refused"),
    },
}


def forged(row: Model, **other: Any) -> Model:
    """A second row like this one, under a name of its own."""
    twin = copy.copy(row)
    twin.pk = uuid.uuid4()
    twin._state.adding = True
    for name, value in other.items():
        setattr(twin, name, value)
    twin.save(force_insert=True)
    return twin


def signature_like(signature: Signature, **other: Any) -> Signature:
    changed = {"statement_digest": f"sha256:{uuid.uuid4().hex * 2}", "nonce": uuid.uuid4().hex}
    made = forged(signature, **changed | other)
    assert isinstance(made, Signature)
    return made


def behind_the_triggers(statement: str, *values: Any) -> None:
    """As the owner of the tables, who can lift the triggers that refuse it to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def release_to_another_scope(board: Board) -> None:
    release = ReleaseDecision.objects.get(ended_at=None)
    forged(release, scope="internal", signature=signature_like(release.signature))


def determination_of_a_threshold(board: Board) -> None:
    decided = Determination.objects.filter(ended_at=None).first()
    assert decided is not None
    forged(decided, threshold="another", signature=signature_like(decided.signature))


def sign_off_by_somebody_else(board: Board) -> None:
    given = SignOff.objects.first()
    assert given is not None
    forged(
        given, person=board.cast.chloe if given.person != board.cast.chloe else board.cast.ben, signature=signature_like(given.signature)
    )


def role_for_a_friend(board: Board) -> None:
    grant = RoleGrant.objects.filter(role=Role.REVIEWER).first()
    assert grant is not None
    forged(grant, person=board.cast.farid)


def seat_for_a_friend(board: Board) -> None:
    founded = boards.found_board(slug="board", name="The board", framework_name="board", actor=board.cast.dan, at=board.now())
    signed = {"proposed_by": board.cast.dan, "proposed_at": board.now(), "confirmed_by": board.cast.ben, "confirmed_at": board.now()}
    BoardSeat.objects.create(board=founded, person=board.cast.farid, role="reviewer", **signed)


def judgement_of_a_question(board: Board) -> None:
    Judgement.objects.create(
        subject=board.subject,
        framework_name="board",
        slug="calm",
        outcome="ruled_out",
        record=uuid.uuid4(),
        decided_at=board.now(),
        recorded_at=board.now(),
    )


def framework_nobody_adopted(board: Board) -> None:
    version = board.version
    signed = {"proposed": signature_like(version.proposed), "confirmed": signature_like(version.confirmed)}
    forged(version, name="another", digest=f"sha256:{'d' * 64}", **signed)


def verdict_turned_round(board: Board) -> None:
    release = ReleaseDecision.objects.get(ended_at=None)
    behind_the_triggers("UPDATE reviews_releasedecision SET valid_until = valid_until + interval '1 year' WHERE id = %s", release.pk)


def vote_turned_round(board: Board) -> None:
    vote = Vote.objects.filter(choice="approve").first()
    assert vote is not None
    behind_the_triggers("UPDATE reviews_vote SET choice = 'abstain' WHERE id = %s", vote.pk)


def rationale_rewritten(board: Board) -> None:
    vote = Vote.objects.first()
    assert vote is not None
    behind_the_triggers("UPDATE reviews_vote SET rationale = 'I saw nothing.' WHERE id = %s", vote.pk)


def dissent_taken_away(board: Board) -> None:
    vote = Vote.objects.first()
    assert vote is not None
    behind_the_triggers("DELETE FROM reviews_vote WHERE id = %s", vote.pk)


def binding_of_another_task(board: Board) -> None:
    binding = Binding.objects.filter(confirmed_at__isnull=False).first()
    assert binding is not None
    forged(binding, task="an-easier-one", confirmed_seq=binding.confirmed_seq)


def binding_turned_to_another_task(board: Board) -> None:
    behind_the_triggers("UPDATE evaluations_binding SET task = 'an-easier-one' WHERE id IN (SELECT id FROM evaluations_binding LIMIT 1)")


def weights_called_by_another_name(board: Board) -> None:
    behind_the_triggers("""UPDATE evaluations_snapshot SET model_names = '["anything/at-all"]'""")


def weights_that_never_grew(board: Board) -> None:
    behind_the_triggers("UPDATE evaluations_snapshot SET compute_factor = coalesce(compute_factor, 0) + 1")


def elicitation_declared_afterwards(board: Board) -> None:
    behind_the_triggers("""UPDATE evaluations_upload SET declared = '{"fine_tuned": "true"}'""")


def child_of_another(board: Board) -> None:
    parent = make_subject(board.cast, "kestrel", at=board.now())
    behind_the_triggers("UPDATE evaluations_subject SET derivation = 'fine-tune', parent_id = %s WHERE id <> %s", parent.pk, parent.pk)


def weights_confirmed_by_nobody(board: Board) -> None:
    snapshot = Snapshot.objects.filter(confirmed_at__isnull=False).first()
    assert snapshot is not None
    forged(snapshot, label="swapped", weights_digest=f"sha256:{'e' * 64}")


def another_sign_off_under_a_statement(board: Board) -> None:
    line = ApplicabilityLine.objects.first()
    assert line is not None
    behind_the_triggers("DELETE FROM reviews_applicabilityline WHERE id = %s", line.pk)


FORGERIES: dict[Callable[[Board], None], str] = {
    release_to_another_scope: "row_unsound",
    determination_of_a_threshold: "row_unsound",
    sign_off_by_somebody_else: "row_unsound",
    role_for_a_friend: "row_unaccounted",
    seat_for_a_friend: "row_unaccounted",
    judgement_of_a_question: "row_unaccounted",
    framework_nobody_adopted: "row_unsound",
    verdict_turned_round: "row_unaccounted",
    vote_turned_round: "row_unsound",
    rationale_rewritten: "row_unsound",
    dissent_taken_away: "row_gone",
    binding_of_another_task: "row_unaccounted",
    binding_turned_to_another_task: "row_unaccounted",
    weights_called_by_another_name: "row_unaccounted",
    weights_that_never_grew: "row_unaccounted",
    elicitation_declared_afterwards: "row_unaccounted",
    child_of_another: "row_unaccounted",
    weights_confirmed_by_nobody: "row_unaccounted",
    another_sign_off_under_a_statement: "row_unsound",
}


def test_every_kind_of_entry_is_held_against_its_rows_or_named_here() -> None:
    named = {f"{room}:{kind}" for room, kinds in NOT_HELD.items() for kind in kinds}
    assert rows.kinds().isdisjoint(named)
    assert set(described_kinds()) == rows.kinds() | named


def test_the_whole_road_to_a_release_stands_in_the_ledger(open_board: Board) -> None:
    report = verify()
    assert report.sound, report.misfit
    assert report.rows > Vote.objects.count() + SignOff.objects.count()


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_what_was_done_past_the_verbs_is_named_and_shuts_the_gate(open_board: Board, forge: Callable[[Board], None]) -> None:
    assert open_board.ask().allowed
    forge(open_board)
    report = record_verification(at=open_board.now())
    assert report.misfit is not None and report.misfit.code == FORGERIES[forge]
    answer = open_board.ask()
    assert not answer.allowed and "ledger_broken" in answer.codes


def test_an_entry_of_before_it_named_the_selector_is_held_to_what_it_tells(open_board: Board) -> None:
    binding = Binding.objects.filter(confirmed_at__isnull=False).first()
    assert binding is not None
    earlier = forged(binding, task="another-task", confirmed_seq=binding.confirmed_seq)
    told = {"indicator": binding.indicator, "family": binding.family}
    with transaction.atomic():
        append(
            kind="evaluations:binding:confirmed",
            thing=f"binding:{earlier.pk}",
            actor=binding.confirmed_by_id,
            at=open_board.now(),
            fields=told,
        )
    assert verify().sound
    behind_the_triggers("UPDATE evaluations_binding SET indicator = 'another' WHERE id = %s", earlier.pk)
    assert not verify().sound


def test_a_decision_under_a_signature_that_was_given_for_another_does_not_hold(open_board: Board) -> None:
    """The same person's sound signature, under something else that they signed."""
    given = SignOff.objects.filter(person__in=Vote.objects.values("person")).first()
    assert given is not None
    vote = Vote.objects.filter(person=given.person).first()
    assert vote is not None
    behind_the_triggers("UPDATE reviews_vote SET signature_id = %s WHERE id = %s", given.signature_id, vote.pk)
    misfit = verify().misfit
    assert misfit is not None and misfit.code == "row_unsound" and "another statement" in misfit.sentence


def test_a_mark_of_hazard_that_was_taken_off_a_row_is_found(open_board: Board) -> None:
    open_board.rise()
    signed = open_board.vote(open_board.cast.ben, open_board.question(threshold="bio-3"), hazard=True)
    assert verify().sound
    behind_the_triggers("UPDATE reviews_vote SET hazard = false WHERE id = %s", signed.pk)
    assert verify().misfit is not None
