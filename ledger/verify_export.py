"""Verifies an export of an ASL portal's ledger, and reports the portal made. Standard library only; it shares no code with the portal, and travels
inside every export.

    python3 verify_export.py EXPORT.zip [--key VERIFIER_KEY]... [--checkpoint NOTE_FILE]... [--report FILE]... [--root-at SIZE]...

Bring your own copy of the log's verifier key and, if you have them, checkpoints you were given before: without a key from elsewhere the signatures
show only that the export agrees with itself. `--report` takes a report as you were given it, PDF or JSON: an entry of the log has to name its SHA-256,
and the root it was made at has to be the root of this log at that size. `--root-at` prints the root of the first so many entries.

Exit 0: everything fits, every report too, and was signed by a key you brought. Exit 1: something does not fit; the output says what. Exit 2: nothing
was checked, because the command or a file could not be read. Exit 3: all that could be checked fits, and the output says what could not be.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys
import zipfile
import zlib
from typing import IO, Any

FITS, MISFIT, INCOMPLETE = 0, 1, 3
LOG_OPENED = "ledger:log:opened"
REPORT_MADE, DIGESTS = "reviews:report:made", ("json", "pdf")
FIELD_PURGED = "ledger:field:purged"
CLASSES = {"public", "internal", "personal", "hazard"}
# What is not checked is not there: a word beside what fits would pass for a word that fits.
MEMBERS = {"log.json", "entries.jsonl", "VERIFIER-KEYS.txt", "verify_export.py"}
LOG = {"v", "log_id", "mode", "opened_at", "size", "root", "classes"}
HEADER = {"v", "log_id", "seq", "kind", "at", "recorded_at", "actor", "role", "thing", "policy", "fields_root"}
FIELD = {"path", "class", "hash"}
KINDS_OF_FIELD = (FIELD | {"salt", "value"}, FIELD | {"withheld"}, FIELD | {"purged"})


class Misfit(Exception):
    pass


# Canonical JSON (RFC 8785, without floats)


def canonical(value: object) -> bytes:
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(_text(key) + ":" + _text(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(item) for item in value) + "]"
    if isinstance(value, float):
        raise Misfit("A number is not an integer.")
    return json.dumps(value, ensure_ascii=False)


def read_json(data: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise Misfit("A key stands twice in one object.")
        return dict(pairs)

    return json.loads(data.decode(), object_pairs_hook=once)


# The tree of RFC 6962


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        at = self.size
        while at % 2:
            leaf = node(self.peaks.pop(), leaf)
            at //= 2
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        result = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            result = node(left, result)
        return result


# Ed25519 (RFC 8032), verification only

Point = tuple[int, int, int, int]  # extended coordinates

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


def _point(data: bytes) -> Point | None:
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64 bytes are the Ed25519 signature of the message."""
    base = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    key, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or base is None or key is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = _times(s, base), _add(r, _times(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# Checkpoints: signed notes

Key = tuple[str, bytes, bytes]  # name, key id, key or signature


def read_key(text: str) -> Key:
    """(name, key id, 32 bytes) of a verifier key `name+id+base64`."""
    name, key_id, encoded = text.strip().split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    if len(data) != 33 or data[0] != 1 or hashlib.sha256(name.encode() + b"\n" + data).digest()[:4].hex() != key_id:
        raise Misfit(f"The verifier key of {name} is malformed.")
    return name, bytes.fromhex(key_id), data[1:]


def read_note(note: str) -> tuple[str, int, bytes, str, list[Key]]:
    """(origin, size, root, signed text, [(name, key id, signature)])."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    signatures = []
    for line in lines.removesuffix("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        data = base64.b64decode(encoded, validate=True)
        if dash != "\u2014":
            raise Misfit("A signature line is malformed.")
        signatures.append((name, data[:4], data[4:]))
    return origin, int(size), base64.b64decode(root, validate=True), text, signatures


def signers(note: str, keys: list[Key]) -> list[Key]:
    """The keys that signed. Raises for a false signature by one of them."""
    _, _, _, text, signatures = read_note(note)
    found = []
    for name, key_id, signature in signatures:
        for key in keys:
            if key[:2] == (name, key_id):
                if not signed(key[2], text.encode(), signature):
                    raise Misfit(f"A signature of {name} does not fit its checkpoint.")
                found.append(key)
    return found


# The export


def fills_its_file(archive: zipfile.ZipFile) -> bool:
    """Member after member, as the portal writes them, then the directory, then the end: nothing before, between or behind."""
    file, place = archive.fp, 0
    assert file is not None
    for member in sorted(archive.infolist(), key=lambda member: member.header_offset):
        file.seek(member.header_offset)
        *_, name, extra = struct.unpack("<4s5H3L2H", file.read(30))
        if member.header_offset != place or file.read(name) != member.orig_filename.encode():
            return False
        place += 30 + name + extra + member.compress_size
    size = file.seek(0, os.SEEK_END)
    file.seek(size - 22)
    mark, _, _, _, _, directory, _, comment = struct.unpack("<4s4H2LH", file.read(22))
    return mark == b"PK\5\6" and comment == 0 and archive.start_dir == place and place + directory == size - 22


def check_archive(archive: zipfile.ZipFile) -> None:
    """That every program reads the same members in it, and none that is not looked at here."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise Misfit("A member of the archive stands twice; which one is read depends on the program.")
    if not fills_its_file(archive):
        raise Misfit("The archive holds bytes that belong to no member; what is read in it depends on the program.")
    unknown = [name for name in names if name not in MEMBERS and not name.startswith("checkpoints/")]
    if unknown:
        raise Misfit(f"The archive holds {unknown[0]!r}, which is no part of an export and was not checked.")


def check_log(log: dict[str, Any]) -> None:
    if set(log) != LOG or log["v"] != 1 or not {"public"} <= set(log["classes"]) <= CLASSES:
        raise Misfit("log.json is malformed, or says something that nothing seals.")


def check_entry(document: dict[str, Any], log: dict[str, Any], previous: dict[str, Any] | None, expected: int) -> bytes:
    """One line of entries.jsonl; returns its leaf."""
    entry, seq = document["entry"], document["entry"].get("seq")
    if set(document) != {"entry", "leaf", "fields"}:
        raise Misfit(f"Beside entry {seq} stands something that nothing seals.")
    if seq != expected:
        raise Misfit(f"Entry {expected} is missing; the next one found is {seq}.")
    if set(entry) != HEADER or entry["v"] != 1 or entry["log_id"] != log["log_id"]:
        raise Misfit(f"Entry {seq} is of another format or another log.")
    if previous is not None and entry["recorded_at"] < previous["recorded_at"]:
        raise Misfit(f"Entry {seq} was recorded earlier than the entry before it.")
    leaf = hashlib.sha256(b"\x00" + canonical(entry)).digest()
    if leaf.hex() != document["leaf"]:
        raise Misfit(f"The bytes of entry {seq} do not give its leaf.")
    if len({field["path"] for field in document["fields"]}) < len(document["fields"]):
        raise Misfit(f"A field of entry {seq} stands twice.")
    tree = Tree()
    for field in sorted(document["fields"], key=lambda field: field["path"]):
        tree.add(check_field(field, seq, log))
    if tree.root().hex() != entry["fields_root"]:
        raise Misfit(f"A field of entry {seq} was added, taken away or renamed.")
    return leaf


def check_genesis(document: dict[str, Any], log: dict[str, Any]) -> None:
    """The first entry names the log, how it was opened and when; log.json may say nothing else of it."""
    entry, mode = document["entry"], [field.get("value") for field in document["fields"] if field["path"] == "mode"]
    named = (entry["kind"], entry["thing"], mode, entry["at"])
    if named != (LOG_OPENED, f"log:{log['log_id']}", [log["mode"]], log["opened_at"]):
        raise Misfit("The first entry names another log, another mode or another time of opening than log.json does.")


def check_field(field: dict[str, Any], seq: int, log: dict[str, Any]) -> bytes:
    name, sealed = f"field {field['path']} of entry {seq}", bytes.fromhex(field["hash"])
    if field["class"] not in CLASSES or len(sealed) != 32:
        raise Misfit(f"The {name} is malformed.")
    if not {"value", "withheld", "purged"} & set(field):
        raise Misfit(f"The {name} has no value and does not say why.")
    if set(field) not in KINDS_OF_FIELD:
        raise Misfit(f"Beside the {name} stands something that nothing seals.")
    if "value" in field:
        data = canonical([field["path"], field["class"], field["salt"], field["value"]])
        if hashlib.sha256(b"\x00" + data).digest() != sealed:
            raise Misfit(f"The value of {field['path']} in entry {seq} does not give the hash that was sealed.")
    if "purged" not in field and ("value" in field) != (field["class"] in log["classes"]):
        raise Misfit(f"The {name} is shown or withheld otherwise than log.json says of its class.")
    return sealed


# Reports


class Report:
    """A file you were given. What it says of itself is believed of nothing: it has to agree with the log, and tells why a report is not known."""

    def __init__(self, path: str, data: bytes) -> None:
        self.name, self.digest = os.path.basename(path), "sha256:" + hashlib.sha256(data).hexdigest()
        self.told = _told_by_pdf(data) if data.startswith(b"%PDF-") else _told_by_json(data)


def _told_by_json(data: bytes) -> dict[str, Any]:
    """log_id, size, root, and the entries it lists, as far as it says so."""
    try:
        told = read_json(data)["ledger"]
        return {"log_id": told["log_id"], "size": int(told["size"]), "root": told["root"], "entries": list(told.get("entries", ()))}
    except (Misfit, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _told_by_pdf(data: bytes) -> dict[str, Any]:
    """The same from the keywords of its metadata, which stand in the open."""
    found = {words for words in re.findall(rb"<pdf:Keywords>([^<]*)</pdf:Keywords>", data) if b"asl-root:" in words}
    told = re.search(rb"asl-log:([0-9a-f-]{36})\b.*\basl-size:([0-9]{1,15})\b.*\basl-root:(sha256:[0-9a-f]{64})\b", b"".join(found))
    if told is None or len(found) > 1:
        return {}
    return {"log_id": told[1].decode(), "size": int(told[2]), "root": told[3].decode(), "entries": []}


class Verifier:
    def __init__(self, archive: zipfile.ZipFile, own_keys: list[Key], own_notes: list[str]) -> None:
        check_archive(archive)
        self.archive, self.own_keys, self.own_notes = archive, own_keys, own_notes
        self.log = read_json(archive.read("log.json"))
        check_log(self.log)
        self.tree = Tree()
        self.leaves = bytearray()
        self.roots: dict[int, bytes] = {}
        self.introduced: list[Key] = []
        self.made: dict[str, dict[str, Any]] = {}
        self.told_purged: dict[str, set[str]] = {}
        self.said_purged: dict[str, list[Any]] = {}
        self.shown = self.withheld = self.purged = self.signed_to = self.unnamed = 0
        self.signed_by: set[str] = set()

    def run(self) -> tuple[list[str], list[str]]:
        """(what was shown, what was not checked). Raises Misfit."""
        notes = [self.archive.read(name).decode() for name in sorted(self.archive.namelist()) if name.startswith("checkpoints/")]
        wanted = {read_note(note)[1] for note in notes + self.own_notes}
        self._entries(wanted)
        self._check_purged()
        self._check_keys_told()
        proven = [
            f"{self.tree.size} entries, without a gap, forward in time, under the root sha256:{self.tree.root().hex()}",
            f"{self.shown} field values shown fit; {self.withheld} withheld and {self.purged} purged stand by their hash (their names and number are told, not shown)",
        ]
        for note in notes:
            self._check_note(note, self.introduced + self.own_keys)
        for note in self.own_notes:
            self._check_note(note, self.own_keys or self.introduced)
        proven.append(f"{len(notes)} checkpoints of the export and {len(self.own_notes)} of your own fit, in signature and root")
        if self.own_keys and self.signed_to:
            proven.append(f"entries 0 to {self.signed_to - 1} are signed by a key you brought, of {' and '.join(sorted(self.signed_by))}")
        return proven, self._open_points(notes)

    def check_report(self, report: Report) -> tuple[list[str], list[str]]:
        """(what was shown of a report, what was not), after `run`. Raises Misfit."""
        made = self.made.get(report.digest)
        if made is None:
            raise Misfit(f"{report.name}: no entry names {report.digest}. {self._why_unknown(report.told)}")
        seq, size, root = made["seq"], made.get("ledger_size"), made.get("root")
        if type(size) is not int or not 0 < size <= seq or root != "sha256:" + self.root_at(size).hex():
            raise Misfit(
                f"{report.name}: entry {seq} says it was made at {size} entries under {root}; that is not the root this log had there."
            )
        self._agrees(report, seq, size, root)
        proven = [
            f"{report.name} is, byte for byte, the {str(made.get('format')).upper()} report of case {made.get('case')} that entry {seq} names, recorded at "
            f"{made['recorded_at']}: {report.digest}",
            f"the root it was made at, {root}, is the root of the first {size} entries of this log; entry {seq} stands under the root of all "
            f"{self.tree.size}",
        ]
        if report.told.get("entries"):
            proven.append(f"the {len(report.told['entries'])} entries it lists are entries of this log, leaf by leaf")
        return proven, self._open_points_of(report, seq)

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries. Raises Misfit."""
        if not 0 <= size <= self.tree.size:
            raise Misfit(f"The export has {self.tree.size} entries; it can give no root at {size}.")
        if size not in self.roots:
            tree = Tree()
            for start in range(0, 32 * size, 32):
                tree.add(bytes(self.leaves[start : start + 32]))
            self.roots[size] = tree.root()
        return self.roots[size]

    def _entries(self, wanted: set[int]) -> None:
        previous = None
        with self.archive.open("entries.jsonl") as lines:
            for line in lines:
                document = read_json(line)
                leaf = check_entry(document, self.log, previous, self.tree.size)
                if previous is None:
                    check_genesis(document, self.log)
                previous = document["entry"]
                self._note_fields(document)
                self.tree.add(leaf)
                self.leaves += leaf
                if self.tree.size in wanted:
                    self.roots[self.tree.size] = self.tree.root()
        if (self.tree.size, self.tree.root().hex()) != (self.log["size"], self.log["root"]):
            raise Misfit("The entries do not give the size and root that log.json names.")

    def _note_fields(self, document: dict[str, Any]) -> None:
        entry, values = document["entry"], {field["path"]: field["value"] for field in document["fields"] if "value" in field}
        self.shown += len(values)
        purged = {field["path"] for field in document["fields"] if "purged" in field}
        if purged:
            self.told_purged[f"entry:{entry['seq']}"] = purged
        if entry["kind"] == FIELD_PURGED:
            self.said_purged.setdefault(entry["thing"], []).append(values.get("path"))
        self.purged += len(purged)
        self.withheld += sum("withheld" in field for field in document["fields"])
        if entry["kind"] == "ledger:key:introduced" and "verifier_key" in values:
            self.introduced.append(read_key(values["verifier_key"]))
        if entry["kind"] == REPORT_MADE:
            named = [values[path] for path in DIGESTS if isinstance(values.get(path), str)]
            self.unnamed += not named
            for digest in named:
                self.made.setdefault(digest, values | {"seq": entry["seq"], "recorded_at": entry["recorded_at"]})

    def _check_purged(self) -> None:
        """Whoever purges a value leaves an entry that says so; anybody could call a value purged that they would rather not show."""
        for thing, paths in self.told_purged.items():
            said = self.said_purged.get(thing, [])
            # An entry about a purge may be withheld or purged itself: it still names the entry it is about, and stands for one value of it.
            if len(paths - set(said)) > said.count(None):
                raise Misfit(
                    f"A value of {thing.replace(':', ' ')} is told to be purged, and no entry says that it was. If it was purged while this export was "
                    "made, a newer export holds the entry."
                )

    def _check_keys_told(self) -> None:
        told = self.archive.read("VERIFIER-KEYS.txt").decode() if "VERIFIER-KEYS.txt" in self.archive.namelist() else ""
        for line in told.splitlines():
            if re.fullmatch(r"\S+\+[0-9a-f]{8}\+\S+", line.strip()) and read_key(line) not in self.introduced:
                raise Misfit("VERIFIER-KEYS.txt names a key that no entry of this log introduces.")

    def _check_note(self, note: str, keys: list[Key]) -> None:
        """Raises Misfit."""
        origin, size, root, _, _ = read_note(note)
        if origin != "asl-portal/" + self.log["log_id"]:
            raise Misfit("A checkpoint is of another log.")
        if size > self.tree.size:
            raise Misfit(f"A checkpoint was signed at {size} entries; the export has {self.tree.size}.")
        if size < 1 or self.roots[size] != root:
            raise Misfit(f"The checkpoint at {size} entries was signed over another tree.")
        if not signers(note, keys):
            raise Misfit(f"No key known to the log or to you signed the checkpoint at {size} entries.")
        # What only a key the export itself names has signed, nobody you know answers for.
        found = signers(note, self.own_keys or keys)
        if found and size >= self.signed_to:
            self.signed_to, self.signed_by = size, {f"{name} ({key_id.hex()})" for name, key_id, _ in found}

    def _open_points(self, notes: list[str]) -> list[str]:
        points = []
        if not notes and not self.own_notes:
            points.append("There is no checkpoint: nothing here is signed.")
        elif not self.own_keys:
            points.append("You brought no key: the signatures were checked with keys the export itself names.")
        elif not self.signed_to:
            points.append("None of the checkpoints was signed by a key you brought.")
        if 0 < self.signed_to < self.tree.size:
            whose = " signed by a key you brought" if self.own_keys else ""
            points.append(f"What came after the last checkpoint{whose} is unsigned: entries {self.signed_to} to {self.tree.size - 1}.")
        return points

    def _why_unknown(self, told: dict[str, Any]) -> str:
        if told and told["log_id"] != self.log["log_id"]:
            return f"It says it was made from the log {told['log_id']}; this export is of the log {self.log['log_id']}."
        if told and told["size"] >= self.tree.size:
            return (
                f"It says it was made at {told['size']} entries, and the entry that names a report comes after those; this export ends at "
                f"{self.tree.size}. Ask for a newer one: if none goes further, the entry was cut off."
            )
        words = f"It says it was made at {told['size']} entries of this log" if told else "It does not say from which log it was made"
        hidden = f" {self.unnamed} entries name a report whose digest was purged; it may be one of those." if self.unnamed else ""
        return f"{words}: it was changed since it was made, or it was never made, or its entry was left out of this log.{hidden}"

    def _agrees(self, report: Report, seq: int, size: int, root: str) -> None:
        """What a report says of itself against the log. A log rewritten since may name the old file, but no longer under the root that stands in it."""
        told = report.told
        if told and (told["log_id"], told["size"], told["root"]) != (self.log["log_id"], size, root):
            raise Misfit(
                f"{report.name}: it says it was made at {told['size']} entries under {told['root']}; entry {seq} says {size} and {root}."
            )
        for entry in told.get("entries", ()):
            place = 32 * entry["seq"]
            if not 0 <= entry["seq"] < self.tree.size or entry["leaf"] != "sha256:" + self.leaves[place : place + 32].hex():
                raise Misfit(f"{report.name}: the entry {entry['seq']} it lists is not the one of this log.")

    def _open_points_of(self, report: Report, seq: int) -> list[str]:
        points = []
        if not report.told:
            points.append(
                f"{report.name} does not say in the open at which root it was made; compare the root printed in it with the one above."
            )
        if seq >= self.signed_to:
            points.append(f"Entry {seq}, which names {report.name}, is not under a signed checkpoint yet.")
        return points


MALFORMED = (
    Misfit,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


def check(export: IO[bytes], keys: list[Key], notes: list[bytes], reports: list[Report], sizes: list[int]) -> tuple[list[str], ...]:
    """(what was shown, what does not fit, what was not checked). A report that does not fit takes nothing from the others."""
    misfits: list[str] = []
    try:
        with zipfile.ZipFile(export) as archive:
            verifier = Verifier(archive, keys, [note.decode() for note in notes])
            proven, points = verifier.run()
    except MALFORMED as error:
        return [], [_words(error, "the export")], []
    for size in sizes:
        try:
            proven.append(f"the root of the first {size} entries is sha256:{verifier.root_at(size).hex()}")
        except Misfit as error:
            misfits.append(str(error))
    for report in reports:
        try:
            shown, not_shown = verifier.check_report(report)
            proven += shown
            points += not_shown
        except MALFORMED as error:
            misfits.append(_words(error, report.name))
    return proven, misfits, points


def _words(error: Exception, what: str) -> str:
    return str(error) if isinstance(error, Misfit) else f"{what} is malformed ({type(error).__name__}: {error})"


def _bytes_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of an ASL portal's ledger, and reports the portal made.")
    parser.add_argument("export")
    parser.add_argument("--key", action="append", default=[], help="a verifier key you trust, name+id+base64; may be repeated")
    parser.add_argument("--checkpoint", action="append", default=[], help="a file with a checkpoint you were given before; may be repeated")
    parser.add_argument("--report", action="append", default=[], help="a report you were given, PDF or JSON; may be repeated")
    parser.add_argument("--root-at", action="append", default=[], type=int, metavar="SIZE", help="print the root of the first SIZE entries")
    asked = parser.parse_args(arguments)
    keys = []
    for key in asked.key:
        try:
            keys.append(read_key(key))
        except (Misfit, ValueError):
            parser.error(f"--key {key!r} is no verifier key: it reads name+id+base64, whole and as you were given it; nothing was checked")
    try:
        notes = [_bytes_of(path) for path in asked.checkpoint]
        reports = [Report(path, _bytes_of(path)) for path in asked.report]
        with open(asked.export, "rb") as export:
            proven, misfits, points = check(export, keys, notes, reports, asked.root_at)
    except OSError as error:
        parser.error(f"{error.filename} could not be read ({error.strerror}); nothing was checked")
    for start, lines in (("Shown: {}.", proven), ("DOES NOT FIT: {}", misfits), ("Not shown: {}", points)):
        for line in lines:
            sys.stdout.write(start.format(line) + "\n")
    if not proven:
        return MISFIT
    more = "" if not reports else " Of a report: that it tells all that was recorded."
    sys.stdout.write(f"Never shown by any such check: that what was recorded is true, or that something was never recorded.{more}\n")
    return MISFIT if misfits else INCOMPLETE if points else FITS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
