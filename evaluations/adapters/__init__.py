"""Readers of evaluation result files: bytes in, frozen values out. No Django, no clock, no disk.

`read` takes a file and gives a Reading or raises RejectedInput. What a file is, its bytes say, never its name:
one look at the head (64 KB at most) and, for an archive, at its directory.
"""

from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from evaluations.adapters import every_eval_ever, inspect_eval, inspect_json, lm_eval
from evaluations.adapters.archive import SIGNATURE
from evaluations.adapters.inspect_header import HARNESS as INSPECT
from evaluations.adapters.inspect_header import READER_VERSION as INSPECT_READER
from evaluations.adapters.known import DOCUMENTS, TABLES, WHOLE_FILE_MARKS, refuse
from evaluations.adapters.limits import LIMITS, Limits
from evaluations.adapters.strict_json import Glimpse, glimpse
from evaluations.adapters.types import Reading, RejectedInput, Warning

__all__ = ["HARNESSES_WITH_IDS", "LIMITS", "Limits", "Reading", "RejectedInput", "read", "reader_version", "recognise"]

# Whose logs name each run by an id of its own, so that one can be announced before it is there.
HARNESSES_WITH_IDS = (INSPECT, every_eval_ever.HARNESS)

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ARCHIVE_ENDINGS = (".eval", ".zip")
_TEXT_ENDINGS = (".json", ".jsonl", ".log", ".ndjson")


def read(data: bytes | BinaryIO, *, filename: str = "", limits: Limits = LIMITS) -> Reading:
    """What is in the file; raises RejectedInput with a code, a sentence, the place and what to do.

    `data` is bytes or a seekable binary stream. The name is used for one thing only: to say when it promises something else.
    """
    stream = BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data
    format = recognise(stream, limits=limits)
    stream.seek(0)
    try:
        reading = _READERS[format](stream, limits)
    except RejectedInput as refusal:
        refusal.format = refusal.format or format
        raise
    return _with_name_checked(reading, filename)


def reader_version(format: str) -> str:
    """The version of the reader this format would be read by now; empty for a format nobody reads."""
    return _VERSIONS.get(format, "")


def recognise(data: bytes | BinaryIO, *, limits: Limits = LIMITS) -> str:
    """The name of the one reader for this file; raises RejectedInput for what is known but not read, and for what is not known."""
    stream = BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data
    size = stream.seek(0, 2)
    if size == 0:
        raise RejectedInput("empty", "The file is empty (0 bytes).", what_to_do="Copy the file again from where it was written.")
    if size > limits.file_bytes:
        raise RejectedInput(
            "too-large", f"The file is larger than {limits.file_bytes >> 20} MB.", what_to_do="Upload the log without its samples."
        )
    stream.seek(0)
    head = stream.read(limits.head_bytes)
    _refuse_by_first_bytes(head)
    if head.startswith(SIGNATURE):
        return inspect_eval.FORMAT
    _refuse_hidden_archive(head, stream, size)
    seen = glimpse(BytesIO(head), limits=limits) if _begins_like_json(head) else None
    return _by_json(seen, head) if seen is not None else _by_text(head)


def _refuse_by_first_bytes(head: bytes) -> None:
    if head.startswith(b"version https://git-lfs"):
        raise RejectedInput(
            "git-lfs-pointer",
            "This is a Git LFS pointer, not the file it points to.",
            what_to_do="Fetch the file itself with `git lfs pull` and upload that.",
            format="git-lfs-pointer",
        )
    if head.startswith(b"%PDF"):
        raise RejectedInput("not-a-result", "This is a PDF document.", what_to_do="Upload the log as the harness wrote it.", format="pdf")
    for mark, format, title in WHOLE_FILE_MARKS:
        if head.startswith(mark):
            message = f"This is {title}."
            raise RejectedInput("compressed", message, what_to_do="Unpack it and upload the .eval or .json itself.", format=format)
    if head[257:262] == b"ustar":
        raise RejectedInput(
            "compressed", "This is a tar archive.", what_to_do="Unpack it and upload the .eval or .json itself.", format="tar"
        )
    if _without_bom(head).lstrip().startswith(b"<"):
        message = "This is a web page or other markup, not a result; a download may have failed and saved its error page."
        raise RejectedInput("web-page", message, what_to_do="Download the log again and upload that.", format="html")


def _refuse_hidden_archive(head: bytes, stream: BinaryIO, size: int) -> None:
    """An archive that does not begin at byte 0 is one thing to one program and another to the next."""
    stream.seek(max(0, size - 22))
    if stream.read(4) == b"PK\x05\x06" or (head[:4] == b"PK\x05\x06"):
        raise RejectedInput(
            "archive-not-at-start",
            "There is other data in front of an archive, or the archive is empty.",
            where="byte 0",
            what_to_do="Upload the log as Inspect wrote it, without opening or packing it again.",
            format="zip",
        )


def _without_bom(head: bytes) -> bytes:
    return next((head[len(bom) :] for bom in _BOMS if head.startswith(bom)), head)


def _begins_like_json(head: bytes) -> bool:
    return _without_bom(head).replace(b"\x00", b"").lstrip()[:1] in (b"{", b"[")


