"""What shows how a safeguard is got round goes to cleared people only; to others the file is not there."""

from collections.abc import Iterator

import pytest
from django.urls import reverse

from ledger.refusals import NotAllowed
from reviews.models import ImplementationEvidence, SafeguardImplementation
from reviews.reports.case_file import case_file
from reviews.services import signoffs
from reviews.waiting import waiting_on
from tests.conftest import WorldOnce
from tests.makers import client_of, give_clearance
from tests.reviews.conftest import FRAMEWORK, Board, make_board

HAZARD = b"How the classifier was got round."


@pytest.fixture(scope="module")
def built(world_once: WorldOnce) -> Iterator[Board]:
    with world_once():
        yield make_board(source=FRAMEWORK.replace(b"evidence_types: [document]", b"evidence_types: [document, red-team]"))


def attached(board: Board, hazard: bool | None) -> ImplementationEvidence:
    found: ImplementationEvidence = board.attach(board.build("asl-2-security-1"), HAZARD, note="The words that worked.", hazard=hazard)
    return found


def address(evidence: ImplementationEvidence) -> str:
    return reverse("reviews:evidence-file", args=[evidence.implementation_id, evidence.pk])


def test_a_hazardous_file_goes_to_cleared_people_as_a_download_and_is_not_there_for_others(board: Board) -> None:
    evidence = attached(board, hazard=True)
    page = reverse("reviews:safeguard-detail", args=[evidence.implementation_id])
    assert client_of(board.cast.ben).get(address(evidence)).status_code == 404
    assert "The words that worked." not in client_of(board.cast.ben).get(page).content.decode()
    give_clearance(board.cast, board.cast.chloe, at=board.now())
    cleared = client_of(board.cast.chloe)
    answer = cleared.get(address(evidence))
    assert answer.status_code == 200 and HAZARD in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment") and answer["X-Content-Type-Options"] == "nosniff"
    assert "The words that worked." in cleared.get(page).content.decode()


def test_what_a_hazardous_file_is_called_goes_to_cleared_people_only(board: Board) -> None:
    """A name tells what a file holds; its kind and its digest say what a reader who is not cleared needs."""
    for safeguard, hazard in (("asl-2-security-1", True), ("asl-2-deployment-1", False)):
        file = {"evidence_type": "red-team", "filename": f"how-to-get-past-{safeguard}.pdf", "hazard": hazard}
        evidence = board.attach(board.build(safeguard), safeguard.encode(), **file)
        page = reverse("reviews:safeguard-detail", args=[evidence.implementation_id])
        assert (evidence.filename in client_of(board.cast.ben).get(page).content.decode()) is not hazard
        assert evidence.blob_id[:12] in client_of(board.cast.ben).get(page).content.decode()
    give_clearance(board.cast, board.cast.chloe, at=board.now())
    hazardous = ImplementationEvidence.objects.get(filename="how-to-get-past-asl-2-security-1.pdf")
    page = reverse("reviews:safeguard-detail", args=[hazardous.implementation_id])
    assert hazardous.filename in client_of(board.cast.chloe).get(page).content.decode()
    withdrawn = client_of(board.cast.farid).post(
        reverse("reviews:evidence-withdraw", args=[hazardous.implementation_id, hazardous.pk]), follow=True
    )
    assert "is withdrawn" in withdrawn.content.decode() and hazardous.filename not in withdrawn.content.decode()


def test_a_report_names_a_hazardous_file_by_its_kind(board: Board) -> None:
    give_clearance(board.cast, board.cast.chloe, at=board.now())
    board.clean()
    implementation = board.build("asl-2-security-1")
    evidence = board.attach(implementation, HAZARD, evidence_type="red-team", filename="how-to-get-past.pdf", hazard=True)
    implementation.refresh_from_db()
    board.sign_off(board.cast.chloe, implementation)
    told = case_file(board.open_case(), requested_by=board.cast.chloe, at=board.now())
    listed = [file for group in told["safeguards"] for row in group["rows"] for file in row["evidence"]]
    assert {"name": "hazardous red-team", "digest": f"sha256:{evidence.blob_id}"} in listed and "how-to-get-past" not in str(told)


def test_nobody_signs_off_what_they_are_not_cleared_to_read(board: Board) -> None:
    implementation = attached(board, hazard=True).implementation
    implementation.refresh_from_db()
    page, chloe = reverse("reviews:safeguard-detail", args=[implementation.pk]), board.cast.chloe
    sheet, wanted = reverse("reviews:safeguard-sign", args=[implementation.pk]), f"implementation:{implementation.pk}"
    with pytest.raises(NotAllowed) as refused:
        board.sign_off(chloe, implementation)
    assert refused.value.code == "clearance_missing" and not implementation.signoffs.exists()
    shown = client_of(board.cast.chloe).get(page).content.decode()
    assert "nobody signs what they cannot read" in shown and "Ask a reviewer who is cleared" in shown and sheet not in shown
    assert client_of(board.cast.chloe).get(sheet).status_code == 403
    assert wanted not in {each.thing for each in waiting_on(chloe, board.now())}
    give_clearance(board.cast, chloe, at=board.now())
    assert wanted in {each.thing for each in waiting_on(chloe, board.now())}
    assert sheet in client_of(board.cast.chloe).get(page).content.decode()
    assert board.sign_off(chloe, implementation).holds(board.now(), board.version)


def test_a_withdrawn_hazardous_file_keeps_nobody_from_signing_what_is_left(board: Board) -> None:
    evidence = attached(board, hazard=True)
    signoffs.withdraw_evidence(evidence=evidence, actor=board.cast.farid, at=board.now())
    assert board.sign_off(board.cast.chloe, SafeguardImplementation.objects.get()).holds(board.now(), board.version)


def test_a_file_without_hazardous_detail_is_read_by_everyone_inside(board: Board) -> None:
    evidence = attached(board, hazard=False)
    answer = client_of(board.cast.ben).get(address(evidence))
    assert answer.status_code == 200 and HAZARD in b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_unless_somebody_says_otherwise_the_kind_of_evidence_says_it(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    assert board.attach(implementation, b"How we tried.", evidence_type="red-team").hazard
    assert not board.attach(implementation, b"How it is built.", evidence_type="document").hazard
    assert ImplementationEvidence().hazard, "what nobody classified is closed"
