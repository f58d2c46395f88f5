"""What every test may lean on: a clean cache, no network but this machine, fixed times, and real processes where a test asks for them."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.db import connection, transaction
from django.test import override_settings

from ledger import clock, delivery

# Playwright's synchronous API runs an event loop in the test's thread; Django would refuse its own database calls there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

pytest_plugins = ["tests.browser", "tests.processes"]

# The longest files, longest first: begun last, one of them would keep one process busy long after the others are done.
_LONGEST = ("journeys", "test_doors.py", "asl_portal/test_seeded_world.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-pictures", action="store_true", help="store the main pages as they look now (tests/look/test_pictures.py)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((place for place, name in enumerate(_LONGEST) if name in path), len(_LONGEST))

    items.sort(key=turn)


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    """Rate limits live in the cache; one test's wrong passwords must not lock the next test out."""
    cache.clear()
    yield


@pytest.fixture(autouse=True)
def _willing_broker() -> Iterator[None]:
    """A broker that was away in one test is not left alone in the next."""
    delivery.listen_again()
    yield


@pytest.fixture(autouse=True, scope="session")
def _a_present_after_all_tests() -> Iterator[None]:
    """Worlds live at noon of one day and months later, whatever day it is; the ledger takes nothing from the future."""
    clock.pretend(datetime(2100, 1, 1, tzinfo=UTC))
    yield
    clock.pretend(None)


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Argon2 as in earnest, at a cost that does not slow a test down."""
    patch = pytest.MonkeyPatch()
    for name, value in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
        patch.setattr(Argon2PasswordHasher, name, value)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """A test that reaches for another machine fails there and then."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"A test tried to reach {address[0]}; tests reach this machine only.")
        real(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _own_folders(settings: Any, tmp_path: Path) -> None:
    """Uploaded bytes and mail of one test stay with it."""
    settings.BLOB_DIR, settings.MAIL_DIR = tmp_path / "blobs", tmp_path / "mail"


@pytest.fixture(autouse=True, scope="session")
def _static_from_source() -> Iterator[None]:
    """Static files straight from their folders; that they also collect under hashed names has a test of its own."""
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(
        STORAGES=storages, STATIC_ROOT=settings.BASE_DIR / "static", WHITENOISE_USE_FINDERS=True, WHITENOISE_AUTOREFRESH=True
    ):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database goes at the end even where a server thread of the last test still holds a session on it."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


WorldOnce = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def world_once(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> WorldOnce:
    """`with world_once(): yield build()` in a module's fixture builds a world once, in a transaction that is rolled back after the module's last
    test; each test works in a savepoint of its own. A module keeps one world, and none of its tests may commit."""

    @contextmanager
    def keep() -> Iterator[None]:
        folder = override_settings(BLOB_DIR=tmp_path_factory.mktemp("world"))
        with django_db_blocker.unblock(), folder, transaction.atomic():
            yield
            transaction.set_rollback(True)

    return keep


class Times:
    """Fixed instants. `at()` is the test's now; `at(days=3)` is three days on, `at(minutes=-5)` five minutes before."""

    now = datetime(2026, 5, 22, 9, 0, tzinfo=UTC)

    def __call__(self, **later: float) -> datetime:
        return self.now + timedelta(**later)


@pytest.fixture
def at() -> Times:
    return Times()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real evaluation logs that ASL_SAMPLES_DIR names; where none is named, these tests have nothing to read. One that is named is read, or they fail."""
    return named_samples(os.environ.get("ASL_SAMPLES_DIR", ""))


def named_samples(folder: str) -> Path:
    if not folder:
        pytest.skip("ASL_SAMPLES_DIR names no folder")
    if not (Path(folder) / "evals" / "manifest.json").is_file():
        pytest.fail(f"ASL_SAMPLES_DIR names {folder}, which holds no evals/manifest.json to read", pytrace=False)
    return Path(folder)
