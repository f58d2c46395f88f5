"""Second factors: what they are worth at sign-in and at signing, and who may change them."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from ledger.models import Entry
from people import services
from people.confirming import (
    CodeMissing,
    CodeNotConfirmed,
    CodeUsed,
    Confirmation,
    CredentialNotConfirmed,
    CredentialTooFresh,
    NoUsableCredential,
    TooManyTries,
)
from people.factors import PERIOD_SECONDS, code_at, has_second_factor, new_secret
from people.models import User
from people.queries import actor_of
from people.services.credentials import PasswordTooWeak
from people.services.factors import FirstCodeNotFitting, HasAnAppAlready, NoSecondFactor
from people.signing import Statement, sign, verify_signature
from people.words import Role
from reviews.models import Notice
from reviews.notices.compose import compose
from tests.makers import (
    APP_SECRET,
    CONFIRMED,
    NOON,
    PASSWORD,
    confirmed,
    deliver_all,
    give_app,
    give_password,
    later,
    link_secret,
    make_people,
)

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
SECOND = "/accounts/second-factor/"


def statement() -> Statement:
    return Statement(type="vote", digests={"case": "sha256:" + "ab" * 32}, meaning="Approve", role=Role.REVIEWER)


def signed(person, confirmation: Confirmation, at):
    return sign(person=person, user=person.user, statement=statement(), confirmation=confirmation, at=at)


def ben_with_app(**more):
    cast = make_people("ben", **more)
    give_password(cast.ben)
    give_app(cast.ben)
    return cast


def last_kind() -> str:
    return Entry.objects.order_by("seq").last().kind


# Signing


def test_an_account_with_an_app_signs_with_password_and_code():
    cast = ben_with_app()
    signature = signed(cast.ben, confirmed(cast.ben, later(minutes=1)), later(minutes=1))
    assert signature.confirmed_with == "password+totp"
    assert verify_signature(signature)
    signature.confirmed_with = "password"
    assert not verify_signature(signature)


def test_neither_the_password_nor_the_code_signs_alone():
    cast = ben_with_app()
    at = later(minutes=1)
    with pytest.raises(CodeMissing):
        signed(cast.ben, CONFIRMED, at)
    with pytest.raises(CodeNotConfirmed):
        signed(cast.ben, Confirmation(PASSWORD, "000000"), at)
    with pytest.raises(CredentialNotConfirmed):
        signed(cast.ben, Confirmation("wrong", code_at(APP_SECRET, at)), at)
    assert signed(cast.ben, confirmed(cast.ben, at), at)


def test_a_code_signs_once():
    cast = ben_with_app()
    at = later(minutes=1)
    both = confirmed(cast.ben, at)
    signed(cast.ben, both, at)
    with pytest.raises(CodeUsed):
        signed(cast.ben, both, at)
    assert signed(cast.ben, confirmed(cast.ben, later(minutes=2)), later(minutes=2))


def test_the_code_that_added_the_app_signs_nothing():
    cast = ben_with_app()
    with pytest.raises(CodeUsed):
        signed(cast.ben, confirmed(cast.ben, NOON), NOON)


@pytest.mark.parametrize(("off", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_half_a_minute(off, fits):
    cast = ben_with_app()
    at = later(minutes=10)
    shown = Confirmation(PASSWORD, code_at(APP_SECRET, at + timedelta(seconds=off * PERIOD_SECONDS)))
    if fits:
        assert signed(cast.ben, shown, at)
    else:
        with pytest.raises(CodeNotConfirmed):
            signed(cast.ben, shown, at)


def test_an_earlier_code_counts_no_more_once_a_later_one_was_spent():
    cast = ben_with_app()
    at = later(minutes=10)
    earlier = Confirmation(PASSWORD, code_at(APP_SECRET, at - timedelta(seconds=PERIOD_SECONDS)))
    signed(cast.ben, confirmed(cast.ben, at), at)
    with pytest.raises(CodeUsed):
        signed(cast.ben, earlier, at)


def test_after_five_wrong_codes_even_the_right_one_waits():
    cast = ben_with_app()
    at = later(minutes=1)
    for _ in range(5):
        with pytest.raises(CodeNotConfirmed):
            signed(cast.ben, Confirmation(PASSWORD, "000000"), at)
    with pytest.raises(TooManyTries):
        signed(cast.ben, confirmed(cast.ben, at), at)


def test_an_account_without_a_password_confirms_with_its_second_factor_alone():
    cast = ben_with_app()
    user = cast.ben.user
    user.set_unusable_password()
    user.save()
    at = later(minutes=1)
    with pytest.raises(CodeMissing):
        signed(cast.ben, Confirmation("anything"), at)
    assert signed(cast.ben, confirmed(cast.ben, at), at).confirmed_with == "totp"
    Authenticator.objects.all().delete()
    with pytest.raises(NoUsableCredential):
        signed(cast.ben, Confirmation(), at)


def test_a_recovery_code_lets_in_and_never_signs():
    cast = make_people("ben")
    give_password(cast.ben)
    codes = give_app(cast.ben)
    with pytest.raises(CodeNotConfirmed):
        signed(cast.ben, Confirmation(PASSWORD, codes[0]), later(minutes=1))
    assert services.use_recovery_code(user=cast.ben.user, code=codes[0], at=later(minutes=1))
    assert last_kind() == "people:factor:code-used"
    assert not services.use_recovery_code(user=cast.ben.user, code=codes[0], at=later(minutes=1))


# Adding and taking away


def test_adding_an_app_takes_the_password_and_the_apps_own_code():
    cast = make_people("ben")
    give_password(cast.ben)
    secret = new_secret()
    good = {"user": cast.ben.user, "secret": secret, "first_code": code_at(secret, NOON), "confirmation": CONFIRMED, "at": NOON}
    with pytest.raises(CredentialNotConfirmed):
        services.add_totp(**(good | {"confirmation": Confirmation("wrong")}))
    with pytest.raises(FirstCodeNotFitting):
        services.add_totp(**(good | {"first_code": "12345"}))
    assert not has_second_factor(cast.ben.user)
    assert len(services.add_totp(**good)) == 10
    assert actor_of(cast.ben, NOON).second_factor
    assert last_kind() == "people:factor:added"
    with pytest.raises(HasAnAppAlready):
        services.add_totp(**good)


def test_the_secret_is_not_readable_in_the_database():
    cast = ben_with_app()
    assert cast.ben.user.authenticator_set.count() == 2
    assert APP_SECRET not in str(list(Authenticator.objects.values()))


def test_removing_the_last_factor_takes_it_itself_and_the_recovery_codes_go_too():
    cast = ben_with_app()
    app = Authenticator.objects.get(type="totp")
    at = later(minutes=1)
    with pytest.raises(CodeMissing):
        services.remove_factor(user=cast.ben.user, factor=app, confirmation=CONFIRMED, at=at)
    services.remove_factor(user=cast.ben.user, factor=app, confirmation=confirmed(cast.ben, at), at=at)
    assert last_kind() == "people:factor:removed"
    assert not Authenticator.objects.exists()
    assert not actor_of(cast.ben, at).second_factor


def test_new_recovery_codes_take_the_old_ones_place():
    cast = make_people("ben", "chloe")
    give_password(cast.ben)
    old = give_app(cast.ben)
    at = later(minutes=1)
    new = services.renew_recovery_codes(user=cast.ben.user, confirmation=confirmed(cast.ben, at), at=at)
    assert last_kind() == "people:factor:codes-made"
    assert not set(old) & set(new)
    assert not services.use_recovery_code(user=cast.ben.user, code=old[0], at=at)
    give_password(cast.chloe, at=at)
    with pytest.raises(NoSecondFactor):
        services.renew_recovery_codes(user=cast.chloe.user, confirmation=CONFIRMED, at=at)


CHANGE = "/accounts/password/change/"
NEW = "an even longer and quieter river"


def test_changing_the_password_takes_the_second_factor_too(client):
    cast = ben_with_app()
    client.force_login(cast.ben.user)
    assert 'name="code"' in client.get(CHANGE).content.decode()
    told = {"password": PASSWORD, "new_password": NEW, "again": NEW}
    for code in ("", "000000"):
        assert client.post(CHANGE, told | {"code": code}).status_code == 422
        assert User.objects.get(pk=cast.ben.user.pk).check_password(PASSWORD)
    right = code_at(APP_SECRET, timezone.now())
    assert client.post(CHANGE, told | {"code": right}).status_code == 302
    assert User.objects.get(pk=cast.ben.user.pk).check_password(NEW)
    assert last_kind() == "people:credential:changed"
    assert client.post(CHANGE, {"password": NEW, "new_password": PASSWORD, "again": PASSWORD, "code": right}).status_code == 422


def test_a_weak_new_password_spends_no_code():
    cast = ben_with_app()
    at = later(minutes=1)
    told = {"user": cast.ben.user, "confirmation": confirmed(cast.ben, at), "at": at}
    with pytest.raises(PasswordTooWeak):
        services.change_password(new_password="river", **told)
    assert services.change_password(new_password=NEW, **told).check_password(NEW)


def test_after_five_wrong_tries_the_password_is_not_changed_by_the_right_one_either():
    cast = ben_with_app()
    at = later(minutes=1)
    for _ in range(5):
        with pytest.raises(CredentialNotConfirmed):
            services.change_password(user=cast.ben.user, new_password=NEW, confirmation=Confirmation("wrong"), at=at)
    with pytest.raises(TooManyTries):
        services.change_password(user=cast.ben.user, new_password=NEW, confirmation=confirmed(cast.ben, at), at=at)


def production(cast, *, resets_factors: bool = False, at=NOON) -> None:
    """Ben's password by link, the way it comes in production: proposed, confirmed, chosen."""
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=at, resets_factors=resets_factors)
    secret = link_secret(services.confirm_link(link=link, actor=cast.jun, at=at))
    services.use_link(secret=secret, password=PASSWORD, at=at)
    cast.ben.user.refresh_from_db()


