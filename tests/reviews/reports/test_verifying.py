"""A report is verified by a stranger: with the exported record, by a program that knows nothing of the portal."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from evaluations.services import blobs
from ledger import verify_export
from ledger.canonical import canonical
from ledger.entry_format import PUBLIC, Commitment, fields_root
from ledger.export import write_export
from ledger.models import Checkpoint, Entry
from ledger.notary import Notary
from ledger.queries import root_at
from ledger.services import purge
from reviews import entries
from reviews.models import Export
from reviews.reports.exports import make_due, request_export
from tests.reviews.reports.conftest import Decided


@dataclass
class Given:
    """What a stranger holds: the reports, the record and the key; `told` is what the program says of them."""

    decided: Decided
    folder: Path
    pdf: Path
    json: Path
    record: Path
    key: str

    def told(self, *reports: Path, record: Path | None = None, keyed: bool = True) -> tuple[int, str]:
        arguments = [str(record or self.record), *(["--key", self.key] if keyed else [])]
        for report in reports:
            arguments += ["--report", str(report)]
        with redirect_stdout(StringIO()) as said:
            code = verify_export.main(arguments)
        return code, said.getvalue()

    def export(self, name: str = "later.zip") -> Path:
        write_export(self.folder / name, classes=(), actor=None, at=self.decided.board.now())
        return self.folder / name

    def changed(self, report: Path, change: Callable[[bytes], bytes]) -> Path:
        changed = self.folder / f"changed{report.suffix}"
        changed.write_bytes(change(report.read_bytes()))
        return changed


@pytest.fixture
def given(decided: Decided, tmp_path: Path) -> Given:
    files = []
    for kind in ("pdf", "json"):
        request_export(case=decided.case, kind=kind, actor=decided.board.cast.dan, at=decided.board.now())
        assert make_due(at=decided.board.now()) == 1
        export = Export.objects.get(kind=kind)
        assert export.blob_id
        with blobs.open_bytes(export.blob_id) as stored:
            files.append(tmp_path / export.filename)
            files[-1].write_bytes(stored.read())
    Notary(tmp_path / "key").sign(at=decided.board.now())
    key = Checkpoint.objects.get().verifier_key
    given = Given(decided, tmp_path, files[0], files[1], tmp_path / "record.zip", key)
    given.export("record.zip")
    return given


def made(kind: str) -> Entry:
    export = Export.objects.get(kind=kind)
    return Entry.objects.prefetch_related("fields").get(kind=entries.REPORT_MADE, thing=f"export:{export.pk}")


def test_a_stranger_verifies_both_reports_with_the_record_and_the_key_alone(given: Given) -> None:
    with zipfile.ZipFile(given.record) as archive:
        program = given.folder / "verify_export.py"
        program.write_bytes(archive.read("verify_export.py"))
    reports = ["--report", str(given.pdf), "--report", str(given.json)]
    command = [sys.executable, "-I", str(program), str(given.record), "--key", given.key, *reports]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env={}, check=False)
    assert (done.returncode, done.stderr) == (verify_export.FITS, ""), done.stdout
    for kind, path in (("pdf", given.pdf), ("json", given.json)):
        entry, export = made(kind), Export.objects.get(kind=kind)
        assert (
            f"{path.name} is, byte for byte, the {kind.upper()} report of case {export.case_id} that entry {entry.seq} names" in done.stdout
        )
        root = root_at(export.ledger_size).hex()
        assert f"the root it was made at, sha256:{root}, is the root of the first {export.ledger_size} entries of this log" in done.stdout
    assert "it lists are entries of this log, leaf by leaf" in done.stdout
    assert "Not shown" not in done.stdout


@pytest.mark.parametrize("kind", ["pdf", "json"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_one_changed_byte_is_found_wherever_it_stands(given: Given, kind: str, place: float) -> None:
    def flip(data: bytes) -> bytes:
        at = int(len(data) * place)
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    code, told = given.told(given.changed(getattr(given, kind), flip))
    assert code == verify_export.MISFIT
    assert f"DOES NOT FIT: changed.{kind}: no entry names sha256:" in told
    assert "it was changed since it was made, or it was never made, or its entry was left out of this log" in told


def test_one_report_that_does_not_fit_takes_nothing_from_another(given: Given) -> None:
    code, told = given.told(given.pdf, given.changed(given.pdf, lambda data: data + b"\n"))
    assert code == verify_export.MISFIT
    assert f"Shown: {given.pdf.name} is, byte for byte" in told and "DOES NOT FIT: changed.pdf" in told


def test_a_report_of_another_log_is_told_to_be_one(given: Given) -> None:
    def another(data: bytes) -> bytes:
        told = json.loads(data)
        told["ledger"]["log_id"] = "11111111-2222-4333-8444-555555555555"
        return canonical(told)

    code, told = given.told(given.changed(given.json, another))
    assert code == verify_export.MISFIT
    assert "It says it was made from the log 11111111-2222-4333-8444-555555555555; this export is of the log" in told


@pytest.mark.parametrize("kind", ["pdf", "json"])
def test_a_report_whose_entry_was_cut_off_is_told_to_be_one(given: Given, kind: str) -> None:
    """The export ends before it, and is whole as far as it goes."""
    report, end = getattr(given, kind), made(kind).seq
    code, told = given.told(report, record=cut(given.record, end), keyed=False)
    assert code == verify_export.MISFIT
    assert f"this export ends at {end}. Ask for a newer one: if none goes further, the entry was cut off." in told


def test_a_report_made_after_the_last_checkpoint_is_told_to_be_unsigned(given: Given) -> None:
    board = given.decided.board
    request_export(case=given.decided.case, kind="json", actor=board.cast.ben, at=board.now())
    make_due(at=board.now())
    export = Export.objects.latest("made_at")
    assert export.blob_id
    with blobs.open_bytes(export.blob_id) as stored:
        late = given.changed(given.json, lambda _: stored.read())
    code, told = given.told(late, given.pdf, record=given.export())
    assert code == verify_export.INCOMPLETE
    assert "which names changed.json, is not under a signed checkpoint yet." in told
    assert f"which names {given.pdf.name}, is" not in told


def test_a_log_rewritten_since_cannot_take_an_old_report_for_its_own(given: Given) -> None:
    """Whoever has the database and the key names the old file anew, under the root the rewritten log has: the root in the file is another."""
    entry = made("pdf")
    for forged, words in (("sha256:" + "ab" * 32, "that is not the root this log had there"), (None, "it says it was made at")):
        size = entry.values["ledger_size"] if forged else 3
        root = forged or f"sha256:{root_at(3).hex()}"
        record = reworded(given.record, entry.seq, {"root": root, "ledger_size": size})
        code, told = given.told(given.pdf, record=record, keyed=False)
        assert code == verify_export.MISFIT
        assert words in told


def test_a_listed_entry_that_is_not_the_logs_is_found(given: Given) -> None:
    def other_leaf(data: bytes) -> bytes:
        told = json.loads(data)
        told["ledger"]["entries"][0]["leaf"] = "sha256:" + "00" * 32
        return canonical(told)

    changed = given.changed(given.json, other_leaf)
    digest = verify_export.Report("changed.json", changed.read_bytes()).digest
    record = reworded(given.record, made("json").seq, {"json": digest})
    code, told = given.told(changed, record=record, keyed=False)
    assert code == verify_export.MISFIT
    assert "it lists is not the one of this log" in told


def test_the_json_a_pdf_was_set_from_is_known_as_well(given: Given) -> None:
    """Both digests stand in the entry of a PDF: its words may be checked as data."""
    values = made("pdf").values
    assert set(values) == {"case", "format", "json", "ledger_size", "pdf", "root"}
    assert values["pdf"] == f"sha256:{Export.objects.get(kind='pdf').blob_id}"
    assert set(made("json").values) == set(values) - {"pdf"}
    assert set(made("pdf").fields.values_list("field_class", flat=True)) == {PUBLIC}


def test_where_a_digest_was_purged_nobody_says_that_a_report_was_never_made(given: Given) -> None:
    entry = made("json")
    purge(seq=entry.seq, path="json", reason="erasure_request", actor=None, at=given.decided.board.now())  # type: ignore[arg-type]
    code, told = given.told(given.json, record=given.export())
    assert code == verify_export.MISFIT
    assert "1 entries name a report whose digest was purged; it may be one of those." in told


# A forger who has the key of nothing, but recomputes everything that can be recomputed


def cut(record: Path, size: int) -> Path:
    """The record as it would stand had it ended at `size`."""
    return _forged(record, lambda documents: documents[:size])


def reworded(record: Path, seq: int, values: dict[str, Any]) -> Path:
    """The record with other values in one entry."""

    def change(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        document = documents[seq]
        sealed = [
            Commitment.make(field["path"], field["class"], bytes.fromhex(field["salt"]), values.get(field["path"], field["value"]))
            for field in document["fields"]
        ]
        document["fields"] = [
            {"path": one.path, "class": one.field_class, "salt": old["salt"], "value": json.loads(one.text or ""), "hash": one.hash.hex()}
            for one, old in zip(sealed, document["fields"], strict=True)
        ]
        document["entry"]["fields_root"] = fields_root(sealed).hex()
        document["leaf"] = hashlib.sha256(b"\x00" + canonical(document["entry"])).hexdigest()
        return documents

    return _forged(record, change)


def _forged(record: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Path:
    forged = record.with_name("forged.zip")
    with zipfile.ZipFile(record) as old, zipfile.ZipFile(forged, "w") as new:
        documents = change([json.loads(line) for line in old.read("entries.jsonl").splitlines()])
        tree = verify_export.Tree()
        for document in documents:
            tree.add(bytes.fromhex(document["leaf"]))
        log = json.loads(old.read("log.json")) | {"size": tree.size, "root": tree.root().hex()}
        new.writestr("log.json", canonical(log))
        new.writestr("entries.jsonl", b"".join(canonical(document) + b"\n" for document in documents))
    return forged
