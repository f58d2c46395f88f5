"""Whatever is done to a file, a reader answers: a Reading or a refusal, soon, and nothing else."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations import adapters
from evaluations.adapters import shown
from evaluations.adapters.figures import canonical
from evaluations.adapters.types import Reading, RejectedInput

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = [
    SAMPLES / name
    for name in (
        "inspect_eval/limited.eval",
        "inspect_eval/with_interval.eval",
        "inspect_json/twin.json",
        "lm_eval/results_new.json",
        "lm_eval/results_list.json",
        "every_eval_ever/record.json",
    )
]
_SOON = 5.0
_MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _answers(data: bytes) -> None:
    started = time.monotonic()
    try:
        answer = shown.reading(adapters.read(data))
    except RejectedInput as refusal:
        assert refusal.code and refusal.message
        answer = shown.refusal(refusal)
    assert answer["state"] in ("parsed", "rejected")
    assert time.monotonic() - started < _SOON


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@_MANY
@given(data=st.data())
def test_cut_and_flipped_files_are_answered(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    _answers(bytes(content[:end]))


@pytest.mark.parametrize("path", FILES[2:], ids=lambda path: path.name)
@_MANY
@given(data=st.data())
def test_text_with_foreign_pieces_is_answered(path: Path, data: st.DataObject) -> None:
    content = path.read_text()
    pieces = st.sampled_from(["null", "[]", "{}", '"x"', "-1", "1e999", "NaN", "true", '"\\ud800"', "\x00", ",", "}", "]", '"'])
    place = data.draw(st.integers(0, len(content)))
    width = data.draw(st.integers(0, 12))
    _answers((content[:place] + data.draw(pieces) + content[place + width :]).encode())


@_MANY
@given(data=st.binary(max_size=300))
def test_any_bytes_are_answered(data: bytes) -> None:
    _answers(data)
    _answers(b"PK\x03\x04" + data)
    _answers(b'{"eval": {}, "status": "success", "results": ' + data)


def test_an_untouched_file_is_read() -> None:
    assert all(isinstance(adapters.read(path.read_bytes()), Reading) for path in FILES)


@pytest.mark.parametrize("text", ["1e999546536707079771", "-1e999546536707079771", "1e-999546536707079771"])
def test_an_exponent_beyond_all_arithmetic_is_out_of_range_and_no_crash(text: str) -> None:
    assert canonical(text) is None