def test_a_first_factor_waits_a_day_before_it_signs_and_a_second_one_does_not():
    cast = make_people("ben", mode="production")
    production(cast)
    give_app(cast.ben, at=later(days=2))
    cast.ben.user.refresh_from_db()
    with pytest.raises(CredentialTooFresh):
        signed(cast.ben, confirmed(cast.ben, later(days=2, hours=23)), later(days=2, hours=23))
    assert signed(cast.ben, confirmed(cast.ben, later(days=3)), later(days=3))


def test_a_link_keeps_the_second_factor_unless_two_people_say_otherwise():
    cast = make_people("ben", mode="production")
    production(cast)
    give_app(cast.ben, at=later(minutes=1))
    production(cast, at=later(days=3))
    assert has_second_factor(cast.ben.user)
    production(cast, resets_factors=True, at=later(days=4))
    assert not Authenticator.objects.exists()
    assert cast.ben.user.factors_reset_at == later(days=4)
    with pytest.raises(CredentialTooFresh):
        signed(cast.ben, CONFIRMED, later(days=4, hours=23))


def test_a_persona_link_takes_the_second_factor_away_and_signs_at_once():
    cast = ben_with_app()
    give_password(cast.ben, at=later(hours=1))
    assert not Authenticator.objects.exists()
    assert signed(User.objects.get(email="ben@lab.example").person, CONFIRMED, later(hours=1))


