"""An answer that is given again is the answer a fresh look would give: whatever runs out in between, in whatever order it is asked, and never later than a second."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations.models import Assessment, Subject
from frameworks.engine.versions import Versions
from ledger.canonical import parse, time_text
from ledger.standstill import WhileNothingMoves
from people.models import ApiToken, RoleGrant
from people.services import revoke_token
from reviews import gate
from reviews.models import Case, Determination, ReleaseDecision, SafeguardsDecision, SignOff
from reviews.portfolio_page import PortfolioForm, PortfolioRow, listed
from reviews.services import scopes
from reviews.standing import shown
from reviews.status import SubjectStatus, read_status, subject_status
from tests.makers import client_of, make_token
from tests.reviews.conftest import Board, make_board
from tests.reviews.test_gate_memory import undisturbed

pytestmark = pytest.mark.django_db(transaction=True)

# Everything that runs out by itself and that the gate answers from.
ENDS: tuple[tuple[Any, str], ...] = (
    (SignOff, "expires_at"),
    (Determination, "valid_until"),
    (SafeguardsDecision, "valid_until"),
    (ReleaseDecision, "valid_until"),
    (Assessment, "valid_until"),
)
MOMENTS = st.integers(min_value=-300, max_value=1700).map(lambda thousandths: timedelta(milliseconds=thousandths))
# Which of them ends when, and at which other moments it is asked.
DRAWN = {"ends": st.dictionaries(st.integers(0, len(ENDS) - 1), MOMENTS, min_size=1, max_size=3), "asked": st.lists(MOMENTS, max_size=3)}


def at_will(act: Callable[..., None]) -> None:
    """Runs the property on a world that was built once and holds still: once with each end alone, then as drawn."""
    for place in range(len(ENDS)):
        act(ends={place: timedelta(seconds=0.7)}, asked=[timedelta(seconds=0.2)])
    settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)(given(**DRAWN)(act))()


def let_end(start: datetime, ends: dict[int, timedelta]) -> None:
    """Lets each kind end so long after `start`; a kind that is not named, a month after."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # what is signed is never changed otherwise
        for place, (model, field) in enumerate(ENDS):
            model.objects.update(**{field: start + ends.get(place, timedelta(days=30))})


def instants(start: datetime, ends: dict[int, timedelta], asked: list[timedelta]) -> Iterator[datetime]:
    """The moments asked, and each end to the microsecond: just before it, at it, just after, and just before again."""
    for one in asked:
        yield start + max(one, timedelta(0))
    for end in ends.values():
        yield from (start + max(end + timedelta(microseconds=apart), timedelta(0)) for apart in (-1, 0, 1, -1))


def anew(board: Board, at: datetime) -> gate.Answer:
    """What the gate says when it looks at everything again."""
    artefact = board.snapshot.weights_digest
    return gate._answer(gate._read(artefact, None, at)[0], artefact, "external", None, at)


def told(answer: gate.Answer) -> tuple[Any, ...]:
    return answer.allowed, answer.reasons, answer.notes, answer.required, answer.framework_digest, answer.ledger_size, answer.ledger_root


def asked_at(board: Board, at: datetime, **more: Any) -> gate.Answer:
    return gate.answer_at(scope="external", artefact=board.snapshot.weights_digest, at=at, **more)


def shown_of(status: SubjectStatus) -> tuple[Any, ...]:
    gates = [(scope.scope, scope.state, [reason["code"] for reason in scope.reasons]) for scope in status.scopes]
    return status.label, status.safeguards_signed, [(axis.slug, axis.in_force) for axis in status.axes], gates, status.at


def test_whatever_runs_out_and_whenever_it_is_asked_memory_and_a_fresh_look_say_the_same_at_the_gate_and_on_a_page() -> None:
    board = make_board()
    board.let_out()
    start = board.now()
    seen = {True: 0, False: 0}

    def agree(ends: dict[int, timedelta], asked: list[timedelta]) -> None:
        let_end(start, ends)
        for at in instants(start, ends, asked):
            given_, fresh = asked_at(board, at), anew(board, at)
            assert told(given_) == told(fresh)
            assert timedelta(0) <= at - given_.at <= gate.LONGEST_REMEMBERED
            assert given_.expires_at <= fresh.expires_at
            shown_, read = subject_status(board.subject, board.version, at), read_status(board.subject, board.version, at)
            assert shown_of(shown_) == shown_of(read)
            seen[given_.allowed] += 1

    at_will(agree)
    assert all(seen.values())


