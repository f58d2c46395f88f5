import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from ledger import delivery, services, tasks
from ledger.models import Cursor
from ledger.services import append
from ledger.tasks import deliver, verify_by_night
from tests.makers import NOON, make_log


@pytest.fixture
def log(db):
    return make_log()


@pytest.fixture
def listen(monkeypatch):
    """Registers consumers for one test only."""
    monkeypatch.setattr(delivery, "_consumers", {})
    return delivery.consumer


def _happen(kind="tests:bell:rung", at=NOON, **fields):
    return append(kind=kind, thing=f"bell:{uuid.UUID(int=7)}", actor=None, at=at, fields=fields)


def test_a_consumer_hears_the_kinds_it_named_in_order_and_once(log, listen):
    heard = []
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: heard.append(entry.values["number"]))
    for number in range(3):
        _happen(number=number)
        _happen(kind="tests:bell:oiled")
    assert delivery.run_pending(at=NOON) == 3
    assert heard == [0, 1, 2]
    assert delivery.run_pending(at=NOON) == 0
    assert heard == [0, 1, 2]
    assert Cursor.objects.get().position == services.size()


def test_each_consumer_goes_at_its_own_pace(log, listen):
    heard = {"first": 0, "second": 0}
    listen("tests.first", kinds=("tests:bell:rung",))(lambda entry: heard.update(first=heard["first"] + 1))
    _happen()
    delivery.run_pending(at=NOON)
    listen("tests.second", kinds=("tests:bell:rung",))(lambda entry: heard.update(second=heard["second"] + 1))
    delivery.run_pending(at=NOON)
    assert heard == {"first": 1, "second": 1}


def test_what_a_consumer_appends_is_heard_in_the_same_run(log, listen):
    echoes = []
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: _happen(kind="tests:echo:heard"))
    listen("tests.echoes", kinds=("tests:echo:heard",))(lambda entry: echoes.append(entry.seq))
    _happen()
    assert delivery.run_pending(at=NOON) == 2
    assert echoes == [2]


def test_an_entry_that_cannot_be_handled_stops_its_own_consumer_only(log, listen):
    heard = []
    listen("tests.broken", kinds=("tests:bell:rung",))(lambda entry: 1 / 0)
    listen("tests.whole", kinds=("tests:bell:rung",))(lambda entry: heard.append(entry.seq))
    _happen()
    _happen()
    assert delivery.run_pending(at=NOON) == 2
    assert heard == [1, 2]
    (stuck,) = delivery.failing()
    assert (stuck.consumer, stuck.position, stuck.attempts, stuck.failed_at) == ("tests.broken", 1, 1, NOON)
    assert stuck.error.startswith("ZeroDivisionError in ")


def test_a_failed_entry_waits_longer_each_time_and_is_never_skipped(log, listen):
    broken, heard = [True], []

    def handle(entry):
        if broken:
            raise RuntimeError("secret detail")
        heard.append(entry.seq)

    listen("tests.bells", kinds=("tests:bell:rung",))(handle)
    _happen()
    at, waits = NOON, []
    for attempt in range(1, 13):
        assert delivery.run_pending(at=at) == 0
        (cursor,) = delivery.failing()
        assert cursor.attempts == attempt
        assert "secret" not in cursor.error
        waits.append((cursor.not_before - at).total_seconds())
        assert delivery.run_pending(at=at) == 0
        assert delivery.failing()[0].attempts == attempt
        at = cursor.not_before
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert [cursor.consumer for cursor in delivery.stuck()] == ["tests.bells"]
    broken.clear()
    assert delivery.run_pending(at=at) == 1
    assert heard == [1]
    assert delivery.failing() == delivery.stuck() == []


def test_what_a_failed_consumer_wrote_is_undone(log, listen):
    def handle(entry):
        _happen(kind="tests:echo:heard")
        raise RuntimeError

    listen("tests.bells", kinds=("tests:bell:rung",))(handle)
    _happen()
    delivery.run_pending(at=NOON)
    assert services.size() == 2


