"""The demonstration's logs are true logs, tell what their README says, and can be moved in time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from asl_portal.demo.redating import redated
from evaluations import adapters
from evaluations.adapters.types import ParsedRun

LOGS = Path(__file__).parents[2] / "asl_portal" / "demo" / "logs"
FILES = sorted(LOGS.rglob("*.eval"))


def _run(name: str) -> ParsedRun:
    (run,) = adapters.read((LOGS / name).read_bytes()).runs
    return run


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LOGS)))
def test_every_demonstration_log_meets_the_elicitation_floor_from_its_own_words(path: Path) -> None:
    (run,) = adapters.read(path.read_bytes()).runs
    facts = {fact.name: fact.value for fact in run.facts}
    assert run.task is not None and run.task.startswith("asl_demo/")
    assert run.model is not None and run.model.startswith("demo/")
    assert (facts["metadata.elicitation.safeguards_on"], facts["metadata.elicitation.attempts"]) == ("false", "5")
    assert [(one.scorer, one.metric) for one in run.measurements] == [("match", "accuracy")]


def test_no_log_names_a_folder_of_the_machine_it_was_made_on() -> None:
    assert len(FILES) == 35
    for path in FILES:
        (run,) = adapters.read(path.read_bytes()).runs
        assert not any(fact.value.startswith("/") for fact in run.facts)


def test_the_later_snapshot_shows_what_cannot_rule_out() -> None:
    assert not (LOGS / "kestrel-1" / "later" / "metr-dedup.eval").exists()
    assert _run("kestrel-1/later/compbio-short-6.eval").holds and _run("kestrel-1/later/creative-bio-auto.eval").holds
    assert not _run("kestrel-1/later/virology-lf-1.eval").holds
    stale = _run("kestrel-1/edited/swe-hard-stale.eval").created
    assert stale is not None and stale.year == 2025


def test_a_redated_log_differs_in_its_dates_and_in_nothing_else() -> None:
    log = (LOGS / "heron-2" / "swe-hard.eval").read_bytes()
    moved = redated(log, created=datetime(2026, 5, 1, 9, tzinfo=UTC))
    before, after = (adapters.read(one).runs[0] for one in (log, moved))
    assert (after.created, after.completed) == (datetime(2026, 5, 1, 9, tzinfo=UTC), datetime(2026, 5, 1, 9, 20, tzinfo=UTC))
    assert (after.identity, after.measurements, after.facts, after.counts) == (
        before.identity,
        before.measurements,
        before.facts,
        before.counts,
    )
    assert moved == redated(log, created=datetime(2026, 5, 1, 9, tzinfo=UTC))
