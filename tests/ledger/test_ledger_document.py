"""What docs/ledger.md promises to a stranger, computed anew."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger import tree, verify_export
from ledger.canonical import parse
from ledger.checkpoints import Checkpoint, SignerKey
from ledger.entry_format import CLASSES, Commitment, Header, fields_root, value_of

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"
LOG = uuid.UUID("11111111-2222-4333-8444-555555555555")
ADA = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001")
OPENED = datetime(2026, 5, 22, 9, 0, tzinfo=UTC)
ORIGIN = f"asl-portal/{LOG}"
KEY = SignerKey(ORIGIN, bytes(range(32)))


def vectors() -> dict[str, object]:
    """Three entries with fixed salts, their tree, their proofs, and a checkpoint by a fixed key."""
    entries = [
        _entry(0, "ledger:log:opened", f"log:{LOG}", None, [("mode", "public", "demo")]),
        _entry(1, "tests:stone:laid", f"stone:{ADA}", ADA, []),
        _entry(
            2,
            "tests:stone:laid",
            f"stone:{ADA}",
            ADA,
            [("height", "internal", "0.6124"), ("recipe", "hazard", "côte €"), ("parts", "public", [1, None])],
        ),
    ]
    leaves = [bytes.fromhex(entry["leaf"]) for entry in entries]
    root = tree.root(leaves)
    return {
        "entries": entries,
        "root": root.hex(),
        "inclusion_of_1": [item.hex() for item in tree.inclusion_proof(leaves, 1)],
        "consistency_from_2": [item.hex() for item in tree.consistency_proof(leaves, 2)],
        "signing_seed": KEY.seed.hex(),
        "verifier_key": str(KEY.verifier),
        "checkpoint": KEY.sign(Checkpoint(ORIGIN, 3, root)),
    }


def _entry(seq, kind, thing, actor, values) -> dict:
    fields = [Commitment.make(path, class_, bytes([seq, number]) * 8, value) for number, (path, class_, value) in enumerate(values)]
    recorded_at = OPENED + timedelta(microseconds=seq)
    role = "researcher" if actor else ""
    header = Header(LOG, seq, kind, OPENED, recorded_at, actor, role, thing, "", fields_root(fields))
    return {
        "fields": [
            {"path": one.path, "class": one.field_class, "salt": one.salt.hex(), "value": value_of(one.text), "hash": one.hash.hex()}
            for one in sorted(fields, key=lambda field: field.path)
        ],
        "bytes": header.canonical().decode(),
        "leaf": header.leaf().hex(),
    }


def _documented() -> dict:
    (block,) = re.findall(r"<!-- vectors -->\n```json\n(.*?)\n```", DOCUMENT.read_text(), re.S)
    return json.loads(block)


def test_the_documented_vectors_are_what_the_code_gives():
    assert _documented() == vectors()


def test_the_independent_verifier_agrees_with_the_documented_vectors():
    documented = _documented()
    grown, previous = verify_export.Tree(), None
    log = {"log_id": str(LOG), "classes": [*CLASSES]}
    for number, entry in enumerate(documented["entries"]):
        document = {"entry": parse(entry["bytes"].encode()), "leaf": entry["leaf"], "fields": entry["fields"]}
        grown.add(verify_export.check_entry(document, log, previous, number))
        previous = document["entry"]
    assert grown.root().hex() == documented["root"]
    assert verify_export.signers(documented["checkpoint"], [verify_export.read_key(documented["verifier_key"])])


def test_every_command_and_file_the_document_names_is_there():
    root = DOCUMENT.parents[1]
    text = DOCUMENT.read_text()
    for command in set(re.findall(r"manage ([a-z_]+)", text)):
        assert (root / "ledger" / "management" / "commands" / f"{command}.py").exists(), command
    for name in set(re.findall(r"`((?:ledger|tests|docs)/[\w./-]+\.(?:py|md))`", text)):
        assert (root / name).exists(), name