def test_two_consumers_cannot_share_a_name(listen):
    listen("tests.bells", kinds=())(print)
    with pytest.raises(delivery.NameTaken):
        listen("tests.bells", kinds=())(print)


def test_a_run_stops_at_its_limit_and_the_next_goes_on(log, listen):
    heard = []
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: heard.append(entry.seq))
    for _ in range(5):
        _happen()
    assert [delivery.run_pending(limit=3, at=NOON) for _ in range(3)] == [3, 2, 0]
    assert heard == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_an_entry_another_worker_is_at_is_left_to_it(listen):
    make_log()
    heard = []
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: heard.append(entry.seq))
    with transaction.atomic():
        _happen()
    Cursor.objects.create(consumer="tests.bells")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT * FROM ledger_cursor FOR UPDATE")
        assert delivery.run_pending(at=NOON) == 0
        other.rollback()
        assert delivery.run_pending(at=NOON) == 1
    finally:
        other.close()
    assert heard == [1]


@pytest.fixture
def elsewhere(transactional_db):
    """The connection of another worker."""
    other = connection.copy()
    other.set_autocommit(False)
    yield other
    other.close()


def test_where_a_cursor_stands_while_another_worker_is_at_it_is_that_workers_to_say(elsewhere, listen):
    make_log()
    for name in ("tests.here", "tests.there"):
        listen(name, kinds=("tests:bell:rung",))(print)
        Cursor.objects.create(consumer=name)
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_cursor WHERE consumer = 'tests.there' FOR UPDATE")
    delivery.run_pending(at=NOON)
    assert dict(Cursor.objects.values_list("consumer", "position")) == {"tests.here": 1, "tests.there": 0}
    elsewhere.rollback()
    delivery.run_pending(at=NOON)
    assert dict(Cursor.objects.values_list("consumer", "position")) == {"tests.here": 1, "tests.there": 1}


def test_prompt_consumers_hear_first_whoever_was_there_first(log, listen):
    heard = []
    listen("tests.slow", kinds=("tests:bell:rung",))(lambda entry: heard.append(("slow", entry.seq)))
    listen("tests.prompt", kinds=("tests:bell:rung",), prompt=True)(lambda entry: heard.append(("prompt", entry.seq)))
    _happen()
    _happen()
    assert delivery.run_pending(at=NOON) == 4
    assert heard == [("prompt", 1), ("prompt", 2), ("slow", 1), ("slow", 2)]


def test_one_worker_at_a_time_hears_what_can_wait_and_the_others_hear_what_is_prompt(elsewhere, listen):
    make_log()
    heard = []
    listen("tests.slow", kinds=("tests:bell:rung",))(lambda entry: heard.append("slow"))
    listen("tests.prompt", kinds=("tests:bell:rung",), prompt=True)(lambda entry: heard.append("prompt"))
    with transaction.atomic():
        _happen()
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [delivery.THE_TURN])
    assert delivery.run_pending(at=NOON) == 1
    assert heard == ["prompt"]
    elsewhere.rollback()
    assert delivery.run_pending(at=NOON) == 1
    assert heard == ["prompt", "slow"]


def test_a_run_for_some_consumers_leaves_the_others_where_they_are(log, listen):
    heard = []
    for name in ("tests.wanted", "tests.other"):
        listen(name, kinds=("tests:bell:rung",))(lambda entry, name=name: heard.append(name))
    _happen()
    assert delivery.run_pending(at=NOON, only=("tests.wanted",)) == 1
    assert heard == ["tests.wanted"]
    assert Cursor.objects.get(pk="tests.other").position == 0
    assert delivery.run_pending(at=NOON) == 1
    assert heard == ["tests.wanted", "tests.other"]


def test_an_entry_is_overtaken_by_a_later_one_of_the_kinds_about_the_same(log):
    kinds = ("tests:bell:rung", "tests:bell:oiled")
    first, other = _happen(bell="a"), _happen(bell="b")
    assert not delivery.is_overtaken(first, kinds=kinds, path="bell")
    _happen(kind="tests:bell:sold", bell="a")
    assert not delivery.is_overtaken(first, kinds=kinds, path="bell")
    last = _happen(kind="tests:bell:oiled", bell="a")
    assert [delivery.is_overtaken(entry, kinds=kinds, path="bell") for entry in (first, other, last)] == [True, False, False]


