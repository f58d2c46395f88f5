"""What a file is, its bytes say; what is not read is refused by its name."""

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from evaluations import adapters
from evaluations.adapters.limits import Limits
from evaluations.adapters.types import RejectedInput
from tests.evaluations.adapters.headers import as_eval, header

SAMPLES = Path(__file__).parents[2] / "samples"


def _refused(data: bytes | dict[str, Any] | list[Any]) -> RejectedInput:
    with pytest.raises(RejectedInput) as refused:
        adapters.read(data if isinstance(data, bytes) else json.dumps(data).encode())
    assert refused.value.message and refused.value.what_to_do
    return refused.value


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("inspect_eval/plain.eval", "inspect-eval"),
        ("inspect_json/twin.json", "inspect-json"),
        ("lm_eval/results_new.json", "lm-eval"),
        ("lm_eval/results_old.json", "lm-eval"),
        ("lm_eval/results_list.json", "lm-eval"),
        ("lm_eval/samples_cyber_web.jsonl", "lm-eval-samples"),
        ("every_eval_ever/record.json", "eee-aggregate"),
    ],
)
def test_each_reader_knows_its_own(path: str, format: str) -> None:
    assert adapters.recognise((SAMPLES / path).read_bytes()) == format


@pytest.mark.parametrize(
    ("data", "code", "format"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git-lfs-pointer", "git-lfs-pointer"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web-page", "html"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", "web-page", "html"),
        (b"\xef\xbb\xbf<html>", "web-page", "html"),
        (b"%PDF-1.7 ...", "not-a-result", "pdf"),
        (gzip.compress(b"{}", mtime=0), "compressed", "gzip"),
        (lzma.compress(b"{}"), "compressed", "xz"),
        (b"7z\xbc\xaf\x27\x1c....", "compressed", "7z"),
        (b"\x28\xb5\x2f\xfd....", "compressed", "zstd"),
        (b"log.eval".ljust(257, b"\x00") + b"ustar\x0000", "compressed", "tar"),
        (b"s3://bucket/logs/run.eval\n", "an-address", "text"),
        (b"https://example.org/run.eval", "an-address", "text"),
        (b"/srv/someone/run.eval", "an-address", "text"),
        (b"nothing of note", "unknown-format", "text"),
        (b"\x00\x01\x02\x03binary", "unknown-format", "binary"),
        (b"a,b,c\n1,2,3\n", "known-not-read", "csv"),
        (b"---\nmodel-index:\n- name: x\n---\n# Card", "known-not-read", "hf-model-index"),
        (b'{"a": 1}', "unknown-format", "json"),
        (b'{"a": 1', "incomplete", "json"),
        (b"[1, 2, 3]", "unknown-format", "json"),
        (b'{"a": 1}\n{"a": 2}\n', "unknown-format", "jsonl"),
    ],
)
def test_what_is_no_result_is_refused_for_what_it_is(data: bytes, code: str, format: str) -> None:
    refusal = _refused(data)
    assert (refusal.code, refusal.format) == (code, format)


@pytest.mark.parametrize(
    ("document", "format"),
    [
        ({"eval_set_id": "x", "tasks": []}, "inspect-evalset"),
        ({"a.eval": {"status": "success", "eval": {}}, "b.eval": {"status": "error", "eval": {}}}, "inspect-listing"),
        ({"schema_version": 2, "eval_metadata": {}, "eval": {}}, "inspect-dashboard"),
        ({"evalId": "x", "results": {"version": 3, "prompts": []}}, "promptfoo"),
        ({"humaneval": {"pass@1": 0.2}, "config": {"model": "m", "n_samples": 50}}, "bigcode"),
        ({"name": "r", "adapter_spec": {}, "scenario_spec": {}}, "helm-run_spec"),
        ([{"name": {"name": "exact_match"}, "count": 1}], "helm-stats"),
        ({"score": 0.7, "score:std": 0.4}, "openai-simple-evals"),
        ({"config_general": {}, "results": {"all": {}}, "versions": {}}, "lighteval"),
        ({"_metadata": {"format_version": 1}, "benchmark": {}, "scores": []}, "modelbench"),
        ({"@context": {}, "@type": "sc:Dataset", "name": "d"}, "croissant"),
        ({"spec": {"completion_fns": ["m"]}}, "openai-evals"),
        ({"run_id": "r", "task_id": "t", "task_family": "f", "alias": "human"}, "metr-runs"),
        ({"entry_type": "start_run setup"}, "garak-report"),
        ({"evaluation_id": "e", "sample_id": 1, "schema_version": "0.3.0"}, "eee-samples"),
    ],
)
def test_a_known_format_is_refused_by_its_name(document: Any, format: str) -> None:
    refusal = _refused(document)
    assert (refusal.code, refusal.format) == ("known-not-read", format)


def test_a_file_that_looks_like_two_formats_is_not_guessed_at() -> None:
    both = header() | {"schema_version": "0.3.0", "evaluation_results": [], "evaluation_id": "x"}
    refusal = _refused(both)
    assert refusal.code == "ambiguous-format" and "inspect-json and like eee-aggregate" in refusal.message


def test_the_name_never_decides_and_a_false_promise_is_said() -> None:
    data = as_eval(header())
    plain, renamed = adapters.read(data, filename="run.eval"), adapters.read(data, filename="run.json")
    assert (plain.warnings, renamed.format) == ((), "inspect-eval")
    assert [warning.code for warning in renamed.warnings] == ["name-and-content-differ"]
    assert renamed.verdict == plain.verdict


def test_a_file_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(RejectedInput) as refused:
        adapters.read(as_eval(header()), limits=Limits(file_bytes=100))
    assert refused.value.code == "too-large"


def test_only_the_head_is_looked_at() -> None:
    """What decides stands in the first 64 KB; the document is nonetheless read to its end."""
    document = header()
    late = {key: document[key] for key in ("version", "status", "eval", "plan", "results", "stats")} | {"samples": [{"x": "y" * 200_000}]}
    assert adapters.read(json.dumps(late).encode()).format == "inspect-json"


def test_numbers_and_names_of_a_stranger_do_not_reach_the_refusal_unbounded() -> None:
    twice = json.dumps(header())[:-1] + ', "' + "k" * 5000 + '": 1, "' + "k" * 5000 + '": 2}'
    refusal = _refused(twice.encode())
    assert refusal.code == "json-duplicate-key" and len(refusal.message) < 300
