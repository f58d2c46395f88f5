import uuid
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ledger import queries, services
from ledger.models import Entry, Verification
from ledger.notary import Notary
from ledger.tasks import verify_by_night
from tests.makers import NOON, make_log


@pytest.fixture
def log(db, tmp_path):
    """Ten entries and a key's introduction, with checkpoints at six and at eleven; undone before the database looks what is missing."""
    with transaction.atomic():
        log = make_log()
        for number in range(4):
            _append(number)
        notary = Notary(tmp_path / "key")
        notary.sign(at=NOON)
        for number in range(4, 9):
            _append(number)
        notary.sign(at=NOON)
        yield log
        transaction.set_rollback(True)


def _append(number):
    services.append(
        kind="tests:stone:laid",
        thing=f"stone:{uuid.UUID(int=number)}",
        actor=uuid.UUID(int=1),
        role="mason",
        policy="p1",
        at=NOON + timedelta(seconds=number),
        fields={"height": number, "who": "Ada", "recipe": "lime"},
        classes={"who": "personal", "recipe": "hazard"},
    )


def _tamper(statement: str, *values: object) -> None:
    """What someone who owns the database can do, past every trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        assert cursor.rowcount > 0
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_an_untouched_log_is_sound(log):
    report = services.verify()
    assert report.sound
    assert (report.size, report.entries, report.checkpoints, report.purged) == (11, 11, 2, 0)
    assert report.fields == 1 + 9 * 3 + 2
    assert report.root == bytes(services.head().root)
    assert queries.is_sound()


def test_an_unopened_portal_has_nothing_to_verify_and_nothing_to_build_on(db):
    assert services.verify().sound
    assert not queries.is_sound()


_OTHER = "decode(repeat('ab', 32), 'hex')"
TAMPERINGS = [
    ("UPDATE ledger_entry SET kind = 'tests:stone:stolen' WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET thing = 'stone:other' WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET actor = NULL WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET role = 'chair' WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET policy = 'p2' WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET at = at - interval '1 microsecond' WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET recorded_at = recorded_at + interval '1 microsecond' WHERE seq = 3", 3, "leaf_differs"),
    ("UPDATE ledger_entry SET recorded_at = recorded_at - interval '1 hour' WHERE seq = 3", 3, "time_runs_back"),
    ("UPDATE ledger_entry SET v = 2 WHERE seq = 3", 3, "leaf_differs"),
    (f"UPDATE ledger_entry SET leaf_hash = {_OTHER} WHERE seq = 3", 3, "leaf_differs"),
    (f"UPDATE ledger_entry SET fields_root = {_OTHER} WHERE seq = 3", 3, "fields_differ"),
    ("UPDATE ledger_ledgerfield SET text = '99' WHERE entry_id = 3 AND path = 'height'", 3, "field_differs"),
    ("UPDATE ledger_ledgerfield SET salt = decode(repeat('00', 16), 'hex') WHERE entry_id = 3 AND path = 'height'", 3, "field_differs"),
    ("UPDATE ledger_ledgerfield SET field_class = 'public' WHERE entry_id = 3 AND path = 'recipe'", 3, "field_differs"),
    ("UPDATE ledger_ledgerfield SET path = 'weight' WHERE entry_id = 3 AND path = 'height'", 3, "field_differs"),
    (f"UPDATE ledger_ledgerfield SET hash = {_OTHER}, text = NULL, salt = NULL WHERE entry_id = 3 AND path = 'height'", 3, "fields_differ"),
    ("UPDATE ledger_ledgerfield SET text = NULL, salt = NULL WHERE entry_id = 3 AND path = 'height'", 3, "purged_unsaid"),
    ("UPDATE ledger_ledgerfield SET entry_id = 4, path = 'b' WHERE entry_id = 3 AND path = 'height'", 3, "fields_differ"),
    ("DELETE FROM ledger_ledgerfield WHERE entry_id = 3 AND path = 'height'", 3, "fields_differ"),
    ("DELETE FROM ledger_entry WHERE seq = 3", 3, "gap"),
    ("DELETE FROM ledger_entry WHERE seq = 10", 10, "missing"),
    ("DELETE FROM ledger_entry", 0, "missing"),
    ("UPDATE ledger_entry SET seq = 12 WHERE seq = 10", 11, "beyond_head"),
    ("UPDATE ledger_log SET mode = 'production'", 0, "genesis_differs"),
    (f"UPDATE ledger_node SET hash = {_OTHER} WHERE place = 6", None, "node_differs"),
    (f"UPDATE ledger_node SET hash = {_OTHER} WHERE place = 7", None, "node_differs"),
    ("DELETE FROM ledger_node WHERE place = 7", None, "node_differs"),
    (f"INSERT INTO ledger_node (place, hash) VALUES (999, {_OTHER})", None, "stray_nodes"),
    (f"UPDATE ledger_head SET root = {_OTHER}", None, "head_differs"),
    ("UPDATE ledger_head SET peaks = ''", None, "head_differs"),
    ("UPDATE ledger_head SET recorded_at = recorded_at + interval '1 second'", None, "head_differs"),
    ("UPDATE ledger_head SET size = 12", 11, "missing"),
    ("UPDATE ledger_head SET size = 10", None, "log_shrank"),
    ("UPDATE ledger_head SET size = 0", None, "log_shrank"),
    ("DELETE FROM ledger_head", None, "no_head"),
    (f"UPDATE ledger_checkpoint SET root = {_OTHER} WHERE size = 6", None, "checkpoint_differs"),
    ("UPDATE ledger_checkpoint SET size = 7 WHERE size = 6", None, "checkpoint_differs"),
    ("UPDATE ledger_checkpoint SET note = replace(note, E'\\n6\\n', E'\\n7\\n') WHERE size = 6", None, "signature_differs"),
    ("UPDATE ledger_checkpoint SET note = 'nothing' WHERE size = 6", None, "not_a_note"),
    ("UPDATE ledger_checkpoint SET verifier_key = 'another' WHERE size = 6", None, "unknown_key"),
]


@pytest.mark.parametrize(("statement", "seq", "code"), TAMPERINGS)
def test_each_tampering_is_found_and_named(log, statement, seq, code):
    assert services.verify().sound
    _tamper(statement)
    report = services.verify()
    assert report.misfit is not None
    assert (report.misfit.code, report.misfit.seq) == (code, seq)


def test_a_log_cut_short_with_its_head_is_found_by_its_checkpoints(log):
    for statement in (
        "DELETE FROM ledger_ledgerfield WHERE entry_id = 10",
        "DELETE FROM ledger_entry WHERE seq = 10",
        "DELETE FROM ledger_node WHERE place = 20",
    ):
        _tamper(statement)
    _tamper("UPDATE ledger_head SET size = 10, root = %s, peaks = '', recorded_at = %s", queries.root_at(10), NOON)
    assert services.verify().misfit.code == "log_shrank"


def test_two_entries_that_change_places_are_found(log):
    _tamper("UPDATE ledger_entry SET thing = 'stone:00000000-0000-0000-0000-000000000001' WHERE seq = 3")
    assert services.verify().misfit.seq == 3


def test_the_first_misfit_is_named_where_there_are_many(log):
    _tamper("UPDATE ledger_entry SET role = 'chair' WHERE seq IN (4, 7, 9)")
    assert services.verify().misfit.seq == 4


def test_a_purged_value_is_gone_and_the_log_still_fits(log):
    services.purge(seq=3, path="recipe", reason=services.PurgeReason.MISFILED_HAZARD, actor=uuid.UUID(int=1), at=NOON + timedelta(hours=1))
    assert queries.entry(3).values == {"height": 2, "who": "Ada"}
    assert services.verify().purged == 1
    assert services.verify().sound
    tombstone = Entry.objects.prefetch_related("fields").last()
    assert (tombstone.kind, tombstone.thing) == ("ledger:field:purged", "entry:3")
    assert tombstone.values == {"seq": 3, "path": "recipe", "reason": "misfiled_hazard"}


def test_one_value_that_was_purged_hides_no_other_that_is_gone_and_the_words_about_a_purge_may_be_purged_too(log):
    later = {"reason": services.PurgeReason.MISFILED_HAZARD, "actor": None, "at": NOON + timedelta(hours=1)}
    said = services.purge(seq=3, path="recipe", **later)
    services.purge(seq=said.seq, path="path", **later)
    assert services.verify().sound
    _tamper("UPDATE ledger_ledgerfield SET text = NULL, salt = NULL WHERE entry_id = 3 AND path = 'height'")
    assert services.verify().misfit.code == "purged_unsaid"


def test_what_is_not_there_cannot_be_purged(log):
    for seq, path in ((3, "colour"), (99, "recipe")):
        with pytest.raises(services.NothingToPurge):
            services.purge(seq=seq, path=path, reason=services.PurgeReason.ERASURE_REQUEST, actor=None, at=NOON + timedelta(hours=1))
    assert services.size() == 11


def test_a_stored_finding_of_a_misfit_shuts_the_gate_until_a_later_run_finds_none(log):
    assert services.record_verification(at=NOON).sound
    assert queries.is_sound()
    _tamper("UPDATE ledger_entry SET role = 'chair' WHERE seq = 3")
    assert queries.is_sound()
    services.record_verification(at=NOON)
    assert not queries.is_sound()
    stored = queries.latest_verification()
    assert (stored.sound, stored.misfit_seq) == (False, 3)
    assert stored.misfit == "Entry 3: Its bytes do not give the hash that was sealed."
    _tamper("UPDATE ledger_entry SET role = 'mason' WHERE seq = 3")
    assert not queries.is_sound()
    services.record_verification(at=NOON)
    assert queries.is_sound()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_entry WHERE seq = 10",
        "UPDATE ledger_entry SET role = 'chair' WHERE seq = 10",
        "UPDATE ledger_entry SET recorded_at = recorded_at + interval '1 second' WHERE seq = 10",
        "UPDATE ledger_head SET size = 10",
        f"UPDATE ledger_head SET root = {_OTHER}",
        f"UPDATE ledger_node SET hash = {_OTHER} WHERE place = 7",
        f"UPDATE ledger_node SET hash = {_OTHER} WHERE place = 20",
        "DELETE FROM ledger_node WHERE place = 7",
        "DELETE FROM ledger_head",
    ],
)
def test_the_quick_look_finds_a_head_that_does_not_fit(log, statement):
    assert queries.is_sound()
    _tamper(statement)
    assert not queries.is_sound()


def test_the_quick_look_costs_the_same_however_long_the_log_is(log, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(3):
            queries.is_sound()
        for number in range(9, 40):
            _append(number)


def test_the_command_says_what_it_did_and_exits_with_one_on_the_first_misfit(log, capsys):
    call_command("verify_ledger")
    told = capsys.readouterr().out
    assert "sealed: 11\n" in told
    assert bytes(services.head().root).hex() in told
    assert Verification.objects.count() == 0
    _tamper("UPDATE ledger_entry SET role = 'chair' WHERE seq = 3")
    with pytest.raises(CommandError, match="Entry 3: Its bytes") as refused:
        call_command("verify_ledger", "--record", "--json")
    assert refused.value.returncode == 1
    assert '"misfit": {"seq": 3, "code": "leaf_differs"' in capsys.readouterr().out
    assert not Verification.objects.get().sound


def test_the_nightly_run_keeps_what_it_found_and_is_loud_about_a_misfit(log, caplog):
    verify_by_night()
    assert queries.latest_verification().sound
    assert caplog.text == ""
    _tamper("UPDATE ledger_entry SET role = 'chair' WHERE seq = 3")
    verify_by_night(later_argument=True)
    assert "Entry 3" in caplog.text


def test_the_log_is_opened_from_the_command_line_once(db, capsys):
    call_command("open_log", "--mode", "production")
    assert "Opened the production log" in capsys.readouterr().out
    with pytest.raises(CommandError, match="already"):
        call_command("open_log", "--mode", "demo")