def test_an_idle_run_costs_two_statements(log, listen, django_assert_num_queries):
    for name in "abc":
        listen(f"tests.{name}", kinds=("tests:bell:rung",))(print)
    delivery.run_pending(at=NOON)
    with django_assert_num_queries(2):
        delivery.run_pending(at=NOON)


@pytest.mark.django_db(transaction=True)
def test_an_append_asks_the_workers_to_deliver_once_it_has_committed(monkeypatch):
    sent = []
    monkeypatch.setattr(delivery.current_app, "send_task", lambda name, **_: sent.append(name))
    with transaction.atomic():
        make_log()
        _happen()
        _happen()
        assert sent == []
    assert sent == ["ledger.deliver"]


@pytest.mark.django_db(transaction=True)
def test_a_lost_broker_neither_raises_nor_loses_anything(monkeypatch, listen, caplog):
    def lost(name, **_):
        raise OperationalError("no route")

    monkeypatch.setattr(delivery.current_app, "send_task", lost)
    heard = []
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: heard.append(entry.seq))
    make_log()
    with transaction.atomic():
        _happen()
    assert "The broker did not take ledger.deliver" in caplog.text
    deliver()
    assert heard == [1]


def test_a_kick_carries_its_arguments(db, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(delivery.current_app, "send_task", lambda name, kwargs, **_: sent.append((name, kwargs)))
    with django_capture_on_commit_callbacks(execute=True):
        for number in (1, 2, 2):
            delivery.kick(verify_by_night, number=number)
    assert sent == [("ledger.verify_by_night", {"number": 1}), ("ledger.verify_by_night", {"number": 2})]


@pytest.fixture
def sent(monkeypatch):
    """The names of what goes to the broker, and what it is told."""
    messages = []
    monkeypatch.setattr(delivery.current_app, "send_task", lambda name, kwargs, **_: messages.append((name, kwargs)))
    return messages


@pytest.mark.django_db(transaction=True)
def test_messages_held_back_go_out_at_the_end_in_order_each_once_and_not_what_was_done_meanwhile(sent):
    with pytest.raises(RuntimeError), delivery.held_back() as asked:
        for number in (1, 2, 3, 1):
            delivery.kick(verify_by_night, number=number)
        assert sent == []
        asked.take(verify_by_night.name, number=2)
        raise RuntimeError("Whatever breaks, who is asked is asked.")
    assert sent == [("ledger.verify_by_night", {"number": 1}), ("ledger.verify_by_night", {"number": 3})]


@pytest.mark.django_db(transaction=True)
def test_only_the_messages_named_are_held_back(sent):
    with delivery.held_back(delivery.DELIVER):
        delivery.kick_delivery()
        delivery.kick(verify_by_night)
        assert [name for name, _ in sent] == ["ledger.verify_by_night"]
    assert [name for name, _ in sent] == ["ledger.verify_by_night", "ledger.deliver"]


@pytest.mark.django_db(transaction=True)
def test_a_run_that_came_to_its_end_asks_for_no_other_and_one_that_was_stopped_does(sent, listen, monkeypatch):
    make_log()
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: _happen(kind="tests:echo:heard"))
    with transaction.atomic():
        _happen()
        _happen()
    sent.clear()
    deliver()
    assert services.size() == 5 and sent == []
    with transaction.atomic():
        _happen()
    sent.clear()
    monkeypatch.setattr(tasks, "AT_ONCE", 1)
    deliver()
    assert sent == [("ledger.deliver", {})]


def test_the_task_that_delivers_is_safe_to_run_twice(log, listen):
    heard = []
    listen("tests.bells", kinds=("tests:bell:rung",))(lambda entry: heard.append(entry.seq))
    _happen(at=NOON + timedelta(seconds=1))
    deliver(some_later_argument=1)
    deliver()
    assert heard == [1]
