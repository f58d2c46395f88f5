"""Which runs an assessment reads: all that some indicator could hear of, however they are spelt, and no others."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluations.evidence import collect
from evaluations.gathering import Gathered, gather
from ledger.canonical import canonical, digest
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


def test_what_the_inputs_digest_covers_is_the_document_without_its_own_time_and_size(world: World) -> None:
    world.send(log())
    collected = collect(world.subject, world.framework, at=world.now(), ledger_size=size())
    said = json.loads(collected.document)
    assert canonical(said) == collected.document
    del said["as_of"], said["ledger_size"]
    assert collected.inputs_digest == digest(canonical(said))


def test_a_run_told_in_many_ways_is_not_compared_with_each_of_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for right in range(20, 32):
        world.send(log(right=right))
    compared = []
    really = Gathered.tell_the_same
    monkeypatch.setattr(Gathered, "tell_the_same", lambda self, one, other: compared.append(one) or really(self, one, other))
    told = json.loads(collect(world.subject, world.framework, at=world.now(), ledger_size=size()).document)
    assert len(told["blocking_runs"]) == 12 and all(run["reason"] == "conflict" for run in told["blocking_runs"])
    assert len(compared) <= 12 * 5