def _by_json(seen: Glimpse, head: bytes) -> str:
    value = seen.value
    if seen.is_followed:
        return _by_line(seen)
    found = [format for format, is_it in _DOCUMENT_READERS if is_it(value)]
    named = [known for known in DOCUMENTS if known.is_it(value)] if not found else []
    if len(found) > 1:
        raise RejectedInput(
            "ambiguous-format",
            f"The file looks like {' and like '.join(found)} at once.",
            what_to_do="Say which harness wrote it, and upload the file as it wrote it.",
        )
    if found:
        return found[0]
    if named:
        raise refuse(named[0].format, named[0].title, named[0].what_to_do)
    if lm_eval.is_sample_line(value):
        return lm_eval.SAMPLES_FORMAT
    if not seen.is_complete and len(head) < LIMITS.head_bytes:
        raise RejectedInput(
            "incomplete",
            "The file stops in the middle: it is not complete.",
            what_to_do="Copy the file again and upload it again.",
            format="json",
        )
    raise _unknown("This JSON is not an evaluation result the portal knows.", "json")


def _by_line(seen: Glimpse) -> str:
    """JSON lines, told by the first line; a single document with something after it is left to its reader to refuse."""
    if lm_eval.is_sample_line(seen.value):
        return lm_eval.SAMPLES_FORMAT
    for known in DOCUMENTS:
        if known.is_it(seen.value):
            raise refuse(known.format, known.title, known.what_to_do)
    readable = [format for format, is_it in _DOCUMENT_READERS if is_it(seen.value)]
    if len(readable) == 1:
        return readable[0]
    raise _unknown("These JSON lines are not an evaluation result the portal knows.", "jsonl")


def _by_text(head: bytes) -> str:
    text = _without_bom(head).decode("utf-8", "replace")
    lines = text.lstrip().splitlines()
    first = lines[0] if lines else ""
    if first.strip() == "---" and "model-index" in text:
        raise refuse("hf-model-index", _model_card(text))
    if first.startswith(("s3://", "gs://", "http://", "https://", "file://", "/")) and len(lines) == 1:
        message = "This is an address of a file, not the file; the portal fetches nothing."
        raise RejectedInput("an-address", message, what_to_do="Download the log and upload it.", format="text")
    for format, title, marks in TABLES:
        if "," in first and any(mark in first for mark in marks):
            raise refuse(format, title)
    if b"\x00" in head:
        raise _unknown("This is not a text file and not an archive the portal knows.", "binary")
    if first.count(",") > 1 or first.count("\t") > 1:
        raise refuse("csv", "a table (CSV)", "Tables are not read. " + "Upload the log the table was made from.")
    raise _unknown("This is not an evaluation result the portal knows.", "text")


def _model_card(text: str) -> str:
    """Told by its front matter alone: each result of a well-formed index names its data set."""
    _, _, index = text.partition("model-index")
    results, named = index.partition("\n---")[0].count("task:"), index.partition("\n---")[0].count("dataset:")
    if results > named:
        return "a model card whose index of results is malformed: a result names no data set"
    return "a model card with results copied from elsewhere"


def _unknown(message: str, format: str) -> RejectedInput:
    what_to_do = "Upload an Inspect log (.eval or .json), lm-evaluation-harness results, or an Every Eval Ever record."
    return RejectedInput("unknown-format", message, what_to_do=what_to_do, format=format)


def _with_name_checked(reading: Reading, filename: str) -> Reading:
    """Say it when the name promises an archive and the content is none, or the other way round."""
    name = filename.lower()
    is_archive = reading.format == inspect_eval.FORMAT
    if not name.endswith(_TEXT_ENDINGS if is_archive else _ARCHIVE_ENDINGS):
        return reading
    message = f"The name of the file promises something else than its content, which is {reading.format}."
    warning = Warning("name-and-content-differ", message, "", "info")
    return Reading(
        reading.format, reading.format_version, reading.reader_version, reading.verdict, reading.runs, (*reading.warnings, warning)
    )


_DOCUMENT_READERS = (
    (inspect_json.FORMAT, inspect_json.is_log),
    (every_eval_ever.FORMAT, every_eval_ever.is_aggregate),
    (lm_eval.FORMAT, lm_eval.is_results),
)

_READERS: dict[str, Callable[[BinaryIO, Limits], Reading]] = {
    inspect_eval.FORMAT: inspect_eval.read_archive,
    inspect_json.FORMAT: inspect_json.read_document,
    every_eval_ever.FORMAT: every_eval_ever.read_document,
    lm_eval.FORMAT: lm_eval.read_document,
    lm_eval.SAMPLES_FORMAT: lambda stream, limits: lm_eval.read_samples_companion(),
}

_VERSIONS: dict[str, str] = {
    **dict.fromkeys((inspect_eval.FORMAT, inspect_json.FORMAT), INSPECT_READER),
    every_eval_ever.FORMAT: every_eval_ever.READER_VERSION,
    **dict.fromkeys((lm_eval.FORMAT, lm_eval.OLD_FORMAT, lm_eval.LIST_FORMAT, lm_eval.SAMPLES_FORMAT), lm_eval.READER_VERSION),
}
