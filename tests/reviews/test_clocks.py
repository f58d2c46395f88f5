"""The clocks a framework sets: each has an effect on a day, tells somebody, and is seen."""

from datetime import timedelta

import pytest
from django.urls import reverse

from frameworks.documents import DocumentRejected, read
from frameworks.engine.types import ClockEffect
from ledger.models import Entry
from ledger.refusals import NotAllowed, NotNow
from reviews import clocks
from reviews.models import ClockTurn, Notice, SafeguardsDecision
from reviews.services.clocks import NoteMissing, TurnAnswered, answer, sweep
from reviews.waiting import waiting_on
from tests.frameworks.evidence_maker import rsp
from tests.makers import adopt_framework, client_of
from tests.reviews.conftest import FRAMEWORK, Board

CLOCKS = b"""clocks:
  - {slug: compute-4x, title: Compute has grown fourfold, effect: stale, factor: 4, source: Invented for tests}
  - {slug: half-year, title: Half a year of fine-tuning, effect: assess, days: 183, source: Invented for tests}
  - {slug: anew, title: Safeguards are approved anew, effect: re-approve, days: 100, source: Invented for tests}
  - {slug: procedure, title: The procedure is reviewed, effect: review, days: 365, source: Invented for tests}
  - {slug: public, title: The public is told, effect: report, days: 300, source: Invented for tests}
  - {slug: figures, title: The figures are read, effect: review, days: 60, source: Invented for tests}
"""
_START, _END = FRAMEWORK.index(b"clocks:"), FRAMEWORK.index(b"roles:")
TICKING = FRAMEWORK[:_START].replace(b"revision: 1", b"revision: 2") + CLOCKS + FRAMEWORK[_END:]


@pytest.fixture
def ticking(board: Board) -> Board:
    board.version = adopt_framework(board.cast, TICKING, at=board.now())
    board.work()
    return board


def wait(board: Board, days: int) -> int:
    board.moment += timedelta(days=days)
    moved = sweep(at=board.now())
    board.work()
    return moved


def waits(board: Board, who: str) -> set[str]:
    return {each.title for each in waiting_on(getattr(board.cast, who), board.now()) if each.kind == "clock_due"}


def test_a_review_waits_on_the_chair_before_its_day_and_until_it_is_answered(ticking: Board) -> None:
    assert wait(ticking, 340) >= 0 and "The procedure is reviewed" not in waits(ticking, "dan")
    wait(ticking, 15)
    assert "The procedure is reviewed" in waits(ticking, "dan") and "The procedure is reviewed" not in waits(ticking, "ben")
    turn = ClockTurn.objects.get(clock="procedure")
    assert Notice.objects.filter(kind="clock_due", person=ticking.cast.ben, data__clock="procedure").exists()
    with pytest.raises(NotAllowed):
        answer(turn=turn, note="Read it.", actor=ticking.cast.ben, at=ticking.now())
    with pytest.raises(NoteMissing):
        answer(turn=turn, note=" ", actor=ticking.cast.dan, at=ticking.now())
    answer(turn=turn, note="Nothing was found; the letter is in the archive.", actor=ticking.cast.dan, at=ticking.now())
    ticking.work()
    with pytest.raises(TurnAnswered):
        answer(turn=turn, note="Again.", actor=ticking.cast.dan, at=ticking.now())
    assert "The procedure is reviewed" not in waits(ticking, "dan")
    assert not Notice.objects.filter(kind="clock_due", data__clock="procedure", withdrawn_at=None, channel="inbox").exists()
    assert sweep(at=ticking.now()) == 0
    wait(ticking, 355)
    assert ClockTurn.objects.filter(clock="procedure").count() == 2


def test_what_the_public_is_told_waits_on_the_chair_and_the_executive(ticking: Board) -> None:
    wait(ticking, 290)
    assert "The public is told" in waits(ticking, "dan") & waits(ticking, "grace")
    answer(turn=ClockTurn.objects.get(clock="public"), note="A page was published.", actor=ticking.cast.grace, at=ticking.now())
    assert "The public is told" not in waits(ticking, "dan")


