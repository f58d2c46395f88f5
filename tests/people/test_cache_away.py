"""Where the cache does not answer, tries cannot be counted: nobody confirms anything by trying, and a token stands on its own length."""

from typing import Any

import pytest
from django.test import Client

from asl_portal.embedded.valkey import free_port
from people.confirming import confirm
from people.tries import CannotCount
from people.words import Scope
from tests.makers import CONFIRMED, NOON, give_password, make_people, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def cache_away(settings: Any) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": nobody}}


def test_an_act_is_confirmed_while_tries_can_be_counted() -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    assert confirm(user=cast.ben.user, confirmation=CONFIRMED, at=NOON).by == "password"


def test_no_act_is_confirmed_while_tries_cannot_be_counted(cache_away: None) -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    with pytest.raises(CannotCount):
        confirm(user=cast.ben.user, confirmation=CONFIRMED, at=NOON)


def test_a_pipeline_goes_on_without_the_cache(cache_away: None) -> None:
    headers = {"Authorization": f"Bearer {make_token(make_people('ada').ada, Scope.SUBJECTS_READ)}"}
    assert Client().get("/api/v1/subjects", headers=headers).status_code == 200
    assert Client().get("/api/v1/subjects", headers={"Authorization": "Bearer " + "x" * 60}).status_code == 401
