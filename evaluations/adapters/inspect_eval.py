"""Inspect's `.eval`: a zip archive of which only the header is read. What stands beside it is checked; samples are never inflated."""

from typing import BinaryIO

from evaluations.adapters.archive import Archive, Member
from evaluations.adapters.fields import Node
from evaluations.adapters.inspect_header import PASSED_OVER, read_header
from evaluations.adapters.limits import Limits
from evaluations.adapters.strict_json import parse
from evaluations.adapters.types import Reading, RejectedInput

FORMAT = "inspect-eval"
HEADER = "header.json"
JOURNAL_START = "_journal/start.json"
# Written beside the header and small: damage there tells of a damaged copy, whose header may be whole by chance.
BESIDE = (b"_journal/", b"summaries.json", b"reductions.json")


def read_archive(stream: BinaryIO, limits: Limits) -> Reading:
    """The Reading of an `.eval`; raises RejectedInput for a hostile, damaged or foreign archive."""
    archive = Archive(stream, limits)
    headers = archive.named(HEADER)
    if len(headers) > 1:
        raise RejectedInput(
            "archive-two-headers",
            "The archive holds two header.json: two programs would read two different results.",
            where=HEADER,
            what_to_do="Open the log with Inspect and save it again, then upload that.",
            format=FORMAT,
        )
    archive.check(member for member in archive.members if member.raw_name.startswith(BESIDE))
    if headers:
        return read_header(_document(archive, headers[0], limits), format=FORMAT, limits=limits)
    starts = archive.named(JOURNAL_START)
    if len(starts) == 1:
        return read_header(_document(archive, starts[0], limits), format=FORMAT, limits=limits, is_unfinished=True)
    raise _no_log(archive)


def _document(archive: Archive, member: Member, limits: Limits) -> Node:
    try:
        document = parse(archive.open(member), limits=limits, skip=PASSED_OVER)
    except RejectedInput as refusal:
        where = f"{member.name}, {refusal.where}" if refusal.where else member.name
        raise RejectedInput(refusal.code, refusal.message, where=where, what_to_do=refusal.what_to_do, format=FORMAT) from refusal
    return Node(document, f"{member.name}#")


def _no_log(archive: Archive) -> RejectedInput:
    """Which archive this is instead."""
    names = [member.name for member in archive.members if not member.name.startswith("__MACOSX/")]
    if any(name.endswith(f"/{HEADER}") and name.count("/") == 1 for name in names):
        return RejectedInput(
            "archive-of-a-folder",
            "This is a zipped folder with a log inside, not the log itself.",
            where=next(name for name in names if name.endswith(f"/{HEADER}")),
            what_to_do="Upload the .eval file as Inspect wrote it, without packing it again.",
            format=FORMAT,
        )
    last = {name.rsplit("/", 1)[-1] for name in names}
    if {"run_spec.json", "stats.json"} <= last:
        return RejectedInput("known-not-read", "This is a HELM run; the portal knows the format but does not read it.", format="helm")
    if any(name.lower().endswith((".zip", ".eval")) for name in names):
        return RejectedInput(
            "archive-of-archives",
            "This archive holds other archives; they are not opened.",
            what_to_do="Upload each log by itself.",
            format="zip",
        )
    return RejectedInput(
        "unknown-archive", "This archive is not an evaluation log.", what_to_do="Upload the log as the harness wrote it.", format="zip"
    )