def test_a_model_meant_for_release_waits_for_new_results_and_new_results_put_the_day_off(ticking: Board) -> None:
    ticking.measure("bio_protocols")
    wait(ticking, 160)
    assert not waits(ticking, "ada")
    wait(ticking, 10)
    assert waits(ticking, "ada") == {"Heron: Half a year of fine-tuning"} <= waits(ticking, "dan")
    turn = ClockTurn.objects.get(clock="half-year")
    with pytest.raises(NotNow, match="New results"):
        answer(turn=turn, note="Done.", actor=ticking.cast.dan, at=ticking.now())
    ticking.measure("exploits")
    assert sweep(at=ticking.now()) == 1 and not waits(ticking, "ada")
    turn.refresh_from_db()
    assert turn.answered_at is not None and turn.answered_by is None


def test_a_sweep_twice_is_a_sweep_once(ticking: Board) -> None:
    wait(ticking, 400)
    count = Entry.objects.count()
    assert sweep(at=ticking.now()) == 0 and Entry.objects.count() == count


def test_a_later_version_that_names_the_clock_too_starts_nothing_anew(ticking: Board) -> None:
    before = {each.clock.slug: each.due_at for each in clocks.due_of(ticking.version, ticking.now()) if each.subject is None}
    ticking.moment += timedelta(days=50)
    ticking.version = adopt_framework(ticking.cast, TICKING.replace(b"revision: 2", b"revision: 3"), at=ticking.now())
    after = {each.clock.slug: each.due_at for each in clocks.due_of(ticking.version, ticking.now()) if each.subject is None}
    assert before == after and set(after) == {"procedure", "public", "figures"}


def test_safeguards_are_approved_anew_however_long_their_sign_offs_last(ticking: Board) -> None:
    ticking.clean()
    ticking.safeguard()
    ticking.open_case()
    ticking.settle_thresholds()
    ticking.settle_safeguards()
    for decision in SafeguardsDecision.objects.all():
        assert decision.valid_until == decision.decided_at + timedelta(days=100)


def test_the_page_says_of_each_clock_what_it_does_whom_it_tells_and_when(ticking: Board) -> None:
    pages = client_of(ticking.cast.dan)
    wait(ticking, 50)
    shown = pages.get(reverse("reviews:clocks")).content.decode()
    assert "The figures are read" in shown and "Say it was done" in shown and clocks.EFFECTS["re-approve"] in shown
    sheet = reverse("reviews:clock-answer", args=[ClockTurn.objects.get(clock="figures").pk])
    assert pages.post(sheet, {"reason": ""}).status_code == 422
    assert pages.post(sheet, {"reason": "Nothing was found."}).status_code == 302
    assert "Nothing was found." in pages.get(reverse("reviews:clocks")).content.decode()


def test_every_effect_there_is_does_something_and_is_told_in_words() -> None:
    every = set(ClockEffect.__args__)
    assert set(clocks.EFFECTS) == every and set(clocks.TOLD) | clocks.WORKS_ELSEWHERE == every
    assert {clock.effect for clock in rsp().clocks} == every


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ((b"effect: review, days: 365", b"effect: review"), "clocks/3/days"),
        ((b"effect: review, days: 365", b"effect: review, days: 365, factor: 2"), "clocks/3/factor"),
        ((b"effect: stale, factor: 4", b"effect: stale, factor: 4, days: 3"), "clocks/0/days"),
    ],
)
def test_a_clock_of_which_nothing_would_come_is_refused(change: tuple[bytes, bytes], place: str) -> None:
    with pytest.raises(DocumentRejected) as refused:
        read(TICKING.replace(*change))
    assert place in str([problem.path for problem in refused.value.problems])
