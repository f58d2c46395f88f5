"""A table leaves the house: entered in the ledger first, then written as it is read."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import BinaryIO, Literal
from uuid import UUID, uuid4

from django.db import transaction
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from ledger.canonical import canonical, digest
from people.policies import require
from people.queries import Actor
from reviews import entries, policies
from reviews.tables import as_csv, as_xlsx
from reviews.tables.table import Table

Format = Literal["csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx")


def take_away(
    table: Table, *, format: str, asked: Mapping[str, str], actor: Actor, at: datetime, about: UUID | None = None
) -> HttpResponseBase:
    """The table as a download. `asked` are the filters it was made with, `about` the one case or model it tells of. Raises NotAllowed."""
    enter_export(table=table, format=format, asked=asked, actor=actor, at=at, about=about)
    name = "-".join(part for part in (table.name, table.of_one, f"{at:%Y%m%d-%H%M}") if part) + f".{format}"
    if format == "xlsx":
        return FileResponse(_workbook(table), as_attachment=True, filename=name, content_type=as_xlsx.CONTENT_TYPE)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_encoded(table), content_type=as_csv.CONTENT_TYPE, headers=headers)


@transaction.atomic
def enter_export(*, table: Table, format: str, asked: Mapping[str, str], actor: Actor, at: datetime, about: UUID | None = None) -> None:
    """Says in the record who took which table away, with which filters (by digest: a search is somebody's words). Raises NotAllowed."""
    require(policies.may_see_board(actor))
    fields = {
        "table": table.name,
        "format": format,
        "about": about,
        "asked": digest(canonical(dict(asked))),
        "size": table.seal.ledger_size,
        "root": table.seal.ledger_root,
    }
    entries.table_exported(uuid4(), actor=actor.person, at=at, fields=fields)


def _workbook(table: Table) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it once it is sent
    as_xlsx.write(table, file)
    file.seek(0)
    return file


def _encoded(table: Table) -> Iterator[bytes]:
    for piece in as_csv.pieces(table):
        yield piece.encode()
