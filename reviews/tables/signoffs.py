"""Sign-offs as a table: each safeguard the page's filters show, how it is built, and everyone who ever signed it off."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from frameworks.models import FrameworkVersion
from reviews.models import SignOff
from reviews.queries import implementations_with_signoffs
from reviews.safeguards_page import SafeguardListForm, SafeguardRow, offer, safeguard_rows
from reviews.tables.table import Column, FiltersNotValid, Kind, Table, sealed_now, spaced


@dataclass(frozen=True, slots=True)
class Line:
    row: SafeguardRow
    signoff: SignOff | None
    holds: bool | None


def signoffs_table(*, version: FrameworkVersion, asked: Mapping[str, str], at: datetime) -> Table:
    """`asked` is what stands in the address of the safeguards' page. Raises FiltersNotValid."""
    seal, form = sealed_now(at), SafeguardListForm(asked)
    offer(form, version)
    if not form.is_valid():
        raise FiltersNotValid
    rows = safeguard_rows(version, implementations_with_signoffs(version.name), form, at)
    about = [("Framework", f"{version.name} {version.version}"), ("Framework digest", version.digest)]
    return Table("signoffs", "Safeguards and their sign-offs", COLUMNS, _lines(rows, version, at), seal, about)


def _lines(rows: Iterable[SafeguardRow], version: FrameworkVersion, at: datetime) -> Iterator[Line]:
    for row in rows:
        built = row.implementation
        given = sorted(built.signoffs.all(), key=lambda each: (each.given_at, str(each.pk))) if built else []
        if built is None or not given:
            yield Line(row, None, None)
            continue
        for signoff in given:
            yield Line(row, signoff, signoff.holds(at, version, built))


COLUMNS = (
    Column("Safeguard", Kind.TEXT, lambda line: line.row.safeguard.slug, 24),
    Column("Title", Kind.TEXT, lambda line: line.row.safeguard.title, 40),
    Column("Axis", Kind.TEXT, lambda line: line.row.safeguard.axis, 12),
    Column("Tier", Kind.TEXT, lambda line: line.row.tier, 10),
    Column("State", Kind.TEXT, lambda line: spaced(line.row.state), 12),
    Column("As built", Kind.TEXT, lambda line: line.row.implementation and line.row.implementation.title, 40),
    Column("Built version", Kind.NUMBER, lambda line: line.row.implementation and line.row.implementation.version, 10),
    Column("Place", Kind.TEXT, lambda line: line.row.implementation and line.row.implementation.get_place_display()),
    Column("Owner", Kind.TEXT, lambda line: line.row.implementation and line.row.implementation.owner, 20),
    Column("Evidence files", Kind.NUMBER, lambda line: line.row.evidence, 10),
    Column("Built digest", Kind.TEXT, lambda line: line.row.implementation and line.row.implementation.version_digest, 40),
    Column("Signed by", Kind.TEXT, lambda line: line.signoff and line.signoff.person, 20),
    Column("Meaning", Kind.TEXT, lambda line: line.signoff and line.signoff.get_meaning_display(), 40),
    Column("Signed version", Kind.NUMBER, lambda line: line.signoff and line.signoff.version, 10),
    Column("Signed", Kind.MOMENT, lambda line: line.signoff and line.signoff.given_at, 26),
    Column("Expires", Kind.MOMENT, lambda line: line.signoff and line.signoff.expires_at, 26),
    Column("Revoked", Kind.MOMENT, lambda line: line.signoff and line.signoff.revoked_at, 26),
    Column("In force", Kind.YES_NO, lambda line: line.holds, 10),
    Column("Signed digest", Kind.TEXT, lambda line: line.signoff and line.signoff.content_digest, 40),
    Column("Signed statement", Kind.TEXT, lambda line: line.signoff and line.signoff.signature.statement_digest, 40),
)
