"""The data folder: who owns it, and that its secrets stay with it."""

from pathlib import Path

import pytest

from asl_portal.embedded.datafolder import AlreadyRunning, DataFolder, State, usual_folder
from asl_portal.embedded.supervisor import Choices, Supervisor


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.make()
    return folder


def test_secrets_are_made_once_and_readable_by_the_owner_alone(folder: DataFolder) -> None:
    first = folder.secrets()
    assert DataFolder(folder.path).secrets() == first
    assert len({*vars(first).values()}) == 5
    assert (folder.keys / "secrets.json").stat().st_mode & 0o077 == 0
    assert folder.keys.stat().st_mode & 0o077 == 0


def test_a_second_supervisor_is_told_where_the_first_one_answers(folder: DataFolder) -> None:
    with folder.owned():
        folder.say_state(State(pid=1, address="http://localhost:8000", phase="ready"))
        with pytest.raises(AlreadyRunning) as refused, DataFolder(folder.path).owned():
            pass
        assert refused.value.state is not None and refused.value.state.address == "http://localhost:8000"


def test_a_folder_whose_supervisor_left_is_free_whatever_its_state_file_says(folder: DataFolder) -> None:
    folder.say_state(State(pid=1, address="http://localhost:8000", phase="ready"))
    assert not folder.is_owned()
    with folder.owned():
        assert folder.is_owned()
    assert not folder.is_owned()


def test_how_to_stop_it_names_the_folder_unless_it_is_the_usual_one(folder: DataFolder) -> None:
    detached = Choices(detached=True)
    assert Supervisor(DataFolder(usual_folder()), detached, {}).how_to_stop() == "Stop it with ./portal down"
    assert f"./portal down --data {folder.path}" in Supervisor(folder, detached, {}).how_to_stop()
    assert Supervisor(folder, Choices(), {}).how_to_stop() == "Ctrl-C stops it."
