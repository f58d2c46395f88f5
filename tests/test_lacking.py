"""What is missing is not passed over in silence where everything is to be there."""

from pathlib import Path

import pytest

from tests import servers
from tests.conftest import named_samples


@pytest.mark.parametrize(("ci", "end"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_the_systems_servers_a_test_is_left_out_here_and_fails_where_all_is_to_be_there(
    monkeypatch: pytest.MonkeyPatch, ci: str, end: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(end, match="needs PostgreSQL"), servers.running_servers():
        raise AssertionError("there was nothing to run")


def test_samples_that_are_named_and_cannot_be_read_fail(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="holds no evals"):
        named_samples(str(tmp_path))
    with pytest.raises(pytest.skip.Exception):
        named_samples("")
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "manifest.json").write_text("{}")
    assert named_samples(str(tmp_path)) == tmp_path
