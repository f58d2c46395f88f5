"""A trial of two arms: its ratio has no interval by itself, and is judged by Fieller's once two people vouched for the arms."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.urls import reverse

from evaluations import documents
from evaluations.models import Arms, Assessment, Measurement
from evaluations.replay import replay_assessment
from evaluations.services import uploads
from evaluations.services.arms import ArmsKnown, ArmsNotValid, confirm, propose
from ledger.models import Entry
from ledger.refusals import NotAllowed
from reviews.waiting import waiting_on
from tests.conftest import WorldOnce
from tests.evaluations.adapters.headers import metric
from tests.evaluations.logs import log
from tests.makers import PASSWORD, client_of, make_binding
from tests.reviews.conftest import FRAMEWORK, Board, make_board

# Bio-3 asks a trial: a ratio of two arms, whose bound has to stay below 2.8.
_START, _END = FRAMEWORK.index(b"  - slug: bio-protocols\n"), FRAMEWORK.index(b"  - slug: exploits\n")
_TRIAL = (
    FRAMEWORK[_START:_END]
    .replace(b"kind: proportion", b"kind: ratio")
    .replace(b"at: 0.5", b"at: 2.8")
    .replace(b"minimum_n: 20", b"minimum_n: 16")
    .replace(b"safety_margin: 0", b"safety_margin: 1\n    margin_scale: ratio")
)
TRIAL = FRAMEWORK[:_START] + _TRIAL + FRAMEWORK[_END:]
DOSSIER = {"dossier_digest": "sha256:" + "ab" * 32, "dossier_place": "The trial's dossier, table 3"}
NUMBERS = {
    "treatment_mean": "0.52",
    "treatment_stderr": "0.03",
    "treatment_n": 10,
    "control_mean": "0.40",
    "control_stderr": "0.03",
    "control_n": 9,
}


@pytest.fixture(scope="module")
def held(world_once: WorldOnce) -> Iterator[Board]:
    with world_once():
        board = make_board(source=TRIAL)
        make_binding(board.cast, "bio-protocols", "trial", metric="ratio", at=board.now())
        yield board


@pytest.fixture
def trial(held: Board, db: None) -> Board:
    return deepcopy(held)


def _score(name: str, n: int, **metrics: float) -> dict[str, Any]:
    told = {each: metric(each, value) for each, value in metrics.items()}
    return {"name": name, "scorer": name, "scored_samples": n, "unscored_samples": 0, "metrics": told}


def bring(board: Board, ratio: float = 1.3, *, arms: bool = False) -> Measurement:
    """The ratio of a trial with nineteen people; with `arms` what the file says of each arm beside it."""
    scores = [_score("exact", 19, ratio=ratio)]
    scores += [_score("treatment", 10, mean=0.52, stderr=0.03), _score("control", 9, mean=0.4, stderr=0.03)] if arms else []
    upload = board.send(log("trial", n=19, run="the trial", results__scores=scores))
    uploads.countersign(upload=upload, actor=board.cast.ben, at=board.now())
    board.work()
    return Measurement.objects.get(run__upload=upload, metric="ratio")


def of_the_run(ratio: Measurement) -> dict[str, Measurement]:
    return {name: Measurement.objects.get(run=ratio.run, scorer=name, metric="mean") for name in ("treatment", "control")}


def tell(board: Board, ratio: Measurement, **told: Any) -> Arms:
    return propose(measurement=ratio, told=told, actor=board.cast.ada, at=board.now())


def judged(board: Board) -> dict[str, Any]:
    latest = Assessment.objects.filter(subject=board.subject).latest("seq")
    [found] = [each for each in documents.content(latest.assessment_digest)["thresholds"] if each["slug"] == "bio-3"]
    return dict(found["tree"]["measurements"][0])


def test_a_bare_ratio_bounds_nothing_and_its_arms_do_once_another_person_confirmed_them(trial: Board) -> None:
    ratio = bring(trial)
    assert judged(trial)["point_only"] and trial.facts.outcomes["bio-3"] != "ruled_out"
    arms = tell(trial, ratio, **NUMBERS, **DOSSIER)
    trial.work()
    assert trial.facts.outcomes["bio-3"] != "ruled_out"
    confirm(arms=arms, actor=trial.cast.ben, at=trial.now())
    trial.work()
    assert judged(trial)["method"] == "Fieller, arms of 10 and 9" and judged(trial)["high"].startswith("1.55")
    assert trial.facts.outcomes["bio-3"] == "ruled_out"
    kinds = list(Entry.objects.filter(thing=f"arms:{arms.pk}").order_by("seq").values_list("kind", flat=True))
    assert kinds == ["evaluations:arms:proposed", "evaluations:arms:confirmed"]
    assert list(replay_assessment(Assessment.objects.filter(subject=trial.subject).latest("seq"))) == []


def test_the_arms_of_the_run_itself_are_its_own_numbers(trial: Board) -> None:
    ratio = bring(trial, arms=True)
    arms = tell(trial, ratio, **of_the_run(ratio))
    assert (arms.treatment_mean, arms.treatment_stderr, arms.treatment_n, arms.control_n) == ("0.52", "0.03", 10, 9)
    confirm(arms=arms, actor=trial.cast.ben, at=trial.now())
    trial.work()
    assert judged(trial)["method"] == "Fieller, arms of 10 and 9"


def test_an_interval_that_reaches_past_the_line_raises_though_the_ratio_lies_below_it(trial: Board) -> None:
    ratio = bring(trial)
    wide = NUMBERS | {"treatment_stderr": "0.25", "control_stderr": "0.12"}
    confirm(arms=tell(trial, ratio, **wide, **DOSSIER), actor=trial.cast.ben, at=trial.now())
    trial.work()
    assert trial.facts.outcomes["bio-3"] == "cannot_rule_out"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"treatment_mean": "0.60"}, "ratio_differs"),
        ({"treatment_n": 11}, "people_do_not_add_up"),
        ({"control_stderr": "0"}, "arm_not_usable"),
        ({"treatment_n": 18, "control_n": 1}, "arm_not_usable"),
        ({"control_mean": "0"}, "arm_not_usable"),
        ({"treatment_mean": "about half"}, "not_a_number"),
        ({"control_mean": ""}, "arm_incomplete"),
        ({"dossier_place": ""}, "arm_incomplete"),
    ],
)
def test_arms_that_do_not_give_what_was_reported_are_refused(trial: Board, change: dict[str, Any], code: str) -> None:
    ratio = bring(trial)
    with pytest.raises(ArmsNotValid) as refused:
        tell(trial, ratio, **NUMBERS | DOSSIER | change)
    assert refused.value.code == code and not Arms.objects.exists()


def test_arms_are_two_metrics_of_the_same_run_with_all_they_need(trial: Board) -> None:
    ratio = bring(trial, arms=True)
    told = of_the_run(ratio)
    for several in (
        {"treatment": told["treatment"]},
        {"treatment": ratio, "control": told["control"]},
        {**told, "control": told["treatment"]},
    ):
        with pytest.raises(ArmsNotValid):
            tell(trial, ratio, **several)


def test_neither_who_told_them_nor_who_sent_the_result_confirms_them_and_once_is_enough(trial: Board) -> None:
    ratio = bring(trial, arms=True)
    arms = propose(measurement=ratio, told=of_the_run(ratio), actor=trial.cast.ben, at=trial.now())
    other = tell(trial, ratio, **NUMBERS, **DOSSIER)
    for person in (trial.cast.ben, trial.cast.ada, trial.cast.hana):
        with pytest.raises(NotAllowed):
            confirm(arms=arms, actor=person, at=trial.now())
    assert "confirm_arms" in {each.kind for each in waiting_on(trial.cast.chloe, trial.now())}
    confirm(arms=arms, actor=trial.cast.chloe, at=trial.now())
    with pytest.raises(ArmsKnown):
        confirm(arms=other, actor=trial.cast.ben, at=trial.now())
    assert "confirm_arms" not in {each.kind for each in waiting_on(trial.cast.chloe, trial.now())}


def test_the_sheets_take_the_arms_and_a_second_person_confirms_anew_who_they_are(trial: Board) -> None:
    ratio = bring(trial, arms=True)
    ada, ben = client_of(trial.cast.ada), client_of(trial.cast.ben)
    run, sheet = reverse("evaluations:run", args=[ratio.run_id]), reverse("evaluations:arms-new", args=[ratio.run_id, ratio.pk])
    assert sheet in ada.get(run).content.decode()
    assert ada.post(sheet, {"treatment_mean": "0.52"}).status_code == 422
    told = {name: str(one.pk) for name, one in of_the_run(ratio).items()}
    assert ada.post(sheet, told).status_code == 302
    confirming = reverse("evaluations:arms-confirm", args=[Arms.objects.get().pk])
    assert confirming in ben.get(run).content.decode() and "0.52, standard error 0.03, n 10" in ben.get(confirming).content.decode()
    assert ben.post(confirming, {"password": "wrong"}).status_code == 422
    assert ben.post(confirming, {"password": PASSWORD}).status_code == 302
    assert Arms.objects.get().confirmed_by == trial.cast.ben
