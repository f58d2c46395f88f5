"""Papers that a threshold asks for."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person
from reviews.entries.writing import append_by
from reviews.models import Paper


def paper_supplied(paper: Paper, *, at: datetime) -> Entry:
    fields = paper_fields(paper) | {"finding": paper.finding_digest, "hazard": paper.hazard, "kept_here": paper.blob_id is not None}
    return append_by("reviews:paper:supplied", f"paper:{paper.pk}", paper.supplied_by, at, fields)


def paper_withdrawn(paper: Paper, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:paper:withdrawn", f"paper:{paper.pk}", actor, at, paper_fields(paper))


def paper_fields(paper: Paper) -> dict[str, Any]:
    return {
        "subject": paper.subject_id,
        "snapshot": paper.snapshot_id,
        "threshold": paper.threshold,
        "artefact": paper.artefact,
        "digest": paper.digest,
    }


describe("reviews:paper:supplied", "{actor} supplied a paper that {threshold} asks of {subject:subject}: {artefact}.")
describe("reviews:paper:withdrawn", "{actor} withdrew a paper that {threshold} asks of {subject:subject}: {artefact}.")
