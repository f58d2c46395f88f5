"""Results that came before their indicator or its binding: they may raise, and rule out only once the board admitted them by name."""

import pytest
from django.urls import reverse

from evaluations.models import Admission, Measurement
from reviews import late_results
from reviews.models import Motion
from reviews.services.late_results import LateResults, SetNotValid
from tests.makers import PASSWORD, client_of
from tests.reviews.conftest import Board
from tests.reviews.motions import answer, bring_late, put


def test_a_late_result_rules_out_once_a_quorum_admitted_it_by_name_and_not_before(board: Board) -> None:
    late = bring_late(board)
    assert board.facts.outcomes["bio-3"] == "not_assessed"
    [found] = late_results.late_results(board.facts)
    assert [each.measurement for each in found.results] == [late] and "only after the result arrived" in found.results[0].why
    motion = put(board, LateResults("bio-protocols", [late]))
    answer(board, motion, board.cast.ben)
    board.work()
    assert not Admission.objects.exists() and board.facts.outcomes["bio-3"] == "not_assessed"
    settled = answer(board, motion, board.cast.chloe)
    assert settled.carried and Admission.objects.get().decision == motion.pk
    board.work()
    assert board.facts.outcomes["bio-3"] == "ruled_out" and late_results.late_results(board.facts) == []


def test_what_is_not_carried_admits_nothing(board: Board) -> None:
    motion = put(board, LateResults("bio-protocols", [bring_late(board)]))
    answer(board, motion, board.cast.ben, "reject")
    assert not answer(board, motion, board.cast.chloe, "reject").is_open and not Admission.objects.exists()


def test_only_what_came_too_late_is_named(board: Board) -> None:
    late = bring_late(board)
    board.measure("bio_protocols")
    early = Measurement.objects.get(run__task="bio_protocols", metric="accuracy")
    for indicator, several in (("bio-protocols", []), ("bio-protocols", [early]), ("bio-protocols", [late, early]), ("exploits", [late])):
        with pytest.raises(SetNotValid):
            put(board, LateResults(indicator, several))


def test_the_chair_names_them_on_the_page(board: Board) -> None:
    late = bring_late(board)
    chair, reviewer = client_of(board.cast.dan), client_of(board.cast.ben)
    listed, sheet = reverse("reviews:late-results", args=["heron"]), reverse("reviews:ask-late-results", args=["heron", "bio-protocols"])
    assert sheet in chair.get(listed).content.decode() and sheet not in reviewer.get(listed).content.decode()
    told = {"measurements": [str(late.pk)], "reason": "The task was fixed."}
    assert chair.post(sheet, told | {"password": "wrong"}).status_code == 422 and not Motion.objects.exists()
    assert chair.post(sheet, told | {"password": PASSWORD}).status_code == 302
    assert Motion.objects.get().asked["measurements"] == [str(late.pk)]
    assert "before the board" in chair.get(listed).content.decode()


def test_there_is_nothing_to_put_to_the_vote_where_nothing_came_late(board: Board) -> None:
    chair = client_of(board.cast.dan)
    assert chair.get(reverse("reviews:ask-late-results", args=["heron", "bio-protocols"])).status_code == 409
