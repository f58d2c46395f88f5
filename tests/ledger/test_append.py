import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from ledger import clock, services
from ledger.canonical import NotCanonical
from ledger.entry_format import MalformedEntry
from ledger.models import APPEND_ONLY_TABLES, UPDATE_ONLY_TABLES, Entry, Head, LedgerField, Log, Node
from ledger.services import append
from tests.makers import NOON, make_log

ADA = uuid.UUID(int=1)


def _append(at=NOON, **particulars):
    return append(**{"kind": "tests:stone:laid", "thing": f"stone:{uuid.UUID(int=7)}", "actor": ADA, "at": at} | particulars)


@pytest.fixture
def log(db):
    return make_log()


def test_a_log_opens_with_an_entry_that_names_it_and_its_mode(db):
    log = services.open_log(mode="production", at=NOON)
    first = Entry.objects.get()
    assert (first.seq, first.kind, first.thing, first.values) == (0, "ledger:log:opened", f"log:{log.pk}", {"mode": "production"})
    assert services.current_log() == log
    assert services.size() == 1


def test_a_log_is_opened_once_and_never_becomes_another(log):
    with pytest.raises(services.LogAlreadyOpened):
        services.open_log(mode="production", at=NOON)
    assert services.current_log().mode == "demo"
    assert services.size() == 1


def test_a_log_of_an_unknown_mode_is_refused(db):
    with pytest.raises(ValueError, match="rehearsal"):
        services.open_log(mode="rehearsal", at=NOON)
    assert services.current_log() is None


def test_nothing_is_recorded_before_the_log_is_opened(db):
    with pytest.raises(services.LogNotOpened):
        _append()
    with pytest.raises(services.LogNotOpened):
        services.head()
    assert services.size() == 0


def test_an_entry_tells_what_was_sealed(log):
    entry = _append(role="researcher", policy="sha256:ab", fields={"height": 3, "note": "steep"}, classes={"note": "hazard"})
    assert (entry.seq, entry.actor, entry.role, entry.policy, entry.at, entry.recorded_at) == (
        1,
        ADA,
        "researcher",
        "sha256:ab",
        NOON,
        NOON,
    )
    assert entry.values == {"height": 3, "note": "steep"}
    stored = Entry.objects.prefetch_related("fields").get(seq=1)
    assert stored.values == entry.values
    assert bytes(stored.leaf_hash) == entry.leaf_hash == stored.header(log.pk).leaf()
    assert {field.path: field.field_class for field in stored.fields.all()} == {"height": "internal", "note": "hazard"}


def test_equal_values_are_sealed_under_salts_of_their_own(log):
    _append(fields={"score": 1})
    _append(fields={"score": 1})
    first, second = LedgerField.objects.filter(path="score")
    assert first.text == second.text
    assert first.salt != second.salt
    assert first.hash != second.hash


def test_an_entry_keeps_apart_when_it_was_true_and_when_it_was_recorded(log):
    entry = _append(at=NOON + timedelta(hours=1), as_of=NOON - timedelta(days=30))
    assert entry.at == NOON - timedelta(days=30)
    assert entry.recorded_at == NOON + timedelta(hours=1)


def test_a_clock_a_little_behind_the_head_is_recorded_at_the_heads_time(log):
    _append(at=NOON + timedelta(seconds=60))
    assert _append(at=NOON).recorded_at == NOON + timedelta(seconds=60)


def test_an_event_older_than_the_head_is_refused(log):
    _append(at=NOON + timedelta(seconds=61))
    with pytest.raises(services.OlderThanHead) as refused:
        _append(at=NOON)
    assert refused.value.data == {"at": NOON, "head_at": NOON + timedelta(seconds=61)}
    assert services.size() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "stone:laid"},
        {"kind": "tests:stone:laid:twice"},
        {"kind": "Tests:stone:laid"},
        {"thing": "stone"},
        {"thing": "stone: with spaces"},
        {"fields": {"with space": 1}},
        {"fields": {"": 1}},
        {"fields": {"note": 1}, "classes": {"note": "secret"}},
        {"fields": {"note": 1}, "classes": {"notes": "hazard"}},
    ],
)
def test_a_malformed_entry_is_refused(log, wrong):
    with pytest.raises(MalformedEntry):
        _append(**wrong)
    assert services.size() == 1


def test_a_value_without_one_form_is_refused(log):
    with pytest.raises(NotCanonical):
        _append(fields={"score": 0.1})
    assert services.size() == 1


@pytest.mark.django_db(transaction=True)
def test_appending_outside_a_transaction_is_refused():
    make_log()
    with pytest.raises(services.AppendOutsideTransaction):
        _append()
    with transaction.atomic():
        _append()
    assert services.size() == 2


@pytest.mark.django_db(transaction=True)
def test_a_refused_entry_rolls_the_change_back():
    make_log(at=NOON)
    with transaction.atomic():
        LedgerField.objects.create(entry_id=0, path="change", field_class="public", salt=b"1" * 16, text="1", hash=b"1" * 32)
        _append()
    with pytest.raises(services.OlderThanHead), transaction.atomic():
        LedgerField.objects.create(entry_id=0, path="another-change", field_class="public", salt=b"1" * 16, text="1", hash=b"1" * 32)
        _append(at=NOON - timedelta(days=1))
    assert LedgerField.objects.filter(path="change").exists()
    assert not LedgerField.objects.filter(path="another-change").exists()


