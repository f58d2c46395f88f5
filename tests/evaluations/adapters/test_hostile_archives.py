"""Archives made to hurt: each is refused for its reason, cheaply."""

import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import zstandard

from evaluations import adapters
from evaluations.adapters.limits import Limits
from evaluations.adapters.types import RejectedInput
from tests.evaluations.adapters.archives import DEFLATE, STORED, ZSTANDARD, Entry, members, pack, packed, repacked

PLAIN = Path(__file__).parents[2] / "samples" / "inspect_eval" / "plain.eval"
HEADER = members(PLAIN)["header.json"]
MEGABYTE = 1 << 20


def _refused(data: bytes) -> RejectedInput:
    with pytest.raises(RejectedInput) as refused:
        adapters.read(data)
    assert refused.value.message.endswith(".")
    return refused.value


def _with(*entries: Entry) -> bytes:
    return pack([Entry("header.json", HEADER), *entries])


def test_an_honest_archive_of_the_same_make_is_read() -> None:
    assert adapters.read(_with(Entry("samples/1_epoch_1.json", b"{}"))).verdict == "accept"


def test_an_empty_file_is_refused() -> None:
    assert _refused(b"").code == "empty"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_log_cut_anywhere_is_refused_as_incomplete(share: float) -> None:
    data = PLAIN.read_bytes()
    refusal = _refused(data[: int(len(data) * share)])
    assert refusal.code == "archive-incomplete" and "inspect log recover" in refusal.what_to_do


def _zeroes(method: int, megabytes: int) -> bytes:
    """The compressed form of many zeroes, made without holding them."""
    if method == ZSTANDARD:
        compressor = zstandard.ZstdCompressor().compressobj(size=megabytes * MEGABYTE)
        return b"".join(compressor.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + compressor.flush()
    return packed(bytes(megabytes * MEGABYTE), DEFLATE)


@pytest.mark.parametrize("method", [DEFLATE, ZSTANDARD])
@pytest.mark.parametrize("name", ["header.json", "reductions.json"])
def test_a_bomb_is_refused_by_its_declared_size(name: str, method: int) -> None:
    bomb = Entry(name, method=method, packed=_zeroes(method, 64), size=64 * MEGABYTE, crc=0)
    data = pack([bomb]) if name == "header.json" else _with(bomb)
    assert _refused(data).code == "archive-bomb"


@pytest.mark.parametrize("method", [DEFLATE, ZSTANDARD])
def test_a_bomb_that_declares_a_small_size_is_stopped_while_it_inflates(method: int) -> None:
    content = _zeroes(method, 64)
    data = pack([Entry("header.json", method=method, packed=content, size=100, crc=0)])
    tracemalloc.start()
    started = time.monotonic()
    refusal = _refused(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.code in ("archive-damaged", "json-malformed")
    assert peak < 20 * MEGABYTE and time.monotonic() - started < 5


def test_a_header_larger_than_a_header_is_refused() -> None:
    padded = HEADER[:-1] + b" " * (40 * MEGABYTE) + b"}"
    assert _refused(pack([Entry("header.json", padded, STORED)])).code == "archive-bomb"


def test_samples_are_never_inflated() -> None:
    """A sample that could not even be unpacked does not disturb the reading of the header."""
    assert adapters.read(_with(Entry("samples/1_epoch_1.json", packed=b"no deflate at all", size=500, crc=1))).verdict == "accept"


@pytest.mark.parametrize("method", [STORED, DEFLATE, ZSTANDARD])
@pytest.mark.parametrize("name", ["_journal/start.json", "_journal/summaries/1.json", "summaries.json", "reductions.json"])
def test_damage_beside_the_header_is_refused_with_its_place(name: str, method: int) -> None:
    """The header may have come through whole while the copy did not."""
    content = members(PLAIN) | {name: b'{"version": 2}' * 20}
    whole = pack([Entry(each, data, method) for each, data in content.items()])
    assert adapters.read(whole).verdict == "accept"
    stored = packed(content[name], method)
    middle = whole.index(stored) + len(stored) // 2
    refusal = _refused(whole[:middle] + b"DAMAGED!" + whole[middle + 8 :])
    assert (refusal.code, refusal.where) == ("archive-damaged", name)


def test_what_stands_beside_the_header_is_checked_within_bounds() -> None:
    """The smallest first, and no more than the limits take on."""
    wrong = Entry("_journal/summaries/2.json", b"x" * 900, crc=1)
    data = _with(Entry("_journal/summaries/1.json", b"y" * 100), wrong)
    for limits in (Limits(checked_bytes=999), Limits(checked_members=1)):
        assert adapters.read(data, limits=limits).verdict == "accept"
    with pytest.raises(RejectedInput, match="checksum"):
        adapters.read(data, limits=Limits(checked_bytes=1000, checked_members=2))


@pytest.mark.parametrize(
    "lie",
    [
        {"size": len(HEADER) - 1},
        {"size": len(HEADER) + 1},
        {"crc": 7},
        {"packed": packed(HEADER, DEFLATE)[:-4]},
        {"packed": packed(HEADER, DEFLATE) + b"more"},
    ],
    ids=["too short", "too long", "checksum", "cut", "surplus"],
)
def test_a_directory_that_lies_is_refused_as_damaged(lie: dict[str, int | bytes]) -> None:
    entry = Entry("header.json", HEADER)
    for name, value in lie.items():
        setattr(entry, name, value)
    assert _refused(pack([entry])).code in ("archive-damaged", "incomplete")


def test_a_member_under_two_names_is_refused_as_damaged() -> None:
    assert _refused(pack([Entry("header.json", HEADER, local_name=b"samples.json")])).code == "archive-damaged"


def test_too_many_members_are_refused_before_they_are_listed() -> None:
    assert _refused(pack([Entry("header.json", HEADER)], count=60_000)).code == "archive-damaged"
    few = Limits(archive_members=3)
    with pytest.raises(RejectedInput) as refused:
        adapters.read(_with(*(Entry(f"samples/{i}.json", b"{}") for i in range(3))), limits=few)
    assert refused.value.code == "archive-too-many-members"


def test_overlapping_members_are_refused() -> None:
    inner = Entry("samples/1.json", b"x" * 500, STORED)
    assert _refused(_with(inner, Entry("samples/2.json", b"x" * 500, STORED, offset=0))).code == "archive-overlapping-members"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:/windows", "a\\b", "a\x00b", "samples/../../x", "n" * 65_000, ""])
def test_an_unsafe_member_name_is_refused(name: str) -> None:
    assert _refused(_with(Entry(name, b"{}"))).code == "archive-unsafe-name"


def test_a_sample_id_with_slashes_is_only_a_name() -> None:
    assert adapters.read(_with(Entry("samples/group/one/1_epoch_1.json", b"{}"))).verdict == "accept"


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666])
def test_links_devices_and_pipes_are_refused(mode: int) -> None:
    assert _refused(_with(Entry("samples/1.json", b"/etc/passwd", mode=mode))).code == "archive-special-member"


