"""Which runs an assessment reads: all that some indicator could hear of, however they are spelt, and no others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluations.evidence import collect
from evaluations.gathering import gather
from ledger.services import size
from tests.evaluations.conftest import World
from tests.evaluations.logs import log


def _read(world: World) -> tuple[int, str, int]:
    """How many runs were read, the digest of what they say, and in how many statements."""
    at = world.now()
    with CaptureQueriesContext(connection) as statements:
        collected = collect(world.subject, world.framework, at=at, ledger_size=size())
    return len(gather(world.subject, world.framework.document, at, size()).runs), collected.inputs_digest, len(statements)


def test_history_no_indicator_hears_of_is_neither_read_nor_told(world: World) -> None:
    world.send(log())
    before = _read(world)
    for number in range(4):
        world.send(log("poetry", run=f"poem-{number}"))
    assert _read(world) == before and before[0] == 1


@pytest.mark.parametrize("task", ["other/bio_protocols", "Bio-Protocols"])
def test_a_run_of_an_indicators_task_is_read_however_it_is_spelt_and_blocks(world: World, task: str) -> None:
    world.send(log())
    before = _read(world)
    world.send(log(task, run="run-2", right=39))
    after = _read(world)
    assert after[0] == before[0] + 1 and after[1] != before[1]
    assert world.outcomes["bio-3"] != "ruled_out"
