"""`./portal manage read_evaluation`: the same readers, from a shell, with no database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

SAMPLES = Path(__file__).parents[2] / "samples"
PLAIN = SAMPLES / "inspect_eval" / "plain.eval"
GROUPS = SAMPLES / "lm_eval" / "results_new.json"


def _say(*arguments: object) -> str:
    out = StringIO()
    call_command("read_evaluation", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_person_reads_the_verdict_first_and_then_the_numbers() -> None:
    said = _say(PLAIN).splitlines()
    assert said[0] == "plain.eval: accept (inspect-eval, read by inspect-1)"
    assert "aurora/aurora-3 on bio_protocols: success" in said[1]
    assert any("accuracy" in line and "0.25" in line and "12 (reported)" in line for line in said)


def test_a_program_reads_the_shape_of_the_api() -> None:
    document = json.loads(_say(PLAIN, "--json"))
    (run,) = document["runs"]
    (measurement,) = run["measurements"]
    assert (document["state"], document["verdict"], document["file"]) == ("parsed", "accept", "plain.eval")
    assert (run["counts"]["total"], run["status"], run["revision"]["commit"]) == (12, "success", "4be1f02")
    assert (measurement["value"], measurement["n"], measurement["n_source"], measurement["interval"]) == ("0.25", 12, "reported", None)


def test_several_files_give_a_list() -> None:
    assert [one["format"] for one in json.loads(_say(PLAIN, GROUPS, "--json"))] == ["inspect-eval", "lm-eval"]


def test_a_refused_file_says_why_and_ends_in_failure(tmp_path: Path) -> None:
    (tmp_path / "cut.eval").write_bytes(PLAIN.read_bytes()[:5000])
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 files were refused") as failed:
        call_command("read_evaluation", str(PLAIN), str(tmp_path / "cut.eval"), stdout=out)
    assert failed.value.returncode == 1
    assert "cut.eval: refused (archive-incomplete)" in out.getvalue()


def test_a_refused_file_as_json_carries_code_place_and_mend(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_bytes(b"")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("read_evaluation", str(tmp_path / "empty.json"), "--json", stdout=out)
    document = json.loads(out.getvalue())
    assert (document["state"], document["code"]) == ("rejected", "empty")
    assert document["what_to_do"]


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        _say(tmp_path / "nothing.eval")


def test_names_of_a_stranger_do_not_command_the_terminal(tmp_path: Path) -> None:
    record = json.loads((SAMPLES / "every_eval_ever" / "record.json").read_text())
    record["model_info"]["id"] = "aurora\u001b[31m\u202e"
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    said = _say(path)
    assert "\u001b" not in said and "\u202e" not in said and "\\u202e" in said
