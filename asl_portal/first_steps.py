"""The first-run page: from a sample log to a verified report in ten minutes. Each step says who does it, where, and whether it is done, read from the
record as it stands. It exists in a demonstration only; a production log has no sample model to try things on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from asl_portal import way_in
from asl_portal.demo.cast import PARTS
from asl_portal.demo.estate import UNSIGNED
from asl_portal.demo.redating import redated
from asl_portal.demo.world import LOGS
from evaluations.models import Snapshot, Subject, Upload
from evaluations.policies import may_upload
from ledger.models import Entry, Log
from ledger.refusals import NotKnown
from ledger.services import current_log
from people.doors import MemberRequest
from people.policies import require
from reviews import gate, policies
from reviews.entries import REPORT_MADE
from reviews.models import Case, Export, Question, SafeguardImplementation, SignOff, Vote
from reviews.models.notice import ExportKind, WorkState

SAMPLE = "osprey-1-cbrn3.eval"
MODEL = "osprey-1"
VOTERS = ("ben", "chloe", "mira")
# Before the case has opened and says it itself: what the policy of RSP 2.2 asks for below ASL-4.
VOTES = 2


class NoFirstSteps(NotKnown):
    code = "no_first_steps"
    sentence = "There are no first steps in this log: they try things on the demonstration's own model."


@dataclass(frozen=True)
class Step:
    """`done`: True, False, or None where only the person knows. `is_traced`: whether doing it leaves a trace in the record. `who`: the personas
    who may do it; none of them means anybody."""

    title: str
    text: str
    who: tuple[str, ...] = ()
    address: str = ""
    link: str = ""
    done: bool | None = False
    progress: str = ""
    is_traced: bool = True
    # Whether the person looking may follow the address at all; else it is left to those who do the step.
    allowed: bool = True

    @property
    def persons(self) -> list[tuple[str, str]]:
        """Name and address of each."""
        return [(PARTS[name].name, PARTS[name].email) for name in self.who]

    @property
    def code(self) -> str:
        return {True: "met", False: "waiting", None: "not_yet"}[self.done]


@require_safe
def start(request: MemberRequest) -> HttpResponse:
    """The steps, and the first that is not done yet."""
    require(policies.may_see_board(request.actor))
    journey = Journey.begun(may_upload=bool(may_upload(request.actor)))
    steps = list(journey.steps())
    following = next((step for step in steps if step.done is False), None)
    # What leaves no trace in the record, such as reading a case, cannot be counted.
    traced = [step for step in steps if step.is_traced]
    done = sum(step.done is True for step in traced)
    told = {"me": request.user.email, "report": journey.report, "manage": way_in.manage()}
    context = {"steps": steps, "following": following, "done": done, "counted": len(traced), **told}
    return render(request, "start.html", context)


@require_safe
def sample(request: MemberRequest) -> HttpResponse:
    """The sample log as a file: the same bytes for everybody, dated the day before this demonstration was built."""
    require(policies.may_see_board(request.actor))
    content = redated((LOGS / "journey" / SAMPLE).read_bytes(), created=Journey.begun().log.opened_at + timedelta(days=59))
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{SAMPLE}"'
    return answer


@dataclass(frozen=True)
class Journey:
    """What the record holds of the ten minutes so far."""

    log: Log
    model: Subject
    may_upload: bool = False

    @classmethod
    def begun(cls, *, may_upload: bool = False) -> "Journey":
        """Raises NoFirstSteps."""
        log, model = current_log(), Subject.objects.filter(slug=MODEL).first()
        if log is None or log.mode != Log.Mode.DEMO or model is None:
            raise NoFirstSteps
        return cls(log, model, may_upload)

    @cached_property
    def snapshot(self) -> Snapshot | None:
        return self.model.snapshots.order_by("registered_seq").first()

    @cached_property
    def upload(self) -> Upload | None:
        return Upload.objects.filter(subject=self.model, filename=SAMPLE).order_by("received_seq").first()

    @cached_property
    def case(self) -> Case | None:
        return Case.objects.filter(subject=self.model, kind="elevation").order_by("number").first()

    @cached_property
    def question(self) -> Question | None:
        return self.case.questions.filter(threshold="cbrn-3").first() if self.case else None

    @cached_property
    def safeguard(self) -> SafeguardImplementation | None:
        return SafeguardImplementation.objects.filter(safeguard__in=UNSIGNED).order_by("safeguard", "id").first()

    @cached_property
    def made(self) -> Entry | None:
        """The entry of the first PDF report of the case."""
        exports = (
            Export.objects.filter(case=self.case, kind=ExportKind.PDF, state=WorkState.DONE).values_list("pk", flat=True)
            if self.case
            else ()
        )
        return Entry.objects.filter(kind=REPORT_MADE, thing__in=[f"export:{pk}" for pk in exports]).order_by("seq").first()

    @cached_property
    def report(self) -> str:
        """How the downloaded file is called."""
        export = Export.objects.filter(pk=self.made.thing.removeprefix("export:")).first() if self.made else None
        return export.filename if export else "REPORT.pdf"

    @property
    def is_let_out(self) -> bool:
        """What the gate answers at this moment."""
        return self.snapshot is not None and gate.ask(scope="external", artefact=self.snapshot.weights_digest).allowed

    def steps(self) -> Iterator[Step]:
        yield from self._evidence()
        yield from self._judgement()
        yield from self._going_out()

    def _evidence(self) -> Iterator[Step]:
        about = self.snapshot.pk if self.snapshot else self.model.pk
        yield Step(
            "Take the sample log",
            "A log that Inspect wrote: 31 of 40 on a virology test of Osprey 1. Keep the file as it is.",
            address=reverse("start-sample"),
            link=f"Download {SAMPLE}",
            done=self.upload is not None,
        )
        yield Step(
            "Upload it",
            "For Osprey 1, candidate 1. The bytes are kept as they are; a worker reads them within seconds.",
            who=("ada",),
            address=f"{reverse('evaluations:upload-new')}?about={about}",
            link="Upload the log",
            done=self.upload is not None,
            allowed=self.may_upload,
        )
        yield Step(
            "See what it changed",
            "The receipt says what was recognised, which indicator it reached, and that CBRN-3 went from ruled out to cannot rule out.",
            address=reverse("evaluations:upload", args=[self.upload.pk]) if self.upload else "",
            link="Open the receipt",
            done=None if self.case else False,
            is_traced=False,
        )

    def _judgement(self) -> Iterator[Step]:
        votes = Vote.objects.filter(question=self.question, replaced_at=None, struck_at=None).count() if self.question else 0
        decided = self.question is not None and not self.question.is_open
        wanted = self.question.quorum["approve"]["approvals"] if self.question else VOTES
        page = reverse("reviews:case-detail", args=[self.case.number]) if self.case else ""
        there = f"{page}#q-{self.question.pk}" if self.question else page
        yield Step(
            "Read the case",
            "It opened by itself, because a finding rose. It says what changed, what is required and whose turn it is.",
            address=page,
            link=f"Open case {self.case.number}" if self.case else "",
            done=None if self.case else False,
            is_traced=False,
        )
        yield Step(
            "Sign off a safeguard",
            "ASL-3 asks for safeguards. Choose one that waits, read its evidence, and sign. Password and second factor confirm who signs.",
            who=("ben", "chloe"),
            address=reverse("reviews:safeguard-detail", args=[self.safeguard.pk]) if self.safeguard else "",
            link="Open a safeguard that waits",
            done=SignOff.objects.filter(implementation__safeguard__in=UNSIGNED).exists(),
        )
        yield Step(
            "Vote: is CBRN-3 crossed?",
            "Reviewers sign their answers until a quorum agrees. Each vote is bound to what was on the page.",
            who=VOTERS,
            address=there,
            link="Open the question",
            done=decided or votes >= wanted,
            progress=f"{min(votes, wanted)} of {wanted}",
        )
        yield Step(
            "Declare the outcome",
            "The chair counts nothing by hand: once the quorum is reached, the page offers the declaration.",
            who=("dan",),
            address=there,
            link="Open the question",
            done=decided,
        )

    def _going_out(self) -> Iterator[Step]:
        artefact = self.snapshot.weights_digest if self.snapshot else ""
        yield Step(
            "Ask the gate",
            "May these weights go outside? "
            + ("Yes, and the answer says until when." if self.is_let_out else "Not now, and each reason says who can settle it."),
            address=f"{reverse('reviews:gate')}?artefact={artefact}&scope=external",
            link="Ask about Osprey 1",
            done=None,
            is_traced=False,
        )
        yield Step(
            "Make the report",
            "The case as one PDF: evidence, votes with dissent, decision, and the ledger's root it was made at.",
            address=reverse("reviews:report", args=[self.case.number]) if self.case else "",
            link="Make the PDF report",
            done=self.made is not None,
        )
        yield Step(
            "Verify the report without the portal",
            "Take the record away from the ledger's page, or write it from a shell, and hold the PDF you downloaded against it: one changed byte would be "
            "found. The verifier lies in the record; it needs Python and nothing else, and shares no code with the portal.",
            who=("hana", "dan"),
            address=reverse("ledger:list") if self.made is not None else "",
            link="Take the record away",
            done=None if self.made else False,
            is_traced=False,
        )