class ChangeOfMind(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_a_change_that_rolls_back_leaves_no_entry_and_no_gap():
    make_log()
    with pytest.raises(ChangeOfMind), transaction.atomic():
        _append()
        raise ChangeOfMind
    with transaction.atomic():
        entry = _append()
    assert entry.seq == 1
    assert services.verify().sound


@pytest.mark.django_db(transaction=True)
def test_many_who_append_at_once_leave_no_gap():
    make_log()
    failures: list[Exception] = []

    def lay_stones(mason: int) -> None:
        try:
            for number in range(20):
                with transaction.atomic():
                    _append(actor=uuid.UUID(int=mason), fields={"number": number}, at=NOON + timedelta(milliseconds=number))
        except Exception as error:  # A thread's exception would be lost; the test raises it below.
            failures.append(error)
        finally:
            connection.close()

    masons = [threading.Thread(target=lay_stones, args=(number,)) for number in range(1, 9)]
    for mason in masons:
        mason.start()
    for mason in masons:
        mason.join()
    assert failures == []
    assert list(Entry.objects.values_list("seq", flat=True)) == list(range(161))
    for mason in range(1, 9):
        laid = Entry.objects.filter(actor=uuid.UUID(int=mason)).prefetch_related("fields")
        assert [entry.values["number"] for entry in laid] == list(range(20))
    report = services.verify()
    assert (report.sound, report.size) == (True, 161)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_log_at_once_one_finds_it_open():
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def open_it() -> None:
        ready.wait()
        try:
            services.open_log(mode="demo", at=NOON)
            outcomes.append("opened")
        except services.LogAlreadyOpened:
            outcomes.append("refused")
        finally:
            connection.close()

    both = [threading.Thread(target=open_it) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == ["opened", "refused"]
    assert Log.objects.count() == Head.objects.count() == services.size() == 1


def test_the_size_at_a_time_counts_what_was_recorded_by_then(log):
    for hour in (1, 2, 2, 3):
        _append(at=NOON + timedelta(hours=hour), as_of=NOON - timedelta(days=hour))
    assert services.size_at(NOON - timedelta(seconds=1)) == 0
    assert services.size_at(NOON) == 1
    assert services.size_at(NOON + timedelta(hours=2)) == 4
    assert services.size_at(NOON + timedelta(days=1)) == services.size() == 5


def test_an_append_costs_five_statements_however_long_the_log_is(log, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(5):  # lock the head, the entry, its fields, its tree nodes, move the head
            _append(fields={"a": 1, "b": 2})
        for _ in range(20):
            _append()


def test_each_entry_writes_the_subtrees_it_completes(log):
    for _ in range(7):
        _append()
    assert Node.objects.count() == 15


@pytest.mark.parametrize("table", [*APPEND_ONLY_TABLES, *UPDATE_ONLY_TABLES])
def test_no_row_of_the_record_can_be_taken_away(log, table):
    _fill(log)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_no_row_of_the_record_can_be_changed(log, table):
    _fill(log)
    column = {"ledger_node": "place", "ledger_entry": "seq"}.get(table, "id")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        cursor.execute(f"UPDATE {table} SET {column} = {column}")


def _fill(log) -> None:
    services.record_verification(at=NOON)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_checkpoint (size, root, note, verifier_key, signed_at) VALUES (1, decode(repeat('00', 32), 'hex'), '', '', now())"
        )


def test_a_second_head_or_log_cannot_stand_beside_the_first(log):
    with pytest.raises(IntegrityError), transaction.atomic():
        Log.objects.create(mode="production", opened_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Log.objects.create(mode="production", opened_at=NOON, number=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Head.objects.create(id=2, log=log, root=bytes(32), recorded_at=NOON)


@pytest.fixture
def present(log):
    clock.pretend(NOON)
    yield NOON
    clock.pretend(datetime(2100, 1, 1, tzinfo=UTC))


def test_what_lies_in_the_future_is_not_taken_or_nothing_could_follow_it(present):
    """Clocks differ by a little; a day ahead is a wrong clock, or somebody who wants the ledger to refuse everything after."""
    _append(at=present + clock.AHEAD)
    with pytest.raises(services.AheadOfTheClock) as refusal:
        _append(at=present + clock.AHEAD + timedelta(seconds=1))
    assert refusal.value.code == "ahead_of_the_clock"
    _append(at=present + clock.AHEAD)


def test_the_present_is_the_databases(log):
    clock.pretend(None)
    try:
        now = clock.shared_now()
        _append(at=now)
        with pytest.raises(services.AheadOfTheClock):
            _append(at=now + clock.AHEAD + timedelta(minutes=1))
    finally:
        clock.pretend(datetime(2100, 1, 1, tzinfo=UTC))
