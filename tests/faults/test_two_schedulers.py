"""Two schedulers that meet: both sweeps have found the same work when either of them may do it. Real transactions on connections of their own; whatever a sweep does is
done once, and the ledger says it once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from evaluations.models import Assessment, AssessmentDue, DueState
from evaluations.services import assessments
from ledger import delivery, services
from ledger.models import Checkpoint, Entry
from ledger.notary import Notary
from ledger.queries import is_sound
from reviews.models import Case, Delivery, Determination, Notice, ReleaseDecision, SafeguardsDecision
from reviews.models.notice import Channel, WorkState
from reviews.models.preference import ByMail
from reviews.notices import deliver
from reviews.notices.remind import CASE_SOON, remind
from reviews.notices.send import send_digests, send_due
from reviews.reports.exports import make_due, request_export
from reviews.services import clocks, following, observing, outlets
from reviews.services.telling import choose_notices
from tests.makers import CONFIRMED, adopt_framework, give_password
from tests.processes import Outside, Sink, eventually
from tests.reviews.conftest import Board, make_board
from tests.reviews.motions import runs_since_before
from tests.reviews.test_clocks import TICKING
from tests.reviews.test_observing import grant

pytestmark = pytest.mark.django_db(transaction=True)

TWO = 2
OF_THE_MODEL = "SELECT 1 FROM evaluations_subject FOR NO KEY UPDATE"


def writing(table: str) -> str:
    """Keeps everybody from writing there, and nobody from reading."""
    return f"LOCK TABLE {table} IN SHARE MODE"


def meet(hold: str, act: Callable[[], Any]) -> list[Any]:
    """Two at the same act. Each comes as far as the lock that is held, and is let go once both have come that far, or have found nothing to do."""
    with (
        psycopg.connect(**(connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})) as held,
        ThreadPoolExecutor(TWO) as pool,
    ):
        held.execute(hold)
        both = [pool.submit(_alone, act) for _ in range(TWO)]
        eventually(lambda: _waiting(held) + sum(each.done() for each in both) == TWO)
        assert _waiting(held), "nobody came to what is held: it was no meeting"
        held.rollback()
        return [each.result(timeout=60) for each in both]


def _alone(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connection.close()


def _waiting(held: psycopg.Connection[Any]) -> int:
    row = held.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def board(transactional_db: None) -> Iterator[Board]:
    board = make_board()
    yield board
    assert is_sound() and not delivery.failing()


def test_an_answer_that_the_clock_moves_is_made_anew_once(board: Board) -> None:
    board.clean()
    before = Assessment.objects.get(superseded_by=None)
    assert before.valid_until is not None
    at = before.valid_until

    def sweep() -> list[Any]:
        assessments.mark_what_the_clock_changed(at=at)
        return [made for due_id in assessments.due(at=at) if (made := assessments.work(due_id=due_id, at=at))]

    made = [each for done in meet(writing("evaluations_assessmentdue"), sweep) for each in done]
    assert sweep() == [], "nothing is left to do"
    assert [each.supersedes_id for each in made] == [before.pk]
    assert Entry.objects.filter(kind="evaluations:assessment:made").count() == Assessment.objects.count()
    assert set(AssessmentDue.objects.values_list("state", flat=True)) == {DueState.DONE}


def test_what_the_clock_makes_worth_telling_is_told_once_by_mail_and_in_the_digest_once(board: Board, smtp_sink: Sink) -> None:
    ben, chloe = board.cast.ben, board.cast.chloe
    choose_notices(choices={"case_due_soon": (True, ByMail.DAILY)}, zone="UTC", hour=8, weekday=0, actor=chloe, at=board.now())
    due_at = board.rise().due_at
    assert due_at is not None
    at = due_at - CASE_SOON
    meet(writing("reviews_notice"), lambda: remind(at=at))
    told = Counter(Notice.objects.filter(kind="case_due_soon").values_list("person", "channel"))
    assert set(told.values()) == {1} and {(ben.pk, Channel.MAIL), (chloe.pk, Channel.DIGEST)} <= told.keys()

    waiting = Notice.objects.filter(channel=Channel.MAIL, state=WorkState.WAITING).count()
    assert sum(meet(writing("reviews_notice"), lambda: send_due(at=at))) == waiting > 1
    digest = Notice.objects.get(channel=Channel.DIGEST)
    assert sum(meet(writing("reviews_notice"), lambda: send_digests(at=digest.not_before))) == 1
    got = Counter(str(message["Message-ID"]) for message in smtp_sink.messages)
    assert set(got.values()) == {1} and len(got) == waiting + 1


def test_a_delivery_is_one_request_and_a_report_is_made_once(board: Board, outside: Outside) -> None:
    ivo = board.cast.ivo
    give_password(ivo, at=board.now())
    told = {"label": "Pager", "address": f"{outside.address}/hook", "topics": ["cases", "gate"], "confirmation": CONFIRMED}
    outlets.add_webhook(actor=ivo, user=ivo.user, at=board.now(), **told)
    case = board.rise()
    at = board.now()
    waiting = Delivery.objects.filter(state=WorkState.WAITING).count()
    assert sum(meet(writing("reviews_delivery"), lambda: deliver.send_due(at=at))) == waiting > 0
    assert Counter(request["headers"]["webhook-id"] for request in outside.got) == Counter(
        each.message_id for each in Delivery.objects.all()
    )

    request_export(case=case, kind="json", actor=board.cast.dan, at=at)
    assert sum(meet(writing("reviews_export"), lambda: make_due(at=at))) == 1
    assert Entry.objects.filter(kind="reviews:report:made").count() == 1


def test_decisions_that_run_out_end_once_shut_their_gate_once_and_ask_the_board_once(board: Board) -> None:
    board.let_out()
    decisions = [each for model in (Determination, SafeguardsDecision, ReleaseDecision) for each in model.objects.all()]
    at = max(each.valid_until for each in decisions if each.valid_until is not None)
    began = services.size()
    meet(OF_THE_MODEL, lambda: following.sweep(at=at))
    entered = Counter(Entry.objects.filter(seq__gte=began).values_list("kind", "thing"))
    kinds = Counter(kind for kind, _ in entered)
    assert set(entered.values()) == {1}
    assert sum(kinds[f"reviews:{noun}:ended"] for noun in ("determination", "safeguards", "release")) == len(decisions) > 2
    assert kinds["reviews:scope:changed"] == kinds["reviews:case:opened"] == Case.objects.filter(state="open").count() == 1


def test_a_clock_of_the_framework_begins_its_turn_once(board: Board) -> None:
    board.version = adopt_framework(board.cast, TICKING, at=board.now())
    board.work()
    at = board.now() + timedelta(days=400)
    begun = meet("SELECT 1 FROM frameworks_frameworkversion FOR NO KEY UPDATE", lambda: clocks.sweep(at=at))
    assert sorted(begun) == [0, Entry.objects.filter(kind="reviews:clock:begun").count()] and max(begun) > 0


def test_an_observed_scope_ends_once(board: Board) -> None:
    runs_since_before(board)
    until = grant(board).until
    assert until is not None
    assert meet(OF_THE_MODEL, lambda: observing.sweep(at=until)) in ([0, 1], [1, 0])
    assert Entry.objects.filter(kind="reviews:motion:ended").count() == 1


def test_news_is_heard_once(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    monkeypatch.setattr(delivery, "_consumers", {})
    for prompt in (True, False):
        delivery.consumer(f"tests.{prompt}", kinds=("evaluations:upload:received",), prompt=prompt)(lambda entry: heard.append(entry.seq))
    uploads = [board.send(content).received_seq for content in (b"no evaluation", b"nor this")]
    at = board.now()
    meet(writing("ledger_cursor"), lambda: delivery.run_pending(at=at))
    delivery.run_pending(at=at)  # what one left to the other, who had just gone
    assert Counter(heard) == dict.fromkeys(uploads, 2)


def test_the_log_is_signed_once_by_signers_that_share_a_key_or_hold_copies_of_it(board: Board, tmp_path: Path) -> None:
    one = Notary(tmp_path / "one" / "checkpoint.key")
    assert one.sign(at=board.now()) is not None
    other = Notary(tmp_path / "other" / "checkpoint.key")
    other.key_file.parent.mkdir()
    copyfile(one.key_file, other.key_file)
    for signers in ([one, one], [one, other]):
        with transaction.atomic():
            services.append(kind="tests:stone:laid", thing="stone:0190c1ba-0000-7000-8000-000000000000", actor=None, at=board.now())
        turn, at = iter(signers), board.now()
        lock = threading.Lock()

        def sign(turn: Iterator[Notary] = turn, at: Any = at, lock: Any = lock) -> Checkpoint | None:
            with lock:
                mine = next(turn)
            return mine.sign(at=at)

        if signers[0] is not signers[1]:
            signed = meet(writing("ledger_checkpoint"), sign)
        else:
            # The second waits for the first outside the database, at the key's own lock.
            with ThreadPoolExecutor(TWO) as pool:
                signed = list(pool.map(lambda _, sign=sign: _alone(sign), range(TWO)))
        assert sorted(each is None for each in signed) == [False, True]
        assert Checkpoint.objects.filter(size=services.size()).count() == 1