def test_an_answer_is_given_again_as_that_of_its_own_instant_scope_and_stack_and_an_authorisation_is_always_worked_out_anew() -> None:
    board = make_board()
    board.let_out()
    at, weights = board.now(), board.snapshot.weights_digest

    def is_of_its_instant() -> bool:
        gate._remembered = WhileNothingMoves()
        gate.answer_at(scope="internal", artefact=weights, at=at)
        told_at = [asked_at(board, at + timedelta(seconds=apart)).at - at for apart in (0.5, 0.9, 0.2, 0.9, 1.0)]
        return told_at == [timedelta(seconds=apart) for apart in (0.5, 0.5, 0.2, 0.2, 1.0)]

    assert undisturbed(lambda: int(is_of_its_instant()))
    first = asked_at(board, at)
    assert parse(first.inputs_bytes)["at"] == parse(first.answer_bytes)["at"] == time_text(first.at)  # type: ignore[call-overload, index]
    stacks = [f"sha256:{number:064x}" for number in range(gate.MOST_GIVEN + 2)]
    for _ in range(2):
        assert asked_at(board, at).allowed
        assert not gate.answer_at(scope="internal", artefact=weights, at=at).allowed
        assert [asked_at(board, at, stack=stack).stack for stack in stacks] == stacks
    for apart in (timedelta(seconds=0.2), timedelta(seconds=0.4)):
        made = gate.authorise_at(artefact=weights, scope="external", actor=board.cast.dan, at=at + apart)
        assert made.at == at + apart
        for document in (made.inputs_document, made.answer_document):
            assert parse(bytes(document.content))["at"] == time_text(at + apart)  # type: ignore[call-overload, index]


def test_a_failure_a_halt_and_a_revoked_token_end_what_was_kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_board()
    board.let_out()
    at = board.now()
    with monkeypatch.context() as patched:
        patched.setattr(gate.gate_rules, "RULES", Versions("rules", {"3": lambda *_: b""}, current="3"))
        assert asked_at(board, at).codes == ["gate_failed"]
    assert asked_at(board, at).allowed
    scopes.halt(
        subject=board.subject, framework_version=board.version, scope="external", reason="A report.", actor=board.cast.dan, at=board.now()
    )
    assert asked_at(board, at + timedelta(microseconds=1)).codes == asked_at(board, board.now()).codes == ["scope_halted"]
    text = make_token(board.cast.ada, "gate:read")
    address, headers = f"/api/v1/gate?artefact={board.snapshot.weights_digest}&scope=external", {"Authorization": f"Bearer {text}"}

    def cost() -> int:
        Client().get(address, headers=headers)
        with CaptureQueriesContext(connection) as asked:
            assert Client().get(address, headers=headers).status_code == 200
        return len(asked)

    # Token and gate are both kept, and one look says for both that nothing moved.
    assert undisturbed(cost) == 1
    revoke_token(token=ApiToken.objects.get(), at=timezone.now())
    assert Client().get(address, headers=headers).status_code == 401


def test_a_case_is_late_on_the_portfolio_from_its_instant_and_who_lost_a_role_is_named_no_more() -> None:
    board = make_board()
    board.rise()
    start = board.now()
    due, until = start + timedelta(seconds=5), start + timedelta(seconds=9)
    Case.objects.update(due_at=due)
    RoleGrant.objects.filter(person=board.cast.ben, role="reviewer").update(until_at=until)

    def row(at: datetime) -> PortfolioRow:
        known, form = Subject.objects.all(), PortfolioForm({})
        return shown("portfolio of a test", at=at, read=lambda: listed(known, board.version, form, "", at)).rows[0]

    assert [row(at).overdue for at in (start, due - timedelta(microseconds=1), due)] == [False, False, True]
    assert ["Ben" in row(at).whose for at in (start, until - timedelta(microseconds=1), until)] == [True, True, False]


def test_the_portfolio_of_one_filter_is_not_that_of_another_nor_one_page_that_of_the_next() -> None:
    board = make_board()
    board.rise()
    client = client_of(board.cast.ben)
    for _ in range(2):
        assert b"Heron" in client.get(reverse("reviews:portfolio")).content
        assert b"No model fits" in client.get(reverse("reviews:portfolio"), {"show": "open"}).content
        assert b"No model fits" in client.get(reverse("reviews:portfolio"), {"q": "egret"}).content


def test_where_there_is_no_more_room_what_was_kept_the_longest_goes() -> None:
    memory: WhileNothingMoves[int] = WhileNothingMoves(most=2)
    at = timezone.now()

    def read_again(*keys: str) -> list[str]:
        read: list[str] = []
        for key in keys:
            memory.get(key, at=at, read=lambda key=key: (read.append(key) or 0, None))  # type: ignore[misc]
        return read

    def kept() -> bool:
        memory._kept = ("", {})
        return read_again("one", "two", "three") == ["one", "two", "three"] and read_again("three", "two", "one", "three") == ["one"]

    assert undisturbed(lambda: int(kept()))
