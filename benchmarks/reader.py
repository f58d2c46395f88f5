"""Header and metrics of an Inspect log of 10,000 samples, by our reader and by Inspect's own, each in a fresh process."""

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.measuring import Line, spread
from tests.samples.make_inspect_logs import write_inspect_log

TITLE = "Reading a log of 10,000 samples"
BASELINE = "`inspect_ai.log.read_eval_log(header_only=True)` in a process of its own; both sides pay for interpreter start and imports."
TRIED = """Our reader is pure Python on the standard library and imports no Django. It reads the archive's directory and the members that hold header and metrics;
the samples are never unpacked. Of the archive's directory, a line for each sample, it keeps what is checked and no name twice; Zstandard is loaded where a member needs it."""

OURS = """
import sys
from evaluations import adapters
with open(sys.argv[1], "rb") as stream:
    reading = adapters.read(stream, filename="log.eval")
assert reading.runs[0].counts.total == int(sys.argv[2]) and reading.runs[0].measurements, reading
assert "django" not in sys.modules
"""
THEIRS = """
import sys
from inspect_ai.log import read_eval_log
log = read_eval_log(sys.argv[1], header_only=True)
assert log.results.total_samples == int(sys.argv[2]) and log.results.scores[0].metrics
"""

# What a child reports as its usage on Linux counts what its parent held when it forked; the status file does not.
PEAK = """
import resource
try:
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
print(peak)
"""


def run(quick: bool) -> list[Line]:
    samples, rounds = (1_000, 3) if quick else (10_000, 5)
    with tempfile.TemporaryDirectory(prefix="asl-bench-") as folder:
        log = make_log(Path(folder), samples)
        told: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
        for number in range(rounds + 1):
            for name, program in (("ours", OURS), ("theirs", THEIRS)):
                taken = _in_a_process(program, log, samples)
                if number:
                    told[name].append(taken)
        size = log.stat().st_size / 1e6
    times = spread([ours[0] / theirs[0] for ours, theirs in zip(told["ours"], told["theirs"], strict=True)])
    memory = spread([ours[1] / theirs[1] for ours, theirs in zip(told["ours"], told["theirs"], strict=True)])
    seconds = {name: median(one[0] for one in values) for name, values in told.items()}
    megabytes = {name: median(one[1] for one in values) for name, values in told.items()}
    return [
        Line(
            "time",
            0.5,
            times.median,
            "×",
            detail=f"{seconds['ours'] * 1000:.0f} ms against {seconds['theirs'] * 1000:.0f} ms for {size:.1f} MB; "
            f"middle half {times.low:.2f}–{times.high:.2f}, {rounds} rounds",
            noisy=times.is_noisy,
        ),
        Line("memory", 0.2, memory.median, "×", detail=f"{megabytes['ours']:.0f} MB against {megabytes['theirs']:.0f} MB at the highest"),
    ]


def make_log(folder: Path, samples: int) -> Path:
    """A log as Inspect wrote it, with one sample of it repeated under other ids until there are enough."""
    small = write_inspect_log(
        folder / "small.eval",
        task="bench",
        scorer="match",
        correct=30,
        total=40,
        model="demo/bench",
        created=datetime(2026, 5, 1, tzinfo=UTC),
    )
    large = folder / "large.eval"
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as target:
        sample = next(name for name in source.namelist() if name.startswith("samples/"))
        content = json.loads(source.read(sample))
        for name in source.namelist():
            if name.startswith("samples/"):
                continue
            document = json.loads(source.read(name))
            if name == "header.json":
                document["results"] |= {"total_samples": samples, "completed_samples": samples}
                document["eval"]["dataset"] |= {"samples": samples, "sample_ids": list(range(1, samples + 1))}
                for score in document["results"]["scores"]:
                    score["scored_samples"] = samples
            if name == "summaries.json":
                document = [document[0] | {"id": number, "uuid": f"bench{number}"} for number in range(1, samples + 1)]
            target.writestr(name, json.dumps(document))
        for number in range(1, samples + 1):
            target.writestr(f"samples/{number}_epoch_1.json", json.dumps(content | {"id": number, "uuid": f"bench{number}"}))
    return large


def _in_a_process(program: str, log: Path, samples: int) -> tuple[float, float]:
    """Seconds and highest resident megabytes of a fresh interpreter that runs the program; raises when it fails."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program + PEAK, str(log), str(samples)], check=True, capture_output=True, text=True)
    return time.perf_counter() - begun, float(done.stdout)
