"""What shows how a safeguard is got round goes to cleared people only; to others the file is not there."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from reviews.models import ImplementationEvidence
from tests.conftest import WorldOnce
from tests.makers import give_clearance
from tests.reviews.conftest import FRAMEWORK, Board, make_board

HAZARD = b"How the classifier was got round."


@pytest.fixture(scope="module")
def built(world_once: WorldOnce) -> Iterator[Board]:
    with world_once():
        yield make_board(source=FRAMEWORK.replace(b"evidence_types: [document]", b"evidence_types: [document, red-team]"))


def client_of(board: Board, name: str) -> Client:
    client = Client()
    client.force_login(getattr(board.cast, name).user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def attached(board: Board, hazard: bool | None) -> ImplementationEvidence:
    found: ImplementationEvidence = board.attach(board.build("asl-2-security-1"), HAZARD, note="The words that worked.", hazard=hazard)
    return found


def address(evidence: ImplementationEvidence) -> str:
    return reverse("reviews:evidence-file", args=[evidence.implementation_id, evidence.pk])


def test_a_hazardous_file_goes_to_cleared_people_as_a_download_and_is_not_there_for_others(board: Board) -> None:
    evidence = attached(board, hazard=True)
    page = reverse("reviews:safeguard-detail", args=[evidence.implementation_id])
    assert client_of(board, "ben").get(address(evidence)).status_code == 404
    assert "The words that worked." not in client_of(board, "ben").get(page).content.decode()
    give_clearance(board.cast, board.cast.chloe, at=board.now())
    cleared = client_of(board, "chloe")
    answer = cleared.get(address(evidence))
    assert answer.status_code == 200 and HAZARD in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment") and answer["X-Content-Type-Options"] == "nosniff"
    assert "The words that worked." in cleared.get(page).content.decode()


def test_a_file_without_hazardous_detail_is_read_by_everyone_inside(board: Board) -> None:
    evidence = attached(board, hazard=False)
    answer = client_of(board, "ben").get(address(evidence))
    assert answer.status_code == 200 and HAZARD in b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_unless_somebody_says_otherwise_the_kind_of_evidence_says_it(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    assert board.attach(implementation, b"How we tried.", evidence_type="red-team").hazard
    assert not board.attach(implementation, b"How it is built.", evidence_type="document").hazard
    assert ImplementationEvidence().hazard, "what nobody classified is closed"
