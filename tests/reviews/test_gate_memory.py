"""The gate, and the pages beside it, remember what they read only while nothing moves: whatever is written, and whatever runs out, changes its answer at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ledger import services as ledger
from ledger.standstill import WhileNothingMoves, snapshot
from people.models import Person
from people.services import register_person
from reviews import gate
from reviews.models import SignOff
from reviews.services import cases, scopes
from reviews.status import subject_status
from tests.makers import client_of, make_log
from tests.reviews.conftest import make_board

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = "sha256:" + "0" * 64


def undisturbed(act: Callable[[], int]) -> int:
    """What an act answers in an instant in which nobody else wrote: the server is shared with other tests."""
    for _ in range(200):
        before = snapshot()
        answer = act()
        if snapshot() == before:
            return answer
    raise AssertionError("Somebody writes all the time.")


def names(memory: WhileNothingMoves[list[str]], at: datetime) -> list[str]:
    return memory.get("names", at=at, read=lambda: (list(Person.objects.values_list("name", flat=True)), None))


def test_what_was_read_stands_while_nothing_is_written_and_falls_with_the_next_write() -> None:
    make_log(at=timezone.now())
    memory: WhileNothingMoves[list[str]] = WhileNothingMoves()
    at = timezone.now()
    assert "Zora" not in names(memory, at)
    register_person(name="Zora", affiliation="The lab", at=at)
    assert "Zora" in names(memory, at)


class Meanwhile(str):
    """A snapshot's name in whose comparison another thread comes first, with what it sees."""

    def __new__(cls, name: str, first: Callable[[], object]) -> "Meanwhile":
        made = super().__new__(cls, name)
        made.first = first  # type: ignore[attr-defined]
        return made

    def __ne__(self, other: object) -> bool:
        self.first()  # type: ignore[attr-defined]
        return not str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_thread_that_was_overtaken_puts_nothing_old_among_what_is_seen_now() -> None:
    memory: WhileNothingMoves[str] = WhileNothingMoves()
    memory._of("earlier")
    now: list[Any] = []
    overtaken = Meanwhile("earlier", first=lambda: now.append(memory._of("now")))
    assert memory._of(overtaken) is not now[0]


def test_a_standby_is_not_remembered_for_its_snapshots_leave_out_what_is_under_way() -> None:
    assert snapshot() is not None
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA standby")
        try:
            cursor.execute("CREATE FUNCTION standby.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'")
            cursor.execute("SET search_path = standby, pg_catalog, public")
            assert snapshot() is None
        finally:
            cursor.execute("RESET search_path")
            cursor.execute("DROP SCHEMA standby CASCADE")


def test_a_connection_that_died_between_two_requests_is_made_again_and_one_that_dies_in_a_transaction_is_not_hidden() -> None:
    other = connection.copy()

    def end_mine() -> None:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])

    try:
        assert snapshot() is not None
        end_mine()
        connection.close_if_unusable_or_obsolete()  # as at the beginning of every request
        assert snapshot() is not None
        with pytest.raises(OperationalError), transaction.atomic():
            snapshot()
            end_mine()
            snapshot()
    finally:
        other.close()
        connection.close()


def test_a_write_of_another_session_is_seen_at_once() -> None:
    make_log(at=timezone.now())
    memory: WhileNothingMoves[list[str]] = WhileNothingMoves()
    at = timezone.now()
    register_person(name="Zora", affiliation="The lab", at=at)
    names(memory, at)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE people_person SET name = name || '!'")
    finally:
        other.close()
    assert "Zora!" in names(memory, at)


def test_what_time_alone_changes_is_read_again_when_its_time_comes() -> None:
    at = timezone.now()

    def reads_for(moment: datetime) -> int:
        """How often it is read for a first question now and one more at that moment."""
        memory: WhileNothingMoves[None] = WhileNothingMoves()
        read: list[datetime] = []
        for each in (at, moment):
            memory.get("one", at=each, read=lambda each=each: (read.append(each), at + timedelta(minutes=1)))
        return len(read)

    assert undisturbed(lambda: reads_for(at + timedelta(seconds=59))) == 1
    assert undisturbed(lambda: reads_for(at + timedelta(minutes=1))) == 2
    assert undisturbed(lambda: reads_for(at - timedelta(seconds=1))) == 2