# At the front door


def sign_in(client, person):
    return client.post(LOGIN, {"login": person.user.email, "password": PASSWORD})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_signing_in_asks_for_the_second_factor_and_a_code_counts_once(client):
    cast = ben_with_app()
    assert sign_in(client, cast.ben)["Location"] == SECOND
    assert not is_signed_in(client)
    assert client.get("/people/me/").status_code == 302
    wrong = client.post(SECOND, {"code": "000000"})
    assert "That code does not fit" in wrong.content.decode()
    code = code_at(APP_SECRET, timezone.now())
    assert client.post(SECOND, {"code": code})["Location"] == "/"
    assert is_signed_in(client)
    other = type(client)()
    sign_in(other, cast.ben)
    assert "used already" in other.post(SECOND, {"code": code}).content.decode()
    assert not is_signed_in(other)


def test_a_recovery_code_opens_the_front_door_once(client):
    cast = make_people("ben")
    give_password(cast.ben)
    codes = give_app(cast.ben)
    for code, came_in in ((codes[0], True), (codes[0], False), (codes[1], True)):
        visitor = type(client)()
        sign_in(visitor, cast.ben)
        visitor.post(SECOND, {"code": code})
        assert is_signed_in(visitor) is came_in


def test_after_five_wrong_codes_the_front_door_stays_shut_even_for_the_right_one(client):
    cast = ben_with_app()
    sign_in(client, cast.ben)
    for _ in range(5):
        client.post(SECOND, {"code": "000000"})
    answer = client.post(SECOND, {"code": code_at(APP_SECRET, timezone.now())})
    assert "Too many failed" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_new_password_through_a_link_does_not_lead_past_the_second_factor(client):
    cast = make_people("ben", mode="production")
    production(cast)
    give_app(cast.ben, at=later(minutes=1))
    now = timezone.now()
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=now)
    secret = link_secret(services.confirm_link(link=link, actor=cast.jun, at=now))
    client.get(f"/accounts/link/{secret}/")
    assert client.post("/accounts/link/", {"password": PASSWORD, "again": PASSWORD})["Location"] == LOGIN
    assert not is_signed_in(client)


