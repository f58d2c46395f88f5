"""Assessing one model with much and with little behind it: other models' results, its own that reach no indicator, its own that do."""

from datetime import timedelta

from django.utils import timezone

from benchmarks.measuring import Line, interleaved, ratio_line
from benchmarks.world import copy_history, copy_subjects
from evaluations.evidence import collect
from evaluations.models import Measurement, Run, Subject
from frameworks.engine.decide import decide
from frameworks.models import FrameworkVersion
from frameworks.queries import in_force_versions
from ledger.services import size

TITLE = "Assessing one model, however much history there is"
BASELINE = "the same assessment (evidence collected from the rows, decision made; both documents as bytes) with the smaller history."
TRIED = """An assessment reads the runs that some indicator can hear of (found by task, stepping down an index), runs told more than once, and nothing else; so neither other models'
results nor a model's own that reach no indicator make it slower. **Results that do reach an indicator are each told in the evidence document, those without power too,
and each is judged: that is a rule of the design, and it makes the third line grow with them by nature.** It is measured at 100 and 1,000 such results, not at
100,000, which would take minutes a side. A result costs a quarter of a millisecond: a third of it becomes rows as objects, a third the document and its canonical bytes, a third what the engine
reads, judges and writes of it; to stay within half as much again, ten times as many would have to cost a fiftieth of that. Tried: canonical bytes by the C encoder of the standard library instead of
our own writer; each part of the document written once for both its digests; a run told many times compared with the first telling that differs and not with each; no search for cycles
meanwhile. Tried, and of no use: fewer columns (a tenth). Not tried: evidence in content-addressed leaves, one a run, with what was judged of each kept beside; judging depends on the time
(staleness), so only what is stale for good could be kept."""

LITTLE, MUCH = 1_000, 100_000


def run(quick: bool) -> list[Line]:
    rounds = 3 if quick else 5
    little, much = (100, 2_000) if quick else (LITTLE, MUCH)
    bound = (100, 500) if quick else (100, 1_000)
    base = list(Subject.objects.order_by("slug"))
    copies = {name: _copy_of(base, number) for number, name in enumerate(("alone", "few", "many", "bound few", "bound many"), start=1)}
    version = in_force_versions().get()
    _unbound(copies["few"], little)
    _unbound(copies["many"], much)
    _bound(copies["bound few"], bound[0])
    _bound(copies["bound many"], bound[1])
    sides = {name: _assessed(subject, version) for name, subject in copies.items()}
    own = interleaved({name: sides[name] for name in ("few", "many")}, rounds=rounds)
    heavy = interleaved({name: sides[name] for name in ("bound few", "bound many")}, rounds=2)
    before = interleaved({"alone": sides["alone"]}, rounds=rounds)
    _others(base, much * 2)
    after = interleaved({"alone": sides["alone"]}, rounds=rounds)
    others = {"before": before["alone"], "after": after["alone"]}
    total = Measurement.objects.count()
    return [
        ratio_line(f"{total:,} measurements stored, none of the added ones the model's own", 1.5, others, "after", "before"),
        ratio_line(f"{much:,} against {little:,} of its own that reach no indicator", 1.5, own, "many", "few"),
        ratio_line(f"{bound[1]:,} against {bound[0]:,} of its own that reach an indicator", 1.5, heavy, "bound many", "bound few"),
    ]


def _copy_of(base: list[Subject], number: int) -> Subject:
    heron = next(subject for subject in base if subject.slug == "heron-2")
    if not Subject.objects.filter(slug="heron-2-1").exists():
        copy_subjects([heron], 5)
    return Subject.objects.get(slug=f"heron-2-{number}")


def _assessed(subject: Subject, version: FrameworkVersion):  # type: ignore[no-untyped-def]
    at = timezone.now() + timedelta(seconds=1)

    def assess() -> None:
        decide(version.canonical, collect(subject, version, at=at, ledger_size=size()).document)

    return assess


def _first_run(subject: Subject) -> Run:
    return Run.objects.filter(subject=subject).order_by("reading__seq", "position")[0]


def _per_run(run: Run) -> int:
    return Measurement.objects.filter(run=run).count()


def _unbound(subject: Subject, count: int) -> None:
    run = _first_run(subject)
    copy_history([run], count // _per_run(run), task="demo/elsewhere")


def _bound(subject: Subject, count: int) -> None:
    copy_history([_first_run(subject)], count)


def _others(base: list[Subject], count: int) -> None:
    other = next(subject for subject in base if subject.slug == "kestrel-1")
    run = _first_run(other)
    copy_history([run], count // _per_run(run))