def test_an_encrypted_archive_is_refused() -> None:
    assert _refused(pack([Entry("header.json", HEADER, flags=1)])).code == "archive-encrypted"


def test_a_compression_inspect_does_not_write_is_refused() -> None:
    assert _refused(pack([Entry("header.json", packed=b"..", size=10, crc=0, method=14)])).code == "archive-compression"


def test_two_headers_are_refused_as_ambiguous() -> None:
    other = HEADER.replace(b'"value":0.25', b'"value":0.99')
    refusal = _refused(_with(Entry("header.json", other)))
    assert refusal.code == "archive-two-headers" and "save it again" in refusal.what_to_do


def test_a_second_directory_that_only_some_programs_follow_is_refused() -> None:
    """Python's own reader follows the wide record wherever one stands, here in the comment of a directory that needs none."""
    other = HEADER.replace(b'"value":0.25', b'"value":0.99')
    members = [Entry("header.json", HEADER), Entry("header.json", other)]
    both = pack(members)
    second_line = both[both.rindex(b"PK\x01\x02") : both.rindex(b"PK\x05\x06")]
    directory_at = both.index(b"PK\x01\x02")
    hidden_at = directory_at + 46 + len("header.json")
    first = pack([Entry("header.json", HEADER, comment=_hidden_directory(second_line, hidden_at))])
    first_line = first[first.index(b"PK\x01\x02") : first.rindex(b"PK\x05\x06")]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(first_line), directory_at, 0)
    data = both[:directory_at] + first_line + end
    assert zipfile.ZipFile(BytesIO(data)).read("header.json") == other
    refusal = _refused(data)
    assert refusal.code == "archive-two-directories" and "as Inspect wrote it" in refusal.what_to_do


