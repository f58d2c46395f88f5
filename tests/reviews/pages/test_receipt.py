"""The receipt of an upload says what it changed: the finding with its bound, the tier, the case."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from evaluations import queries
from evaluations.services import assessments, readings
from people.models import Person
from people.queries import actor_of
from reviews.effects import tell
from reviews.models import Case
from reviews.services import cases
from tests.evaluations.logs import log
from tests.makers import client_of, deliver_all, give_role, make_person, make_snapshot, make_subject
from tests.reviews.conftest import Board


def receipt(person: Person, upload: object) -> str:
    client = client_of(person)
    return client.get(f"/uploads/{upload.pk}/").content.decode()  # type: ignore[attr-defined]


def test_a_receipt_names_the_bound_the_case_it_opened_and_what_that_requires(board: Board) -> None:
    board.measure("exploits")
    upload = board.measure("bio_protocols", right=20)
    text = receipt(board.cast.ada, upload)
    assert f"Opened case {board.case.number} (elevation): Heron requires ASL-3 on deployment and security provisionally." in text
    assert f'href="/cases/{board.case.number}/"' in text and "the upper bound" in text and "n = 40" in text


def test_a_receipt_tells_of_a_case_once_however_often_it_changed_since(board: Board) -> None:
    board.measure("exploits")
    upload = board.measure("bio_protocols", right=20)
    case = board.case
    said = f"case {case.number} (elevation)"
    assert receipt(board.cast.ada, upload).count(said) == 1
    for scope in ("external", "internal"):  # by people, on top of the same assessment
        cases.ask_release(case=case, snapshot=board.snapshot, scope=scope, actor=board.cast.dan, at=board.now())
    board.settle_thresholds()
    board.work()
    assert case.revisions.filter(assessment=case.revisions.get(number=1).assessment).count() >= 3
    assert receipt(board.cast.ada, upload).count(said) == 1


def test_a_receipt_of_what_moved_nothing_names_no_case(board: Board) -> None:
    text = receipt(board.cast.ada, board.measure("exploits"))
    assert "Opened case" not in text


def test_who_sees_no_case_is_told_of_none(board: Board) -> None:
    board.measure("exploits")
    assessed = queries.assessments_of(board.measure("bio_protocols", right=20))
    outsider = make_person("Olga", at=board.moment)
    give_role(board.cast, outsider, "outside_evaluator", at=board.moment)
    at = board.now()
    assert tell(assessed, actor_of(outsider, at)) == [] and len(tell(assessed, actor_of(board.cast.ada, at))) == 1


def test_a_receipt_goes_on_asking_until_the_case_an_assessment_opens_is_there(board: Board) -> None:
    board.measure("exploits")
    upload = board.send(log("bio_protocols", right=20, n=40, run="rises"))
    at = board.now()
    readings.parse(upload_id=upload.pk, at=at)

    def asked() -> HttpResponse:
        client = client_of(board.cast.ada)
        return client.get(f"/uploads/{upload.pk}/", headers={"HX-Request": "true"})

    # Read, and not yet due to be assessed; then assessed, and its case not yet opened: in both something is still to come.
    assert asked().status_code == 200
    deliver_all(at)
    for due_id in assessments.due(at=at):
        assessments.work(due_id=due_id, at=at)
    assert asked().status_code == 200 and not Case.objects.exists()
    board.work()
    last = asked()
    assert last.status_code == 286 and f'href="/cases/{board.case.number}/"' in last.text


def test_the_page_of_a_model_leads_to_an_upload_for_the_weights_that_are_at_stake(board: Board) -> None:
    """Results without weights cannot rule anything out, so nobody is led to them first."""
    client = client_of(board.cast.ada)
    make_snapshot(board.cast, board.subject, "step 2", at=board.now())  # registered later; the first one is meant for release
    address = f"/uploads/new/?about={board.snapshot.pk}"
    assert f'href="{address}"' in client.get(f"/subjects/{board.subject.slug}/").text
    assert f'value="{board.snapshot.pk}" selected' in client.get(address).text
    bare = make_subject(board.cast, "kestrel", at=board.now())
    assert f'href="/uploads/new/?about={bare.pk}"' in client.get("/subjects/kestrel/").text


def test_bytes_that_were_there_already_lead_to_their_receipt_which_says_so(board: Board) -> None:
    content = log("exploits", right=1, run="twice")
    first = board.send(content)
    client = client_of(board.cast.ada)
    told = {"about": str(board.snapshot.pk), "files": SimpleUploadedFile("run.eval", content)}
    answer = client.post("/uploads/new/", told)
    assert answer.status_code == 302 and answer.headers["Location"] == f"/uploads/{first.pk}/?again"
    assert "received before" in client.get(answer.headers["Location"]).text and "received before" not in receipt(board.cast.ada, first)
