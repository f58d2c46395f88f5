"""Reading the environment: what it gives, and that a wrong value names its variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asl_portal import env

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize(
    "value", ["", "https://login.example.org", "https://login.example.org/realms/lab/", "http://127.0.0.1:9400", "http://[::1]:9400"]
)
def test_an_issuer_is_read_letter_for_letter(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ASL_X", value)
    assert env.issuer("ASL_X") == value


@pytest.mark.parametrize(
    "value",
    [
        "http://login.example.org",
        "http://localhost.example.org",
        "login.example.org",
        "ftp://login.example.org",
        "https://",
        "https://ada:secret@login.example.org",
        "https://login.example.org/?x=1",
        "https://login.example.org/#x",
        "https://login.example.org:port",
    ],
)
def test_an_issuer_whose_word_could_be_forged_on_the_way_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ASL_X", value)
    with pytest.raises(env.WrongSetting, match="ASL_X is"):
        env.issuer("ASL_X")


def test_half_a_provider_stops_the_start_and_names_the_other_half() -> None:
    env.all_or_none(ASL_A="", ASL_B="")
    env.all_or_none(ASL_A="a", ASL_B="b")
    with pytest.raises(env.WrongSetting, match="ASL_B is not set, but ASL_A is"):
        env.all_or_none(ASL_A="a", ASL_B="")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"ASL_OIDC_ISSUER": "https://login.example.org"}, "ASL_OIDC_CLIENT_ID is not set"),
        ({"ASL_OIDC_CLIENT_SECRET": "s"}, "ASL_OIDC_CLIENT_ID is not set"),
        ({"ASL_OIDC_ISSUER": "http://login.example.org", "ASL_OIDC_CLIENT_ID": "asl", "ASL_OIDC_CLIENT_SECRET": "s"}, "has to be https"),
        (
            {"ASL_OIDC_ISSUER": "https://login.example.org", "ASL_OIDC_CLIENT_ID": "asl", "ASL_OIDC_CLIENT_SECRET": "s"},
            "login.example.org asl s",
        ),
    ],
    ids=str,
)
def test_the_portal_does_not_start_with_half_a_sign_in_provider(told: dict[str, str], said: str) -> None:
    script = "from asl_portal import settings as s; print(s.OIDC_NAME, s.OIDC_CLIENT_ID, s.OIDC_CLIENT_SECRET)"
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | told, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr
    assert (done.returncode == 0) is said.endswith("asl s")


def _start(told: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Any command: each reads the settings first."""
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, env=os.environ | told, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ASL_LEASE_SECONDS", "0", "write 2 or more"),
        ("ASL_LEASE_SECONDS", "1", "write 2 or more"),
        ("ASL_UPLOAD_MAX_BYTES", "-1", "write 1 or more"),
        ("ASL_API_GATE_PER_MINUTE", "-1", "write 0 or more"),
        ("ASL_OUTLET_NETWORKS", "10.0.0.0/8, the office", "'the office', which is no network"),
        ("ASL_OUTLET_NETWORKS", "10.0.0.5/8", "has host bits set"),
        ("DATABASE_URL", "postgresql://asl:secret@db.example/", "names no database"),
        ("DATABASE_URL", "postgresql://asl:secret@db.example:99999/asl", "names a port that is none"),
        ("REDIS_URL", "broker.example:6379", "is no address of a Redis server"),
        ("CACHE_URL", "http://:secret@cache.example", "is no address of a Redis server"),
    ],
)
def test_a_setting_that_would_break_the_portal_later_stops_its_start_by_name(name: str, value: str, said: str) -> None:
    done = _start({name: value})
    assert done.returncode == 1 and f"{name} " in done.stderr and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "secret" not in done.stderr


def test_an_empty_address_of_the_cache_is_none_that_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASL_X", "")
    assert env.redis("ASL_X", "redis://localhost:6379/0") == "redis://localhost:6379/0"
    with pytest.raises(env.WrongSetting):
        env.redis("ASL_X")


def test_another_database_than_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASL_X", "sqlite:///asl.db")
    with pytest.raises(env.WrongSetting, match="PostgreSQL only"):
        env.database("ASL_X")