def _hidden_directory(line: bytes, at: int) -> bytes:
    """A directory of one line with its wide record and the locator, as they stand before the end of a large archive."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(line), at)
    return line + record + struct.pack("<4sLQL", b"PK\x06\x07", 0, at + len(line), 1)


def test_a_wide_record_that_tells_otherwise_than_the_end_is_refused() -> None:
    honest = pack([Entry("header.json", HEADER)])
    line = honest[honest.index(b"PK\x01\x02") : honest.rindex(b"PK\x05\x06")]
    at = len(honest) - 22 - len(line)
    for offset, code in ((at, None), (at - 1, "archive-two-directories")):
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(line), offset, 0)
        data = honest[:at] + _hidden_directory(line, at) + end
        assert adapters.read(data).verdict == "accept" if code is None else _refused(data).code == code


@pytest.mark.parametrize("place", ["extra", "local_extra"])
def test_a_member_with_a_second_name_is_refused(place: str) -> None:
    """Newer programs go by the name in the extra field; older ones do not know of it."""
    name = b"header.json"
    told = struct.pack("<BL", 1, zlib.crc32(name)) + b"notes.json"
    other = struct.pack("<2H", 0x5455, 5) + bytes(5)
    second = struct.pack("<2H", 0x7075, len(told)) + told
    assert adapters.read(pack([Entry(name, HEADER, **{place: other})])).verdict == "accept"
    assert _refused(pack([Entry(name, HEADER, **{place: other + second})])).code == "archive-two-names"


def test_another_member_given_twice_is_inspects_own_way_and_is_read() -> None:
    assert adapters.read(_with(Entry("samples/1.json", b"{}"), Entry("samples/1.json", b"{}"))).verdict == "accept"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (lambda: pack([Entry("header.json", HEADER)], before=b"<html>hello</html>"), "web-page"),
        (lambda: pack([Entry("header.json", HEADER)], before=b"\x7fELF..........."), "archive-not-at-start"),
        (lambda: pack([Entry("header.json", HEADER)], after=b"<script>"), "archive-trailing-data"),
        (lambda: pack([]), "archive-not-at-start"),
    ],
    ids=["page in front", "program in front", "script behind", "nothing inside"],
)
def test_an_archive_that_is_also_something_else_is_refused(data: Callable[[], bytes], code: str) -> None:
    assert _refused(data()).code == code


def test_archives_within_archives_are_not_opened() -> None:
    assert _refused(pack([Entry("log.eval", PLAIN.read_bytes(), STORED)])).code == "archive-of-archives"


def test_a_zipped_folder_is_refused_with_the_place_of_the_log() -> None:
    refusal = _refused(pack([Entry("my log/header.json", HEADER), Entry("__MACOSX/my log/._header.json", b"x")]))
    assert (refusal.code, refusal.where) == ("archive-of-a-folder", "my log/header.json")


def test_a_header_of_a_mac_beside_the_true_one_is_harmless() -> None:
    assert adapters.read(_with(Entry("__MACOSX/._header.json", b"x"))).verdict == "accept"


def test_a_helm_folder_and_a_foreign_archive_are_told_apart() -> None:
    helm = _refused(pack([Entry("run/run_spec.json", b"{}"), Entry("run/stats.json", b"[]")]))
    assert (helm.code, helm.format) == ("known-not-read", "helm")
    assert _refused(pack([Entry("word/document.xml", b"<x/>")])).code == "unknown-archive"


def test_a_header_nested_too_deep_is_refused_without_recursion() -> None:
    deep = HEADER[:-1] + b',"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    refusal = _refused(pack([Entry("header.json", deep)]))
    assert refusal.code == "json-too-deep" and refusal.where.startswith("header.json, byte ")


def test_a_key_given_twice_in_the_header_is_refused() -> None:
    twice = HEADER[:-1] + b',"status":"error"}'
    assert _refused(pack([Entry("header.json", twice)])).code == "json-duplicate-key"


def test_a_log_of_many_samples_costs_no_more_than_its_header() -> None:
    body = BytesIO(_with(*(Entry(f"samples/{i}_epoch_1.json", b'{"x": "' + b"y" * 4000 + b'"}', STORED) for i in range(2000))))
    tracemalloc.start()
    assert adapters.read(body).verdict == "accept"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MEGABYTE


def test_an_archive_of_more_than_65535_members_is_read() -> None:
    """Such an archive ends with the wide record; the standard library writes one."""
    body = BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("header.json", HEADER)
        for index in range(65_540):
            archive.writestr(f"s/{index}", b"")
    assert adapters.read(body).verdict == "accept"


def test_repacking_changes_nothing() -> None:
    assert adapters.read(repacked(PLAIN)) == adapters.read(PLAIN.read_bytes())
