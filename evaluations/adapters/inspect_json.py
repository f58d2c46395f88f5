"""Inspect's `.json`: the whole log in one document, of which everything is checked and only the header kept.

Inspect's own header reader stops at `samples` and so takes half a file for a whole one; here the file is read to its end.
"""

from evaluations.adapters.fields import Node
from evaluations.adapters.inspect_header import PASSED_OVER, read_header
from evaluations.adapters.limits import Limits
from evaluations.adapters.strict_json import Json, parse
from evaluations.adapters.types import Reading
from evaluations.adapters.window import Readable

FORMAT = "inspect-json"


def is_log(head: Json) -> bool:
    """Whether the beginning of a document shows a log: sorted keys may put the status out of sight."""
    return (
        isinstance(head, dict)
        and isinstance(head.get("eval"), dict)
        and ("status" in head or "plan" in head)
        and "eval_metadata" not in head
    )


def read_document(stream: Readable, limits: Limits) -> Reading:
    """The Reading of a `.json` log; raises RejectedInput where the document is cut short or ambiguous."""
    return read_header(Node(parse(stream, limits=limits, skip=PASSED_OVER), "#"), format=FORMAT, limits=limits)
