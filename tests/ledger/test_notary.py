import json
import stat
import uuid
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger import queries, services
from ledger.checkpoints import SignerKey, VerifierKey, open_note
from ledger.models import Checkpoint, Entry
from ledger.notary import Notary, WillNotSign
from tests.makers import NOON, make_log


@pytest.fixture
def log(db):
    return make_log()


@pytest.fixture
def notary(tmp_path):
    return Notary(tmp_path / "keys" / "checkpoint.key")


def _append(at=NOON):
    services.append(kind="tests:stone:laid", thing=f"stone:{uuid.UUID(int=7)}", actor=None, at=at)


def test_the_first_signing_makes_a_key_for_its_owner_alone_and_names_it_in_the_log(log, notary):
    checkpoint = notary.sign(at=NOON)
    assert stat.S_IMODE(notary.key_file.stat().st_mode) == 0o600
    key = SignerKey.parse(notary.key_file.read_text())
    introduced = Entry.objects.prefetch_related("fields").get(kind="ledger:key:introduced")
    assert introduced.values["verifier_key"] == str(key.verifier) == checkpoint.verifier_key
    note = open_note(queries.checkpoint_text(), [key.verifier])
    assert (note.origin, note.size, note.root) == (f"asl-portal/{log.pk}", 2, bytes(services.head().root))


def test_a_log_that_has_not_grown_is_not_signed_again(log, notary):
    notary.sign(at=NOON)
    assert notary.sign(at=NOON) is None
    _append()
    assert notary.sign(at=NOON).size == 3
    assert Checkpoint.objects.count() == 2


def test_before_a_log_there_is_nothing_to_sign(db, notary):
    with pytest.raises(services.LogNotOpened):
        notary.sign(at=NOON)
    assert not notary.key_file.exists()
    with pytest.raises(queries.NoCheckpoint):
        queries.checkpoint_text()


def _cut_short() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in ("ledger_checkpoint", "ledger_ledgerfield", "ledger_entry", "ledger_node", "ledger_head", "ledger_log"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET LOCAL session_replication_role = origin")


def _rewrite(log, keep_id: bool = True) -> None:
    """A forged log under the same name, with every seal made anew."""
    _cut_short()
    forged = make_log()
    if keep_id:
        _cut_short()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO ledger_log (id, number, mode, opened_at) VALUES (%s, 1, 'demo', %s)", [log.pk, NOON])
            cursor.execute(
                "INSERT INTO ledger_head (id, log_id, size, root, peaks, recorded_at) VALUES (1, %s, 0, sha256(''), '', %s)", [log.pk, NOON]
            )
        services.append(
            kind="ledger:log:opened", thing=f"log:{log.pk}", actor=None, at=NOON, fields={"mode": "demo"}, classes={"mode": "public"}
        )
    else:
        assert forged.pk != log.pk


def test_a_log_that_was_rewritten_is_not_signed_though_it_verifies_in_itself(log, notary):
    _append()
    notary.sign(at=NOON)
    _rewrite(log)
    for _ in range(5):
        _append()
    assert services.verify().sound
    with pytest.raises(WillNotSign, match="does not extend"):
        notary.sign(at=NOON)
    assert Checkpoint.objects.count() == 0


def test_a_log_restored_from_an_older_copy_is_not_signed(log, notary):
    for _ in range(9):
        _append()
    notary.sign(at=NOON)
    _rewrite(log)
    with pytest.raises(WillNotSign, match="11 were signed before"):
        notary.sign(at=NOON)


def test_another_log_is_not_signed_with_the_same_key(log, notary):
    notary.sign(at=NOON)
    _rewrite(log, keep_id=False)
    with pytest.raises(WillNotSign, match="This key signed for"):
        notary.sign(at=NOON)


def test_a_lost_memory_is_made_good_from_what_was_published(log, notary):
    notary.sign(at=NOON)
    notary.memory_file.unlink()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_head SET root = %s", [bytes(32)])
    with pytest.raises(WillNotSign):
        notary.sign(at=NOON)


def test_what_was_remembered_but_not_published_is_published_next_time(log, notary):
    signed = notary.sign(at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM ledger_checkpoint")
    assert json.loads(notary.memory_file.read_text())["size"] == signed.size
    assert notary.sign(at=NOON).note == signed.note


def test_a_new_key_is_introduced_before_it_signs(log, notary, tmp_path):
    notary.sign(at=NOON)
    Notary(tmp_path / "second").sign(at=NOON)
    keys = [VerifierKey.parse(one.verifier_key) for one in Checkpoint.objects.all()]
    assert len(set(keys)) == 2
    report = services.verify()
    assert (report.sound, report.checkpoints) == (True, 2)


def test_the_command_signs_once_and_says_so(log, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ASL_CHECKPOINT_KEY_FILE", str(tmp_path / "key"))
    call_command("sign_checkpoints")
    call_command("sign_checkpoints")
    signed, nothing = capsys.readouterr().out.splitlines()
    assert signed.startswith("Signed 2 entries under ")
    assert nothing == "Nothing new to sign."


def test_the_command_names_the_variable_it_misses(log, monkeypatch):
    monkeypatch.delenv("ASL_CHECKPOINT_KEY_FILE", raising=False)
    with pytest.raises(CommandError, match="ASL_CHECKPOINT_KEY_FILE is not set"):
        call_command("sign_checkpoints")


def test_the_command_refuses_a_rewritten_log_loudly(log, tmp_path, monkeypatch):
    monkeypatch.setenv("ASL_CHECKPOINT_KEY_FILE", str(tmp_path / "key"))
    _append(at=NOON + timedelta(hours=1))
    Notary(tmp_path / "key").sign(at=NOON + timedelta(hours=1))
    _rewrite(log)
    with pytest.raises(CommandError, match="Refused to sign") as refused:
        call_command("sign_checkpoints")
    assert refused.value.returncode == 2