# The pages


def test_somebody_adds_an_app_on_the_page_and_sees_recovery_codes_once(client):
    cast = make_people("ben")
    give_password(cast.ben)
    client.force_login(cast.ben.user)
    page = client.get("/people/me/factors/app/")
    [secret] = [part.split("<")[0].replace(" ", "") for part in page.content.decode().split('id="totp-secret">')[1:]]
    assert "<svg" in page.content.decode()
    assert "data:" not in page.content.decode()
    form = {"first_code": code_at(secret, timezone.now()), "password": PASSWORD}
    assert client.post("/people/me/factors/app/", form | {"password": "wrong"}).status_code == 422
    shown = client.post("/people/me/factors/app/", form)
    assert "Your recovery codes" in shown.content.decode()
    assert has_second_factor(cast.ben.user)
    assert "10 of 10 left" in client.get("/people/me/factors/").content.decode()
    assert client.get("/people/me/factors/app/").status_code == 302


def test_nobody_removes_the_factor_of_another(client):
    cast = make_people("ben", "chloe")
    for person in (cast.ben, cast.chloe):
        give_password(person)
    give_app(cast.ben)
    app = Authenticator.objects.get(type="totp")
    client.force_login(cast.chloe.user)
    assert client.post(f"/people/me/factors/{app.pk}/remove/", {"password": PASSWORD}).status_code == 404
    client.force_login(cast.ben.user)
    code = code_at(APP_SECRET, timezone.now())
    assert client.post(f"/people/me/factors/{app.pk}/remove/", {"password": PASSWORD, "code": code}).status_code == 302
    assert not Authenticator.objects.exists()


def test_the_owner_is_told_of_every_change_though_they_made_it():
    cast = ben_with_app()
    deliver_all(NOON)
    told = Notice.objects.filter(person=cast.ben, kind="account_changed")
    assert sorted(told.values_list("channel", flat=True)) == ["inbox", "mail"]
    assert compose(told.first()).title == "Your account: a second factor was added"
    assert APP_SECRET not in str(list(told.values()))
