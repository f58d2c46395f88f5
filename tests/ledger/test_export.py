import ast
import json
import subprocess
import sys
import uuid
import warnings
import zipfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import canonical, services, tree, verify_export
from ledger.checkpoints import SignerKey
from ledger.export import write_export
from ledger.models import Checkpoint, Entry
from ledger.notary import Notary
from ledger.queries import root_at
from ledger.verify_export import read_key
from tests.makers import NOON, make_log

ALL = ("public", "internal", "personal", "hazard")
SECRET = "lime-and-sand"


@pytest.fixture
def log(db, tmp_path):
    log = make_log()
    for number in range(5):
        _append(number)
    services.purge(seq=2, path="who", reason=services.PurgeReason.ERASURE_REQUEST, actor=None, at=NOON)
    Notary(tmp_path / "key").sign(at=NOON)
    return log


def _append(number):
    services.append(
        kind="tests:stone:laid",
        thing=f"stone:{uuid.UUID(int=number)}",
        actor=uuid.UUID(int=1),
        at=NOON,
        fields={"height": number, "who": "Ada", "recipe": SECRET},
        classes={"who": "personal", "recipe": "hazard"},
    )


def _key() -> str:
    return Checkpoint.objects.first().verifier_key


def _export(tmp_path, *classes) -> Path:
    path = tmp_path / "export.zip"
    write_export(path, classes=classes or ALL, actor=None, at=NOON)
    return path


def _verify(path, *arguments) -> tuple[int, str]:
    """As a stranger would: the program out of the export, in an interpreter that knows nothing else."""
    with zipfile.ZipFile(path) as archive:
        program = archive.read("verify_export.py").decode()
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(path), *arguments], capture_output=True, text=True, cwd="/", check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_stranger_verifies_an_export_with_a_key_of_their_own(log, tmp_path):
    code, told = _verify(_export(tmp_path), "--key", _key())
    assert code == verify_export.FITS, told
    assert "8 entries, without a gap" in told
    assert "20 field values shown fit; 0 withheld and 1 purged" in told
    assert "Not shown" not in told


def test_a_redacted_export_gives_the_same_leaves_and_holds_no_withheld_value(log, tmp_path):
    path = _export(tmp_path, "public", "internal")
    with zipfile.ZipFile(path) as archive:
        text = archive.read("entries.jsonl").decode()
    assert SECRET not in text
    assert '"Ada"' not in text
    leaves = [json.loads(line)["leaf"] for line in text.splitlines()]
    assert leaves == [bytes(leaf).hex() for leaf in Entry.objects.filter(seq__lt=8).values_list("leaf_hash", flat=True)]
    code, told = _verify(path, "--key", _key())
    assert code == verify_export.FITS
    assert "9 withheld and 1 purged" in told


def test_without_a_key_of_ones_own_the_verifier_says_what_it_could_not_show(log, tmp_path):
    code, told = _verify(_export(tmp_path))
    assert code == verify_export.INCOMPLETE
    assert "Not shown: You brought no key" in told


def test_entries_after_the_last_checkpoint_are_told_to_be_unsigned(log, tmp_path):
    _append(9)
    code, told = _verify(_export(tmp_path), "--key", _key())
    assert code == verify_export.INCOMPLETE
    assert "Not shown: What came after the last checkpoint signed by a key you brought is unsigned: entries 8 to 8." in told


def test_what_only_a_key_named_by_the_export_has_signed_is_not_taken_for_signed(log, tmp_path):
    kept = _key()
    _append(9)
    Notary(tmp_path / "another key").sign(at=NOON)
    code, told = _verify(_export(tmp_path), "--key", kept)
    assert code == verify_export.INCOMPLETE
    assert "signed by a key you brought is unsigned: entries 8 to 9" in told
    both = ("--key", kept, "--key", Checkpoint.objects.last().verifier_key)
    assert "is unsigned: entries 10 to 10" in _told(_export(tmp_path), *both)[1]


def test_it_gives_the_root_at_any_size_and_none_beyond_the_end(log, tmp_path):
    code, told = _told(_export(tmp_path), "--key", _key(), "--root-at", "5", "--root-at", "0")
    assert code == verify_export.FITS
    assert f"the root of the first 5 entries is sha256:{root_at(5).hex()}" in told
    assert f"the root of the first 0 entries is sha256:{tree.EMPTY_ROOT.hex()}" in told
    code, told = _told(_export(tmp_path), "--root-at", "99")
    assert code == verify_export.MISFIT
    assert "DOES NOT FIT: The export has 9 entries; it can give no root at 99." in told


