"""What counts once counts once, also when it is brought twice at the same moment: by two requests, each in a process of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from people.confirming import CodeUsed
from people.factors import code_at
from people.models import Signature, User
from people.services import persona_link, use_link
from people.services.credentials import LinkDoesNotOpen
from people.signing import Statement, sign
from people.words import Role
from tests.makers import APP_SECRET, PASSWORD, Confirmation, give_app, give_password, later, make_people
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
AT = later(hours=2)


def brought_twice(user: User, act: Callable[[], Any], *, waits_at: str) -> list[Any]:
    """What two gave or raised that wait for the same rows of this account until both are there."""
    names = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    key = "id" if waits_at == User._meta.db_table else "user_id"
    with psycopg.connect(**names) as held, ThreadPoolExecutor(2) as pool:
        held.execute(f"SELECT FROM {waits_at} WHERE {key} = %s FOR UPDATE", [user.pk])  # type: ignore[arg-type]  # our own text
        brought = [pool.submit(_on_its_own, act) for _ in range(2)]
        eventually(lambda: _waiting() == 2)
        held.rollback()
        return [one.result(timeout=60) for one in brought]


def _on_its_own(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:  # the test looks at what was raised
        return error
    finally:
        connection.close()


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return int(cursor.fetchone()[0])


def kinds(found: list[Any]) -> list[str]:
    return sorted(type(one).__name__ for one in found)


def test_a_code_that_is_brought_twice_at_the_same_moment_signs_one_statement() -> None:
    ben = make_people("ben").ben
    give_password(ben)
    give_app(ben)

    def sign_one() -> Signature:
        statement = Statement(type="tests:thing", digests={}, meaning="approves", role=Role.REVIEWER)
        confirmation = Confirmation(PASSWORD, code_at(APP_SECRET, AT))
        return sign(person=ben, user=User.objects.get(pk=ben.user.pk), statement=statement, confirmation=confirmation, at=AT)

    assert kinds(brought_twice(ben.user, sign_one, waits_at="mfa_authenticator")) == [CodeUsed.__name__, Signature.__name__]
    assert Signature.objects.count() == 1


def test_a_link_that_is_followed_twice_at_the_same_moment_opens_once() -> None:
    ben = make_people("ben").ben
    _, secret = persona_link(user=ben.user, at=AT)

    def choose() -> User:
        return use_link(secret=secret, password=PASSWORD, at=AT)

    assert kinds(brought_twice(ben.user, choose, waits_at=User._meta.db_table)) == [LinkDoesNotOpen.__name__, User.__name__]