def test_what_no_later_instant_may_see_takes_the_place_of_nothing_that_is_kept() -> None:
    at = timezone.now()

    def kept() -> bool:
        memory: WhileNothingMoves[str] = WhileNothingMoves()
        memory.get("one", at=at, read=lambda: ("now", None))
        earlier = memory.get("one", at=at - timedelta(days=1), read=lambda: ("a day ago", at - timedelta(days=1)))
        return [earlier, memory.get("one", at=at, read=lambda: ("read again", None))] == ["a day ago", "now"]

    assert undisturbed(lambda: int(kept()))


def test_the_gate_asks_one_statement_while_nothing_moves_and_reads_anew_after_any_entry() -> None:
    make_log(at=timezone.now())

    def cost() -> int:
        gate.ask(scope="external", artefact=UNKNOWN)
        with CaptureQueriesContext(connection) as asked:
            gate.ask(scope="external", artefact=UNKNOWN)
        return len(asked)

    assert undisturbed(cost) == 1
    before = gate.ask(scope="external", artefact=UNKNOWN)
    with transaction.atomic():
        ledger.append(kind="tests:thing:happened", thing="thing:1", actor=UUID(int=1), at=timezone.now())
    after = gate.ask(scope="external", artefact=UNKNOWN)
    assert (after.ledger_size, after.ledger_root) != (before.ledger_size, before.ledger_root)
    assert after.ledger_size == before.ledger_size + 1


def test_an_open_gate_shuts_with_the_entry_that_halts_it_and_with_the_instant_a_signoff_runs_out() -> None:
    board = make_board()
    board.let_out()
    at = board.now()

    def asked(moment: datetime) -> bool:
        return gate.answer_at(scope="external", artefact=board.snapshot.weights_digest, at=moment).allowed

    assert asked(at) and asked(at)
    runs_out = SignOff.objects.order_by("expires_at").values_list("expires_at", flat=True)[0]
    assert not asked(runs_out)
    assert asked(at)
    scopes.halt(
        subject=board.subject,
        framework_version=board.version,
        scope="external",
        reason="A report came in.",
        actor=board.cast.dan,
        at=board.now(),
    )
    assert not asked(at + timedelta(seconds=1)) and not asked(board.now())


def test_the_main_pages_ask_at_most_twelve_statements_while_nothing_moves_and_show_a_comment_at_once() -> None:
    board = make_board()
    case = board.rise()
    page = reverse("reviews:case-detail", args=[case.number])
    client = client_of(board.cast.ben)

    def cost(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    costs = {
        name: undisturbed(lambda address=address: cost(address))
        for name, address in {
            "portfolio": reverse("reviews:portfolio"),
            "model": reverse("reviews:subject-detail", args=[board.subject.slug]),
            "case": page,
        }.items()
    }
    assert costs == {"portfolio": 6, "model": 7, "case": 6}
    assert "Sales called twice." not in client.get(page).content.decode()
    cases.comment(case=case, text="Sales called twice.", hazard=False, actor=board.cast.chloe, at=board.now())
    assert "Sales called twice." in client.get(page).content.decode()


def test_a_signoff_that_runs_out_is_not_shown_in_force_from_memory() -> None:
    board = make_board()
    board.let_out()
    at = board.now()
    assert subject_status(board.subject, board.version, at).safeguards_signed > 0
    runs_out = SignOff.objects.order_by("expires_at").values_list("expires_at", flat=True)[0]

    def signed(moment: datetime) -> int:
        return subject_status(board.subject, board.version, moment).safeguards_signed

    before = signed(runs_out - timedelta(microseconds=1))
    assert signed(runs_out) < before
    scope = subject_status(board.subject, board.version, at).scope("external")
    assert scope is not None
    assert scope.state == "open"
    scopes.halt(
        subject=board.subject,
        framework_version=board.version,
        scope="external",
        reason="A report came in.",
        actor=board.cast.dan,
        at=board.now(),
    )
    halted = subject_status(board.subject, board.version, board.now()).scope("external")
    assert halted is not None
    assert halted.state == "halted"
