"""Ways an insider might make something look shown that was not; each stays shut."""

from math import sqrt

import pytest

from evaluations.evidence import interval_told
from evaluations.models import Measurement
from evaluations.services import results
from tests.evaluations.adapters.archives import members_of
from tests.evaluations.adapters.headers import scored
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import make_snapshot


def test_a_further_snapshot_that_claims_no_growth_does_not_hide_the_growth_of_an_earlier_one(world: World) -> None:
    world.send(log())
    make_snapshot(world.cast, world.subject, "step 2", at=world.now(), compute_factor="4.2")
    make_snapshot(world.cast, world.subject, "step 3", at=world.now(), compute_factor="1", confirmed=False)
    world.work()
    assert world.outcomes["bio-3"] == "not_assessed"


def test_an_announced_run_has_not_arrived_when_another_task_comes_under_its_id(world: World) -> None:
    world.send(log(run="first"))
    results.announce(
        subject=world.subject, indicator="bio-protocols", harness="inspect", external_id="second", actor=world.cast.ada, at=world.now()
    )
    world.send(log("cooking", run="second"))
    assert world.outcomes["bio-3"] == "not_assessed"


def test_a_twin_with_the_same_numbers_elicited_otherwise_conflicts(world: World) -> None:
    world.send(log(right=2))
    assert world.outcomes["bio-3"] == "ruled_out"
    twin = world.send(log(right=2, safeguards_on=True)).runs.get()
    assert twin.conflicts and world.outcomes["bio-3"] != "ruled_out"


@pytest.mark.parametrize("change", [{"results__completed_samples": 39}, {"eval__config": {"epochs": 7}}], ids=["unfinished", "epochs"])
def test_a_twin_with_the_same_numbers_and_other_particulars_conflicts(world: World, change: dict) -> None:
    world.send(log(right=2))
    assert world.send(log(right=2, **change)).runs.get().conflicts


def _unscored(count: int | None) -> dict:
    return scored(0.05, sqrt(0.05 * 0.95 / 39), **({} if count is None else {"unscored_samples": count}))


@pytest.mark.parametrize(
    ("honest", "stripped"),
    [
        ({"results__early_stopping": {"manager": "m"}}, {}),
        (_unscored(5), _unscored(None)),
        (
            {"eval__config": {"epochs": 1, "sample_id": ["a"]}, "eval__dataset": {"name": "d", "samples": 400}},
            {"eval__config": {"epochs": 1}},
        ),
    ],
    ids=["stopped early", "unscored", "part of the data set"],
)
def test_a_copy_stripped_of_what_holds_the_run_conflicts_with_the_honest_file(world: World, honest: dict, stripped: dict) -> None:
    world.send(log(**stripped))
    assert world.outcomes["bio-3"] == "ruled_out"
    assert world.send(log(**honest)).runs.get().conflicts and world.outcomes["bio-3"] != "ruled_out"


def test_the_two_forms_of_a_run_that_is_held_still_tell_the_same(world: World) -> None:
    log_of = {"results__early_stopping": {"manager": "m"}, "eval__config": {"epochs": 1, "limit": 4}} | _unscored(5)
    world.send(log(**log_of))
    plain = members_of(log(**log_of))["header.json"]
    twin = world.send(plain).runs.get()
    assert twin.twin_of is not None and not twin.conflicts and twin.upload.format == "inspect-json"


@pytest.mark.parametrize(
    "method", ["one-sided", "One-sided exact", "one_sided bootstrap", "bootstrap, one sided", "1-sided", "one-tailed t"]
)
def test_an_interval_that_says_it_is_one_sided_is_read_so_however_it_is_spelt(method: str) -> None:
    told = interval_told(Measurement(low="0.1", high="0.2", level="0.90", method=method))
    assert told is not None and told["sided"] == "one-sided"


def test_an_interval_with_one_bound_only_is_one_sided_and_one_with_two_is_central() -> None:
    assert (interval_told(Measurement(low=None, high="0.2", level="0.90", method="")) or {})["sided"] == "one-sided"
    assert (interval_told(Measurement(low="0.1", high="0.2", level="0.90", method="bootstrap")) or {})["sided"] == "central"
