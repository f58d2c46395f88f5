"""Reading the environment: what it gives, and that a wrong value names its variable."""

from pathlib import Path

import pytest

from asl_portal import env


@pytest.mark.parametrize(("value", "means"), [("true", True), ("1", True), ("YES", True), ("off", False), ("0", False), ("", False)])
def test_a_flag_reads_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str, means: bool) -> None:
    monkeypatch.setenv("ASL_X", value)
    assert env.flag("ASL_X") is means


@pytest.mark.parametrize("read", [env.flag, lambda name: env.number(name, 1)])
def test_a_value_that_cannot_be_read_stops_the_start_and_names_itself(monkeypatch: pytest.MonkeyPatch, read: object) -> None:
    monkeypatch.setenv("ASL_X", "perhaps")
    with pytest.raises(env.WrongSetting, match="ASL_X is 'perhaps'"):
        read("ASL_X")  # type: ignore[operator]


def test_a_missing_value_without_default_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASL_X", raising=False)
    with pytest.raises(env.WrongSetting, match="ASL_X is not set"):
        env.text("ASL_X")
    assert env.text("ASL_X", "calm") == "calm"


def test_a_secret_comes_from_its_file_before_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("ASL_X", "from the variable")
    monkeypatch.setenv("ASL_X_FILE", str(tmp_path / "key"))
    assert env.secret("ASL_X") == "from the file"
    monkeypatch.setenv("ASL_X_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(env.WrongSetting, match="ASL_X_FILE cannot be read"):
        env.secret("ASL_X")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://ada:s%40fe@db.example:6432/asl",
            {"USER": "ada", "PASSWORD": "s@fe", "HOST": "db.example", "PORT": "6432", "NAME": "asl"},
        ),
        ("postgresql://ada@/asl?host=%2Ftmp%2FA%20b", {"USER": "ada", "HOST": "/tmp/A b", "PORT": "", "NAME": "asl"}),
    ],
)
def test_a_database_address_reads_hosts_and_socket_folders(monkeypatch: pytest.MonkeyPatch, url: str, expected: dict[str, str]) -> None:
    monkeypatch.setenv("ASL_X", url)
    assert expected.items() <= env.database("ASL_X").items()


def test_what_else_a_database_address_asks_for_reaches_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASL_X", "postgresql://db.example/asl?sslmode=verify-full")
    options = env.database("ASL_X")["OPTIONS"]
    assert isinstance(options, dict) and options["sslmode"] == "verify-full" and options["connect_timeout"] == 5


def test_another_database_than_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASL_X", "sqlite:///asl.db")
    with pytest.raises(env.WrongSetting, match="PostgreSQL only"):
        env.database("ASL_X")
