"""The sealed record for programs. Whoever mounts this router brings the authentication and the scope `ledger:read`."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema

from ledger import queries
from ledger.access import classes_for, reader_of

MOST = 500
LARGEST = 2**53 - 1

router = Router(tags=["ledger"])


@router.get(
    "/ledger/checkpoint", summary="The newest signed checkpoint", openapi_extra={"responses": {200: {"content": {"text/plain": {}}}}}
)
def checkpoint(request: HttpRequest) -> HttpResponse:
    """A C2SP checkpoint: origin, size, root, signature."""
    reader_of(request)
    return HttpResponse(queries.checkpoint_text(), content_type="text/plain; charset=utf-8")


class EntriesOut(Schema):
    """Entries in order. `next` is the `start` of the following page, or null at the end."""

    entries: list[dict[str, object]]
    next: int | None


@router.get("/ledger/entries", response=EntriesOut, summary="Entries in order, from one number on")
def entries(
    request: HttpRequest,
    start: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> dict[str, object]:
    """Each entry with its leaf and its fields; values this token's person may not see stand by their hash, so the leaf still verifies."""
    found = queries.entries(start, limit + 1, classes=classes_for(reader_of(request)))
    return {"entries": found[:limit], "next": start + limit if len(found) > limit else None}


class ProofOut(Schema):
    """That entry `seq` stands in the log of `size` entries under `root` (RFC 6962 inclusion proof, hexadecimal)."""

    seq: int
    size: int
    leaf: str
    hashes: list[str]
    root: str


@router.get("/ledger/proof/{seq}", response=ProofOut, summary="The inclusion proof of one entry")
def proof(request: HttpRequest, seq: Annotated[int, Path(ge=0, le=LARGEST)]) -> dict[str, object]:
    reader_of(request)
    return queries.proof(seq)
