"""What the record calls `subject:…`, `upload:…` and the like, by name: one query for all of them."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import reverse_lazy
from django.utils.text import Truncator, format_lazy

from evaluations.models import (
    Admission,
    AnnouncedRun,
    Arms,
    Assessment,
    AssessmentDue,
    Binding,
    Correction,
    Measurement,
    Run,
    Snapshot,
    Subject,
    Upload,
)
from ledger.things import Named, ids, name_things

# noun → what it reads as, before the name of what it is about
OF_A_RUN = {
    "run": "run ",
    "measurement": "result of the run ",
    "admission": "admitted result of the run ",
    "arms": "arms of a result of the run ",
}
OF_AN_UPLOAD = {"upload": "upload for ", "correction": "correction of an upload for "}
OF_A_SUBJECT = {"subject": "model ", "assessment": "assessment of ", "assessment-due": "assessment that is due of "}
# By the name an entry gives it, and by the one a refused attempt does.
ANNOUNCED = ("announced-run", "announcedrun")
NOUNS = (*OF_A_RUN, *OF_AN_UPLOAD, *OF_A_SUBJECT, *ANNOUNCED, "snapshot", "binding")


def name(things: frozenset[str]) -> Mapping[str, Named]:
    rows = [
        _rows("subject", Subject.objects.all(), things, label="name", name="name", slug="slug"),
        _rows("upload", Upload.objects.all(), things, label="subject__name", name="subject__name", slug="subject__slug"),
        _rows("snapshot", Snapshot.objects.all(), things, label="label", name="subject__name", slug="subject__slug"),
        _rows("assessment", Assessment.objects.all(), things, label="subject__name", name="subject__name", slug="subject__slug"),
        _rows("assessment-due", AssessmentDue.objects.all(), things, label="subject__name", name="subject__name", slug="subject__slug"),
        _rows("run", Run.objects.all(), things, label="task", name="subject__name", slug="id"),
        _rows("measurement", Measurement.objects.all(), things, label="run__task", name="run__subject__name", slug="run"),
        _rows(
            "admission",
            Admission.objects.all(),
            things,
            label="measurement__run__task",
            name="measurement__run__subject__name",
            slug="measurement__run",
        ),
        _rows(
            "arms",
            Arms.objects.all(),
            things,
            label="measurement__run__task",
            name="measurement__run__subject__name",
            slug="measurement__run",
        ),
        _rows("correction", Correction.objects.all(), things, label="upload__subject__name", name="upload__subject__name", slug="upload"),
        *(
            _rows(noun, AnnouncedRun.objects.all(), things, label="indicator", name="subject__name", slug="subject__slug")
            for noun in ANNOUNCED
        ),
        _rows("binding", Binding.objects.all(), things, label="task", name="indicator", slug="id"),
    ]
    return {f"{noun}:{pk}": _named(noun, pk, label, name, slug) for noun, pk, label, name, slug in rows[0].union(*rows[1:], all=True)}


def _rows(noun: str, rows: QuerySet, things: frozenset[str], *, label: str, name: str, slug: str) -> QuerySet:
    known = rows.filter(pk__in=ids(noun, things)).order_by()
    words = (Cast(F(label), CharField()), Cast(F(name), CharField()), Cast(F(slug), CharField()))
    return known.values_list(Value(noun, output_field=CharField()), F("pk"), *words)


def _named(noun: str, pk: UUID, label: str, name: str, slug: str) -> Named:
    if noun in OF_A_RUN:
        return Named(f"{OF_A_RUN[noun]}{_short(label)} of {name}", reverse_lazy("evaluations:run", args=[slug]))
    if noun in OF_AN_UPLOAD:
        return Named(f"{OF_AN_UPLOAD[noun]}{name}", reverse_lazy("evaluations:upload", args=[pk if noun == "upload" else slug]))
    if noun in ANNOUNCED:
        return Named(f"announced run of {name} for {label}", reverse_lazy("evaluations:announced-runs", args=[slug]))
    if noun == "binding":
        return Named(f"binding of {_short(label)} to {name}", reverse_lazy("evaluations:bindings"))
    if noun == "snapshot":
        return Named(f"weights {label} of {name}", format_lazy("{}#snapshot-{}", reverse_lazy("evaluations:snapshots", args=[slug]), pk))
    # A model's page belongs to the room above; its address is fixed.
    return Named(f"{OF_A_SUBJECT[noun]}{name}", f"/subjects/{slug}/")


def _short(task: str) -> str:
    """A task as a sentence can hold it; a file may call it anything."""
    return Truncator(task or "without a name").chars(60)


name_things(NOUNS, name)
