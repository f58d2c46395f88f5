"""API tokens: shown once, kept as a digest, bound to a person, scopes and a day."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from ledger.models import Entry
from ledger.refusals import NotAllowed
from people import services
from people.api_auth import RoleMissing, ScopeMissing, TokenAuth
from people.models import ApiToken, RoleGrant
from people.services.tokens import DaysNotValid, LabelMissing, NotYourToken, ScopeUnknown, TokenRevokedAlready, find_token
from people.words import Role, Scope
from tests.makers import CONFIRMED, NOON, PASSWORD, give_password, give_role, later, make_people, make_token

pytestmark = pytest.mark.django_db


def test_a_token_is_found_by_its_text_and_only_its_digest_is_kept():
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.EVALUATIONS_WRITE, at=NOON)
    token = find_token(text, NOON)
    assert token.person == cast.ada
    assert text.startswith(token.prefix + "_")
    assert text not in str(ApiToken.objects.values())
    entry = Entry.objects.order_by("seq").last()
    assert entry.kind == "people:token:created"
    assert not [kept for kept in entry.fields.values_list("text", flat=True) if text in kept]


@pytest.mark.parametrize(
    "change", [lambda text: text[:-1], lambda text: text + "x", lambda text: text.upper(), lambda text: "", lambda text: "\ud800"]
)
def test_any_other_text_finds_nothing(change):
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.EVALUATIONS_WRITE, at=NOON)
    assert find_token(change(text), NOON) is None


def test_a_token_ends_on_its_day():
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.EVALUATIONS_WRITE, days=1, at=NOON)
    assert find_token(text, later(days=1) - timedelta(microseconds=1))
    assert find_token(text, later(days=1)) is None


def test_a_revoked_token_ends_at_once():
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.EVALUATIONS_WRITE, at=NOON)
    token = services.revoke_token(token=find_token(text, NOON), actor=cast.ada, at=NOON)
    assert find_token(text, NOON) is None
    assert Entry.objects.order_by("seq").last().kind == "people:token:revoked"
    with pytest.raises(TokenRevokedAlready):
        services.revoke_token(token=token, actor=cast.ada, at=NOON)


def test_a_token_is_revoked_by_its_person_or_a_keeper_and_nobody_else():
    cast = make_people("ada", "ben")
    make_token(cast.ada, Scope.EVALUATIONS_WRITE, at=NOON)
    token = ApiToken.objects.get()
    with pytest.raises(NotAllowed):
        services.revoke_token(token=token, actor=cast.ben, at=NOON)
    services.revoke_token(token=token, actor=cast.ivo, at=NOON)


def test_the_tokens_of_a_closed_account_find_nothing():
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.EVALUATIONS_WRITE, at=NOON)
    services.close_user(user=cast.ada.user, actor=cast.ivo, at=NOON)
    assert find_token(text, NOON) is None


def test_its_use_is_noted_at_most_once_a_minute(django_assert_num_queries):
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.EVALUATIONS_WRITE, at=NOON)
    with django_assert_num_queries(2):
        find_token(text, NOON)
    with django_assert_num_queries(1):
        find_token(text, later(seconds=59))
    assert ApiToken.objects.get().last_used_at == NOON
    find_token(text, later(seconds=60))
    assert ApiToken.objects.get().last_used_at == later(seconds=60)


def test_a_token_needs_a_label_known_scopes_and_an_end():
    cast = make_people("ada")
    good = {"person": cast.ada, "scopes": [Scope.GATE_READ], "days": 366, "label": "CI", "at": NOON}
    services.create_token(**good)
    for refusal, change in (
        (ScopeUnknown, {"scopes": []}),
        (ScopeUnknown, {"scopes": ["everything"]}),
        (DaysNotValid, {"days": 0}),
        (DaysNotValid, {"days": 367}),
        (LabelMissing, {"label": " "}),
    ):
        with pytest.raises(refusal):
            services.create_token(**(good | change))


def test_nobody_makes_a_token_for_another_nor_without_a_role():
    cast = make_people("ada", "eve")
    give_password(cast.ada)
    good = {"person": cast.ada, "scopes": [Scope.GATE_READ], "days": 1, "label": "CI", "actor": cast.ada, "at": NOON}
    good |= {"confirmation": CONFIRMED}
    services.create_token(**good)
    with pytest.raises(NotYourToken):
        services.create_token(**(good | {"actor": cast.ivo}))
    with pytest.raises(NotAllowed):
        services.create_token(**(good | {"person": cast.eve, "actor": cast.eve}))


def test_the_database_knows_no_token_without_an_end_or_a_scope():
    cast = make_people("ada")
    kept = {
        "person": cast.ada,
        "label": "CI",
        "prefix": "p",
        "digest": "d",
        "scopes": ["gate:read"],
        "created_at": NOON,
        "expires_at": later(days=1),
    }
    with pytest.raises(IntegrityError, match="a_token_has_an_end"), transaction.atomic():
        ApiToken.objects.create(**(kept | {"expires_at": NOON}))
    with pytest.raises(IntegrityError, match="a_token_has_a_scope"), transaction.atomic():
        ApiToken.objects.create(**(kept | {"scopes": []}))
    ApiToken.objects.create(**kept)


def asked_with(text: str, scope: str):
    request = RequestFactory().get("/api/v1/gate", headers={"Authorization": f"Bearer {text}"})
    return TokenAuth(scope)(request), request


def test_a_call_acts_as_the_tokens_person():
    cast = make_people("ada")
    actor, request = asked_with(make_token(cast.ada, Scope.GATE_READ), Scope.GATE_READ)
    assert actor.person == cast.ada
    assert actor.roles == {Role.RESEARCHER}
    assert request.actor == actor


def test_a_call_without_the_scope_is_refused_and_says_which():
    cast = make_people("ada")
    with pytest.raises(ScopeMissing, match="gate:authorise"):
        asked_with(make_token(cast.ada, Scope.GATE_READ), Scope.GATE_AUTHORISE)


def test_a_call_without_a_known_token_is_nobodys():
    make_people("ada")
    assert asked_with("asl_nothing", Scope.GATE_READ)[0] is None
    assert TokenAuth(Scope.GATE_READ)(RequestFactory().get("/api/v1/gate")) is None


def test_a_token_is_worth_no_more_than_its_person_holds_now():
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.GATE_READ)
    assert asked_with(text, Scope.GATE_READ)[0]
    grant = services.propose_end(grant=RoleGrant.objects.get(person=cast.ada), actor=cast.ivo, at=timezone.now())
    services.confirm_end(grant=grant, actor=cast.jun, at=timezone.now())
    with pytest.raises(RoleMissing):
        asked_with(text, Scope.GATE_READ)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.BOARD_OBSERVER, Role.OUTSIDE_EVALUATOR, Role.REVIEWER, Role.EXECUTIVE])
@pytest.mark.parametrize("scope", [Scope.GATE_AUTHORISE, Scope.DEPLOYMENTS_WRITE])
def test_no_token_serves_for_somebody_who_does_not(client: Client, role: str, scope: str) -> None:
    """By verb, by command and by page; the page does not offer it either."""
    cast = make_people("ada", "eve")
    give_password(cast.eve)
    give_role(cast, cast.eve, role)
    with pytest.raises(NotAllowed) as refused:
        services.create_token(person=cast.eve, scopes=[Scope.GATE_READ, scope], days=1, label="CI", at=NOON)
    assert refused.value.code == "not-serving"
    with pytest.raises(CommandError, match="serving side"):
        call_command("create_token", "eve@lab.example", "--scope", scope)
    client.force_login(cast.eve.user)
    page = reverse("people:tokens")
    assert f'value="{scope}"' not in client.get(page).text and f'value="{Scope.GATE_READ}"' in client.get(page).text
    assert client.post(page, {"label": "CI", "scopes": [scope], "days": 1, "password": PASSWORD}).status_code == 403
    assert not ApiToken.objects.exists() and make_token(cast.ada, scope)


def test_the_command_prints_a_token_once(capsys):
    make_people("ada", "eve")
    call_command("create_token", "ada@lab.example", "--scope", "gate:read", "--scope", "evaluations:write", "--days", "3")
    token = find_token(capsys.readouterr().out.strip(), timezone.now())
    assert token.scopes == ["evaluations:write", "gate:read"]
    assert token.expires_at - token.created_at == timedelta(days=3)
    with pytest.raises(CommandError, match="role"):
        call_command("create_token", "eve@lab.example", "--scope", "gate:read")
    with pytest.raises(CommandError, match="No account"):
        call_command("create_token", "nobody@lab.example", "--scope", "gate:read")


def test_after_ten_wrong_texts_even_the_right_one_waits_at_that_address_and_at_no_other():
    cast = make_people("ada")
    text = make_token(cast.ada, Scope.GATE_READ)
    for guess in range(10):
        assert asked_with(f"{text[:13]}{guess}", Scope.GATE_READ)[0] is None
    assert asked_with(text, Scope.GATE_READ)[0] is None
    elsewhere = RequestFactory(REMOTE_ADDR="192.0.2.7").get("/api/v1/gate", headers={"Authorization": f"Bearer {text}"})
    assert TokenAuth(Scope.GATE_READ)(elsewhere)