@pytest.mark.parametrize("what", ["export", "--report", "--checkpoint"])
def test_a_file_that_cannot_be_read_is_no_misfit(log, tmp_path, what, capsys):
    path, missing = _export(tmp_path), str(tmp_path / "missing")
    with pytest.raises(SystemExit) as left:
        verify_export.main([missing] if what == "export" else [str(path), what, missing])
    assert left.value.code == 2
    assert "nothing was checked" in capsys.readouterr().err


def test_an_archive_whose_bytes_are_spoilt_is_told_in_words(log, tmp_path):
    path = _export(tmp_path)
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    code, told = _told(path)
    assert code == verify_export.MISFIT and told.startswith("DOES NOT FIT: the export is malformed")


def test_an_export_without_a_checkpoint_is_told_to_be_unsigned(db, tmp_path):
    make_log()
    code, told = _verify(_export(tmp_path))
    assert code == verify_export.INCOMPLETE
    assert "nothing here is signed" in told


def test_an_older_checkpoint_kept_elsewhere_is_shown_to_be_extended(log, tmp_path):
    kept = tmp_path / "kept.note"
    kept.write_text(Checkpoint.objects.get().note)
    for number in range(3):
        _append(number)
    Notary(tmp_path / "key").sign(at=NOON)
    code, told = _verify(_export(tmp_path), "--key", _key(), "--checkpoint", str(kept))
    assert code == verify_export.FITS
    assert "2 checkpoints of the export and 1 of your own fit" in told


def test_a_checkpoint_of_a_longer_log_shows_that_the_export_was_cut_short(log, tmp_path):
    path = _export(tmp_path)
    _append(9)
    Notary(tmp_path / "key").sign(at=NOON)
    kept = tmp_path / "kept.note"
    kept.write_text(Checkpoint.objects.last().note)
    code, told = _verify(path, "--key", _key(), "--checkpoint", str(kept))
    assert code == verify_export.MISFIT
    assert "was signed at 10 entries; the export has 8" in told


