"""Reports of a case: asked for here, made by a worker, taken away as files."""

from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations.filenames import shown_name
from evaluations.services import blobs
from ledger.refusals import NotKnown, the_one
from ledger.sentences import sentence
from ledger.services import size
from people.doors import MemberRequest
from people.policies import require
from reviews import access, policies
from reviews.forms.reports import ReportFileForm
from reviews.models import Case, Export
from reviews.models.notice import ExportKind, WorkState
from reviews.reports.checking import digest_of, known_report
from reviews.reports.exports import request_export
from reviews.services.retrying import retry_report

TYPES = {ExportKind.PDF: "application/pdf", ExportKind.JSON: "application/json"}
STOP_POLLING = 286


class ReportNotKnown(NotKnown):
    code = "report_not_known"
    sentence = "There is no such report."


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: MemberRequest, number: int) -> HttpResponse:
    """The reports of a case. POST asks for one; the list shows its state until it is there."""
    case = access.case_numbered(request.actor, number, timezone.now())
    require(policies.may_see_board(request.actor))
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        if kind not in ExportKind.values:
            raise ReportNotKnown
        request_export(case=case, kind=kind, actor=request.actor.person, at=timezone.now())
        return redirect("reviews:report", number=number)
    exports = _exports(case)
    waiting = any(each.state in {WorkState.WAITING, WorkState.WORKING} for each in exports)
    template = "reviews/_exports.html" if request.htmx else "reviews/report.html"
    # 286 tells htmx that nothing more will come, so that it stops asking.
    status = STOP_POLLING if request.htmx and not waiting else 200
    return render(request, template, {"case": case, "exports": exports, "waiting": waiting}, status=status)


def _exports(case: Case) -> list[Export]:
    return list(case.exports.select_related("requested_by").order_by("-made_at", "id")[:20])


@require_POST
def retry(request: MemberRequest, export_id: UUID) -> HttpResponse:
    """Once more for a report that was given up."""
    export = the_one(Export.objects.filter(pk=export_id), ReportNotKnown)
    case = access.case(request.actor, export.case_id, timezone.now())
    retry_report(export=export, actor=request.actor.person, at=timezone.now())
    return redirect("reviews:report", number=case.number)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: MemberRequest) -> HttpResponse:
    """Says of a file somebody was given whether the record knows it. The file is read once for its digest and kept nowhere."""
    require(policies.may_see_board(request.actor))
    if request.method != "POST":
        return render(request, "reviews/report_check.html", {"form": ReportFileForm()})
    form = ReportFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "reviews/report_check.html", {"form": form}, status=422)
    given = form.cleaned_data["report"]
    digest = digest_of(given.chunks())
    known = known_report(digest)
    said = {"name": shown_name(given.name), "digest": digest, "known": known, "sentence": sentence(known.entry) if known else ""}
    return render(request, "reviews/report_check.html", {"form": ReportFileForm(), "said": said, "size": size()})


@require_safe
def download(request: MemberRequest, export_id: UUID) -> FileResponse:
    """The file, always as a download."""
    export = Export.objects.select_related("case").filter(pk=export_id, state=WorkState.DONE).first()
    if export is None or export.blob_id is None:
        raise ReportNotKnown
    access.case(request.actor, export.case_id, timezone.now())
    file = blobs.open_bytes(export.blob_id)
    return FileResponse(file, as_attachment=True, filename=export.filename, content_type=TYPES[ExportKind(export.kind)])
