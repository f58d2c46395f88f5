"""Runs that were told in two ways, or of two models, and nobody has settled yet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from evaluations.models import Correction, Run, Supersession, Upload
from evaluations.policies import may_set_aside
from people.models import Person
from people.queries import Actor


@dataclass(frozen=True, slots=True)
class Dispute:
    """One later telling of a run against the first one."""

    later: Run

    @property
    def first(self) -> Run:
        assert self.later.twin_of is not None
        return self.later.twin_of

    def may_be_settled_by(self, actor: Actor) -> bool:
        """By who sent neither."""
        tellers = {self.later.upload.uploader, self.first.upload.uploader}
        return all(bool(may_set_aside(actor, uploader=person)) for person in tellers)


def open_disputes() -> QuerySet[Run]:
    """The later tellings that say something else and hold. One of another model holds until it is set aside itself; one of the same model until
    either is, or until one of the files was moved to other weights and they say the same of those."""
    gone, other_gone = (Exists(Supersession.objects.filter(run=OuterRef(name))) for name in ("pk", "twin_of"))
    return (
        Run.objects.alias(weights=_weights("snapshot", "upload"), first_weights=_weights("twin_of__snapshot", "twin_of__upload"))
        .alias(moved=Exists(_signed("upload")) | Exists(_signed("twin_of__upload")))
        .filter(Q(claimed_elsewhere=True) | ~(other_gone | Q(_ALIKE, moved=True, weights=F("first_weights"))), ~gone, conflicts=True)
    )


# As `Gathered.tell_the_same` has it: the digest of a telling holds its weights too, and of the same bytes, read alike, only those can differ.
_ALIKE = Q(content_digest=F("twin_of__content_digest")) | Q(
    upload__blob=F("twin_of__upload__blob"),
    reading__reader_version=F("twin_of__reading__reader_version"),
    position=F("twin_of__position"),
)


def _signed(upload: str) -> QuerySet[Correction]:
    return Correction.objects.filter(upload=OuterRef(upload), signed_seq__isnull=False).order_by("-signed_seq")


def _weights(sent_under: str, upload: str) -> Coalesce:
    """The weights a run counts for: those its file was moved to last, or those it was sent under."""
    return Coalesce(Subquery(_signed(upload).values("snapshot")[:1]), F(sent_under), output_field=UUIDField())


def disputes_not_of(person: Person) -> QuerySet[Run]:
    """Those in which this person told neither side."""
    mine = Run.objects.filter(Q(pk=OuterRef("twin_of")) | Q(twin_of=OuterRef("twin_of")), upload__uploader=person)
    return open_disputes().filter(~Exists(mine))


def undisputed(uploads: QuerySet[Upload]) -> QuerySet[Upload]:
    """Those of which no run is told in two ways: to vouch for one side of a dispute settles nothing."""
    about = Q(upload=OuterRef("pk")) | Q(twin_of__upload=OuterRef("pk"))
    return uploads.filter(~Exists(open_disputes().filter(about)))


def disputes_of(upload: Upload) -> dict[UUID, Dispute]:
    """Run of this upload → the dispute it is a side of. One query."""
    rows = open_disputes().filter(Q(upload=upload) | Q(twin_of__upload=upload)).order_by("reading__seq", "pk")
    found: dict[UUID, Dispute] = {}
    for later in rows.select_related("upload__uploader", "twin_of__upload__uploader"):
        side = later if later.upload_id == upload.pk else later.twin_of
        assert side is not None
        found.setdefault(side.pk, Dispute(later))
    return found