def _rewritten(path, member, change) -> Path:
    """The export with one member changed."""
    forged = path.with_name("forged.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.startswith(member) else data)
    return forged


def _line(number, change):
    """Changes one document of entries.jsonl."""

    def apply(data):
        lines = data.splitlines(keepends=True)
        document = json.loads(lines[number])
        change(document)
        lines[number] = canonical.canonical(document) + b"\n"
        return b"".join(lines)

    return apply


def _taken_back(field, word):
    """A value that somebody would rather not show."""
    del field["salt"], field["value"]
    field[word] = True


def _a_forgers_key() -> str:
    return f"    {SignerKey.generate('asl-portal/forger').verifier}\n"


FORGERIES = [
    ("entries.jsonl", _line(3, lambda d: d["entry"].update(role="chair")), "bytes of entry 3"),
    ("entries.jsonl", _line(3, lambda d: d["entry"].update(v=2)), "another format"),
    ("entries.jsonl", _line(3, lambda d: d["entry"].update(more=1)), "another format"),
    ("entries.jsonl", _line(3, lambda d: d["entry"].update(log_id=str(uuid.UUID(int=9)))), "another log"),
    ("entries.jsonl", _line(3, lambda d: d["entry"].update(recorded_at="2020-01-01T00:00:00.000000Z")), "earlier than"),
    ("entries.jsonl", _line(3, lambda d: d["fields"][0].update(value=99)), "value of height in entry 3"),
    ("entries.jsonl", _line(3, lambda d: d["fields"][0].update({"class": "public"})), "value of height in entry 3"),
    ("entries.jsonl", _line(3, lambda d: d["fields"][0].update(hash="00" * 32)), "value of height in entry 3"),
    ("entries.jsonl", _line(2, lambda d: d["fields"][2].update(path="a")), "added, taken away or renamed"),
    ("entries.jsonl", _line(3, lambda d: d["fields"].pop()), "added, taken away or renamed"),
    ("entries.jsonl", _line(3, lambda d: d["fields"].append(d["fields"][0])), "stands twice"),
    ("entries.jsonl", _line(3, lambda d: d["fields"][0].pop("value")), "does not say why"),
    ("entries.jsonl", _line(3, lambda d: d["fields"][0].update(hash="00")), "malformed"),
    ("entries.jsonl", lambda data: data.replace(b'"value":3', b'"value":0.5'), "not an integer"),
    ("entries.jsonl", lambda data: b"".join(data.splitlines(keepends=True)[:-1]), "do not give the size and root"),
    ("entries.jsonl", lambda data: b"".join(data.splitlines(keepends=True)[1:]), "Entry 0 is missing"),
    ("entries.jsonl", lambda data: data.replace(b'"seq":3', b'"seq":3,"seq":3'), "stands twice"),
    ("entries.jsonl", lambda data: b"not json\n", "malformed"),
    ("log.json", lambda data: data.replace(b'"size":8', b'"size":9'), "do not give the size and root"),
    ("log.json", lambda data: b"[]", "malformed"),
    ("log.json", lambda data: data.replace(b'"mode":"demo"', b'"mode":"production"'), "another mode"),
    ("log.json", lambda data: data.replace(b'"opened_at":"20', b'"opened_at":"19'), "another time of opening"),
    ("entries.jsonl", _line(3, lambda d: d.update(verdict="released")), "Beside entry 3 stands something"),
    ("entries.jsonl", _line(3, lambda d: d["fields"][0].update(unit="metres")), "Beside the field height of entry 3"),
    ("entries.jsonl", _line(2, lambda d: d["fields"][2].update(value="Eve")), "Beside the field who of entry 2"),
    ("entries.jsonl", _line(3, lambda d: _taken_back(d["fields"][0], "withheld")), "otherwise than log.json says"),
    ("entries.jsonl", _line(3, lambda d: _taken_back(d["fields"][0], "purged")), "no entry says that it was"),
    ("log.json", lambda data: data.replace(b'"v":1', b'"v":1,"audited_by":"everybody"'), "nothing seals"),
    ("log.json", lambda data: data.replace(b'"personal",', b""), "otherwise than log.json says"),
    ("VERIFIER-KEYS.txt", lambda data: data + _a_forgers_key().encode(), "no entry of this log introduces"),
    ("checkpoints/", lambda data: data.replace(b"\n8\n", b"\n7\n"), "over another tree|does not fit"),
    ("checkpoints/", lambda data: data.replace(b"asl-portal/", b"other/", 1), "of another log"),
    ("checkpoints/", lambda data: data[: data.rindex(b"\n\n") + 2], "malformed"),
]


@pytest.mark.parametrize(("member", "change", "told"), FORGERIES)
def test_each_forgery_in_an_export_is_found(log, tmp_path, member, change, told):
    path = _export(tmp_path)
    forged = _rewritten(path, member, change)
    assert _told(path)[0] == verify_export.INCOMPLETE
    code, said = _told(forged)
    assert code == verify_export.MISFIT
    assert any(words in said for words in told.split("|")), said


def _appended(path, name, data):
    """Put in front, so that a program which reads by name finds the true one and a program which reads along finds this."""
    with zipfile.ZipFile(path) as archive:
        members = [(each, archive.read(each)) for each in archive.namelist()]
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for each, content in [(name, data), *members]:
            archive.writestr(each, content)


def _commented(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"All of it was audited."


def _hidden(path):
    """A member between two others that no directory lists: a program that reads along finds it."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
            if each == "log.json":
                archive.writestr("READ ME FIRST.txt", b"All of it was audited.")
        archive.filelist = [each for each in archive.filelist if each.filename in members]


ARCHIVES = {
    "a member stands twice": lambda path: _appended(path, "entries.jsonl", b"{}\n"),
    "a member nobody checks": lambda path: _appended(path, "READ ME FIRST.txt", b"All of it was audited."),
    "another archive in front": lambda path: path.write_bytes(path.read_bytes() * 2),
    "something behind the end": _commented,
    "something behind the end that is no comment": lambda path: path.write_bytes(path.read_bytes() + b"All of it was audited."),
    "a member that the directory does not list": _hidden,
}


@pytest.mark.parametrize("oddity", ARCHIVES)
def test_an_archive_that_programs_read_differently_or_that_holds_more_is_no_export(log, tmp_path, oddity):
    path = _export(tmp_path)
    ARCHIVES[oddity](path)
    code, said = _told(path, "--key", _key())
    assert code == verify_export.MISFIT and "DOES NOT FIT: " in said and "archive" in said, said


def _told(path, *arguments) -> tuple[int, str]:
    """The verifier in this process, which is quicker."""
    with redirect_stdout(StringIO()) as said:
        code = verify_export.main([str(path), *arguments])
    return code, said.getvalue()


def test_a_signature_of_another_key_is_not_taken_for_the_logs_own(log, tmp_path):
    def other_signature(data):
        note = data.decode()
        head, _, line = note.rpartition("\u2014 ")
        name, signature = line.split(" ")
        flipped = ("A" if signature[20] != "A" else "B").join([signature[:20], signature[21:]])
        return f"{head}\u2014 {name} {flipped}".encode()

    code, said = _told(_rewritten(_export(tmp_path), "checkpoints/", other_signature))
    assert code == verify_export.MISFIT
    assert "signature" in said


def test_making_an_export_is_itself_recorded(log, tmp_path):
    path = _export(tmp_path, "public", "hazard")
    made = Entry.objects.prefetch_related("fields").last()
    assert made.kind == "ledger:export:made"
    assert made.values["classes"] == ["public", "hazard"]
    assert made.values["size"] == 8
    assert made.values["sha256"] == canonical.digest(path.read_bytes()).removeprefix("sha256:")


def test_a_later_export_begins_with_the_bytes_of_an_earlier_one(log, tmp_path):
    def members(path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            return {name: archive.read(name) for name in archive.namelist()}

    first = members(_export(tmp_path))
    later = members(_export(tmp_path))
    assert later["entries.jsonl"].startswith(first["entries.jsonl"])
    same = set(first) - {"entries.jsonl", "log.json"}
    assert {name: first[name] for name in same} == {name: later[name] for name in same}


def test_the_command_writes_an_export_without_hazard_unless_asked_and_keeps_what_is_there(log, tmp_path, capsys):
    path = tmp_path / "ledger.zip"
    call_command("export_ledger", str(path))
    assert "Wrote 8 entries" in capsys.readouterr().out
    with zipfile.ZipFile(path) as archive:
        assert SECRET not in archive.read("entries.jsonl").decode()
    with pytest.raises(CommandError, match="there already"):
        call_command("export_ledger", str(path))
    call_command("export_ledger", str(path), "--replace", "--classes", *ALL)
    with zipfile.ZipFile(path) as archive:
        assert SECRET in archive.read("entries.jsonl").decode()


def test_an_unopened_ledger_has_nothing_to_export(db, tmp_path):
    with pytest.raises(CommandError, match="not been opened"):
        call_command("export_ledger", str(tmp_path / "ledger.zip"))


def test_the_verifier_stands_on_the_standard_library_alone():
    tree = ast.parse(Path(verify_export.__file__).read_text())
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= set(sys.stdlib_module_names)


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_the_verifiers_own_ed25519_agrees_with_a_library(seed, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify_export.signed(public, message, signature)
    assert not verify_export.signed(public, message + b"\x00", signature)
    flipped = bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(signature))
    assert not verify_export.signed(public, message, flipped)
    assert not verify_export.signed(public, message, signature[:-1])


_texts = st.text(st.characters(exclude_categories=["Cs"]))
_scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts


@given(st.recursive(_scalars, lambda one: st.lists(one) | st.dictionaries(_texts, one), max_leaves=10))
def test_the_verifiers_own_canonical_bytes_agree_with_the_portals(value):
    assert verify_export.canonical(value) == canonical.canonical(value)


def test_the_verifier_key_stands_in_the_export_and_on_a_page_open_to_everybody_with_what_it_is_worth(log, tmp_path):
    with zipfile.ZipFile(_export(tmp_path)) as archive:
        inside = archive.read("VERIFIER-KEYS.txt").decode()
    page = Client().get("/ledger/keys/").text
    assert _key() in inside and _key() in page.replace("&#x2B;", "+")
    assert "reached you another" in inside and "<strong>another way</strong>" in page


def test_the_verifier_says_how_far_the_key_you_brought_has_signed(log, tmp_path):
    _append(9)
    key = read_key(_key())
    told = _verify(_export(tmp_path), "--key", _key())[1]
    assert f"Shown: entries 0 to 7 are signed by a key you brought, of {key[0]} ({key[1].hex()})." in told
    assert "are signed by" not in _verify(_export(tmp_path))[1]


@pytest.mark.parametrize("key", ["", "no key", "asl-portal/x+00000000+AAAA", "asl-portal/x+zz+%%%"])
def test_a_key_that_is_none_is_an_error_of_the_command_and_no_misfit_of_the_record(log, tmp_path, capsys, key):
    with pytest.raises(SystemExit) as ended:
        verify_export.main([str(_export(tmp_path)), "--key", key])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert f"--key {key!r} is no verifier key" in told.err and "nothing was checked" in told.err and "DOES NOT FIT" not in told.out
