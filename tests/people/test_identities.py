"""Linking an account to the sign-in provider, the provider's word for one act, and what neither of them can do."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from ledger.canonical import canonical, digest
from ledger.models import Entry
from people import services
from people.confirming import (
    CodeMissing,
    Confirmation,
    CredentialNotConfirmed,
    CredentialTooFresh,
    NoUsableCredential,
    ProviderDoesNotSign,
    confirm,
)
from people.factors import code_at, has_second_factor, new_secret
from people.identities import WordMissing, WordSpent
from people.models import ApiToken, Identity, Person, SignInLink, User
from people.queries import actor_of
from people.services.factors import FirstCodeNotFitting
from people.services.identities import LinkedAlready, LinkedElsewhere, NoOtherWayIn
from people.signing import Statement, sign
from people.trips import Found, Purpose, Trip, Word, set_out
from people.words import Role
from reviews.forms.fields import SigningForm
from reviews.models import Notice
from reviews.notices.compose import compose
from tests.makers import (
    APP_SECRET,
    CONFIRMED,
    NOON,
    PASSWORD,
    Cast,
    client_of,
    confirmed,
    deliver_all,
    give_app,
    give_password,
    later,
    link_secret,
    make_people,
)
from tests.people.provider_steps import asked, back, give_identity, is_signed_in, leave_the_provider_alone, setting_out, there_and_back
from tests.people.test_signing_in_at_the_provider import refused
from tests.processes import SignInProvider

pytestmark = [pytest.mark.django_db, pytest.mark.processes]

ISSUER = "https://login.example.org"
LINK, CONFIRM_LINK = "/people/me/provider/", "/people/me/provider/confirm-link/"
APP, TOKENS, CONFIRM = "/people/me/factors/app/", "/people/me/tokens/", "/people/me/provider/confirm/"


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"


@pytest.fixture
def named(settings: Any) -> None:
    """A provider that is named and never asked."""
    settings.OIDC_ISSUER, settings.OIDC_NAME, settings.OIDC_CLIENT_ID = ISSUER, "Northbridge ID", "asl"


BEN_THERE = "subject-of-somebody"


def ben_there(subject: str = BEN_THERE) -> Found:
    return Found(ISSUER, subject, "Ben")


def linked_ben(**more: Any) -> Cast:
    cast = make_people("ben", "chloe", **more)
    for person in (cast.ben, cast.chloe):
        give_password(person)
    services.link_identity(user=cast.ben.user, found=ben_there(), confirmation=CONFIRMED, at=NOON)
    return cast


def ben_without_password(**more: Any) -> Person:
    cast = linked_ben(**more)
    leave_the_provider_alone(cast.ben)
    return cast.ben


def word(at: Any, subject: str = BEN_THERE, issuer: str = ISSUER) -> Confirmation:
    return Confirmation(word=Word(issuer, subject, at))


def entries(kind: str) -> list[Entry]:
    return list(Entry.objects.filter(kind=kind).order_by("seq"))


# Linking


def test_linking_takes_what_every_change_of_the_account_takes(named: None) -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    give_app(cast.ben)
    at = later(minutes=1)
    for confirmation, refusal in ((Confirmation("wrong"), CredentialNotConfirmed), (CONFIRMED, CodeMissing)):
        with pytest.raises(refusal):
            services.link_identity(user=cast.ben.user, found=ben_there(), confirmation=confirmation, at=at)
    assert not Identity.objects.exists()
    services.link_identity(user=cast.ben.user, found=ben_there(), confirmation=confirmed(cast.ben, at), at=at)
    assert Identity.objects.get().user == cast.ben.user


def test_the_record_holds_a_digest_and_neither_name_nor_address(named: None) -> None:
    cast = linked_ben()
    [entry] = entries("people:identity:linked")
    assert entry.values["identity_digest"] == digest(canonical({"issuer": ISSUER, "subject": BEN_THERE}))
    assert entry.values["person"] == str(cast.ben.pk)
    told = str(list(entry.fields.values_list("text", flat=True)))
    assert not [each for each in (BEN_THERE, "example.org", "Ben", "@") if each in told]
    assert Entry.objects.order_by("seq").last() == entry


def test_the_owner_is_told_of_every_link_that_comes_or_goes(named: None) -> None:
    cast = linked_ben()
    services.unlink_identity(user=cast.ben.user, identity=Identity.objects.get(), confirmation=CONFIRMED, at=NOON)
    deliver_all(NOON)
    told = Notice.objects.filter(person=cast.ben, kind="account_changed", channel="mail")
    assert sorted(compose(each).title for each in told) == [
        "Your account: it was linked to the sign-in provider",
        "Your account: it was unlinked from the sign-in provider",
    ]
    assert BEN_THERE not in str(list(told.values()))


def test_one_account_has_one_identity_and_one_identity_one_account(named: None) -> None:
    cast = linked_ben()
    with pytest.raises(LinkedAlready):
        services.link_identity(user=cast.ben.user, found=ben_there("another-subject"), confirmation=CONFIRMED, at=NOON)
    with pytest.raises(LinkedElsewhere):
        services.link_identity(user=cast.chloe.user, found=ben_there(), confirmation=CONFIRMED, at=NOON)
    assert Identity.objects.get().user == cast.ben.user
    services.link_identity(user=cast.chloe.user, found=ben_there("subject-of-chloe"), confirmation=CONFIRMED, at=NOON)


def test_the_only_way_in_is_not_taken_away(named: None) -> None:
    ben = ben_without_password()
    give_app_at_provider(ben, later(minutes=1))
    with pytest.raises(NoOtherWayIn):
        services.unlink_identity(
            user=ben.user, identity=Identity.objects.get(), confirmation=confirmed(ben, later(minutes=2)), at=later(minutes=2)
        )
    assert Identity.objects.exists()


def test_unlinking_takes_the_password_and_is_entered(named: None) -> None:
    cast = linked_ben()
    identity = Identity.objects.get()
    with pytest.raises(CredentialNotConfirmed):
        services.unlink_identity(user=cast.ben.user, identity=identity, confirmation=Confirmation("wrong"), at=NOON)
    services.unlink_identity(user=cast.ben.user, identity=identity, confirmation=CONFIRMED, at=NOON)
    assert not Identity.objects.exists()
    assert entries("people:identity:unlinked")[0].values["identity"] == str(identity.pk)


def test_a_link_replaces_how_an_account_signs_in_whole(named: None) -> None:
    cast = linked_ben(mode="demo")
    give_password(cast.ben, at=later(days=1))
    assert not Identity.objects.exists()
    assert entries("people:credential:reset")[-1].values["unlinked"] == 1
    services.link_identity(user=cast.ben.user, found=ben_there(), confirmation=CONFIRMED, at=later(days=1))
    services.release_persona(user=cast.ben.user, at=later(days=2))
    assert not Identity.objects.exists()


# The provider's word


def give_app_at_provider(ben: Person, at: Any) -> None:
    services.add_totp(user=ben.user, secret=APP_SECRET, first_code=code_at(APP_SECRET, at), confirmation=word(at), at=at)


def test_somebody_with_only_the_provider_signs_nothing_however_fresh_its_word(named: None) -> None:
    ben = ben_without_password()
    statement = Statement(type="vote", digests={"case": "sha256:" + "ab" * 32}, meaning="Approve", role=Role.REVIEWER)
    for confirmation in (Confirmation(), CONFIRMED, word(NOON)):
        with pytest.raises(ProviderDoesNotSign):
            sign(person=ben, user=ben.user, statement=statement, confirmation=confirmation, at=NOON)
    assert not actor_of(ben, NOON).second_factor
    give_app_at_provider(ben, later(minutes=1))
    at = later(minutes=2)
    assert sign(person=ben, user=ben.user, statement=statement, confirmation=confirmed(ben, at), at=at).confirmed_with == "totp"


def test_a_first_factor_that_only_the_provider_vouched_for_waits_a_day(named: None) -> None:
    ben = ben_in_production()
    at = later(days=3)
    give_app_at_provider(ben, at)
    statement = Statement(type="vote", digests={"case": "sha256:" + "ab" * 32}, meaning="Approve", role=Role.REVIEWER)
    with pytest.raises(CredentialTooFresh):
        sign(
            person=ben, user=User.objects.get(pk=ben.user.pk), statement=statement, confirmation=Confirmation(), at=at + timedelta(hours=23)
        )
    at += timedelta(days=1)
    assert sign(person=ben, user=User.objects.get(pk=ben.user.pk), statement=statement, confirmation=confirmed(ben, at), at=at)


def ben_in_production() -> Person:
    """Invited by two people; he chose the provider instead of a password."""
    cast = make_people("ben", mode="production")
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=NOON)
    secret = link_secret(services.confirm_link(link=link, actor=cast.jun, at=NOON))
    services.use_link_with_provider(secret=secret, found=ben_there(), at=NOON)
    cast.ben.user.refresh_from_db()
    return cast.ben


def test_having_signed_in_there_confirms_nothing_and_a_word_counts_once(named: None) -> None:
    ben = ben_without_password()
    secret = new_secret()
    told: dict[str, Any] = {"user": ben.user, "secret": secret, "first_code": code_at(secret, NOON), "at": NOON}
    for wrong in (Confirmation(), CONFIRMED, word(NOON, subject="subject-of-chloe"), word(NOON, issuer="https://evil.example")):
        with pytest.raises(WordMissing):
            services.add_totp(**told, confirmation=wrong)
    for stale in (word(later(minutes=-5)), word(later(seconds=1))):
        with pytest.raises(WordSpent):
            services.add_totp(**told, confirmation=stale)
    assert confirm(user=ben.user, confirmation=word(NOON), at=NOON).by == "provider"
    with pytest.raises(WordSpent):
        services.add_totp(**told, confirmation=word(NOON))
    assert not has_second_factor(ben.user)


def test_an_act_that_was_refused_leaves_the_word_as_it_was(named: None) -> None:
    ben = ben_without_password()
    with pytest.raises(FirstCodeNotFitting):
        services.add_totp(user=ben.user, secret=APP_SECRET, first_code="000000", confirmation=word(NOON), at=NOON)
    give_app_at_provider(ben, NOON)
    assert has_second_factor(ben.user)


def test_an_account_with_something_of_its_own_is_not_confirmed_by_the_provider(named: None) -> None:
    cast = linked_ben()
    with pytest.raises(CredentialNotConfirmed):
        confirm(user=cast.ben.user, confirmation=word(NOON), at=NOON)
    leave_the_provider_alone(cast.ben)
    give_app_at_provider(cast.ben, later(minutes=1))
    with pytest.raises(CodeMissing):
        confirm(user=cast.ben.user, confirmation=word(later(minutes=2)), at=later(minutes=2))


def test_a_provider_that_is_no_longer_named_confirms_nothing(named: None, settings: Any) -> None:
    ben = ben_without_password()
    settings.OIDC_ISSUER = "https://another.example.org"
    with pytest.raises(NoUsableCredential):
        confirm(user=ben.user, confirmation=word(NOON), at=NOON)


# On the pages, with the provider itself


def signed_in_ben(client: Client) -> Cast:
    cast = make_people("ben", "chloe")
    for person in (cast.ben, cast.chloe):
        give_password(person)
    client.post("/accounts/login/", {"login": "ben@lab.example", "password": PASSWORD})
    return cast


def test_somebody_links_their_account_and_signs_in_by_it(client: Client, sign_in_provider: SignInProvider) -> None:
    signed_in_ben(client)
    sign_in_provider.knows("ben-at-id", name="Benedikt Canary")
    assert "Link Northbridge ID" in client.get("/people/me/").content.decode()
    address = setting_out(client, LINK)
    assert asked(address)["prompt"] == "login"
    answer = back(client, sign_in_provider.answer(address, "ben-at-id"))
    assert answer["Location"] == CONFIRM_LINK
    assert "Benedikt Canary" in client.get(CONFIRM_LINK).content.decode()
    assert not Identity.objects.exists()
    assert client.post(CONFIRM_LINK, {"password": "wrong"}).status_code == 422
    assert not Identity.objects.exists()
    assert client.post(CONFIRM_LINK, {"password": PASSWORD})["Location"] == "/people/me/"
    identity = Identity.objects.get()
    assert (identity.issuer, identity.subject) == (sign_in_provider.issuer, "ben-at-id")
    page = client.get("/people/me/").content.decode()
    assert f"/people/me/provider/{identity.pk}/unlink/" in page and "Link Northbridge ID" not in page
    client.post("/accounts/logout/")
    there_and_back(client, sign_in_provider, "ben-at-id")
    assert is_signed_in(client)


def test_what_somebody_brought_is_linked_once_and_to_their_own_account_alone(client: Client, sign_in_provider: SignInProvider) -> None:
    cast = signed_in_ben(client)
    address = setting_out(client, LINK)
    client.force_login(cast.chloe.user)  # another person takes over the browser
    assert refused(back(client, sign_in_provider.answer(address, "ben-at-id"))) == (409, "sign_in_not_begun_here")
    assert client.post(CONFIRM_LINK, {"password": PASSWORD})["Location"] == "/people/me/"
    assert not Identity.objects.exists()


def test_a_way_there_that_another_person_began_is_not_gone_to_its_end(client: Client, sign_in_provider: SignInProvider) -> None:
    """Even where it has got into somebody's session: it names whose account it is about."""
    cast = signed_in_ben(client)
    session = client.session
    trip = set_out(session, Trip(Purpose.LINK, timezone.now(), user=str(cast.chloe.user.pk)))
    session.save()
    answer = client.get("/accounts/provider/callback/", {"state": trip.state, "code": "x"})
    assert refused(answer) == (409, "sign_in_not_begun_here")
    assert not sign_in_provider.asked


def test_signing_in_does_not_link_and_linking_does_not_sign_in(client: Client, sign_in_provider: SignInProvider) -> None:
    signed_in_ben(client)
    stranger = Client()
    assert refused(there_and_back(stranger, sign_in_provider, "ben-at-id")) == (403, "identity_not_linked")
    address = setting_out(client, LINK)
    client.post("/accounts/logout/")
    assert refused(back(client, sign_in_provider.answer(address, "ben-at-id"))) == (409, "sign_in_not_begun_here")
    assert not is_signed_in(client) and not Identity.objects.exists()


def test_unlinking_ends_the_sessions_that_may_have_come_by_it(client: Client, sign_in_provider: SignInProvider) -> None:
    cast = signed_in_ben(client)
    give_identity(cast.ben, sign_in_provider)
    there = Client()
    there_and_back(there, sign_in_provider, "ben-at-id")
    place = f"/people/me/provider/{Identity.objects.get().pk}/unlink/"
    stranger = client_of(cast.chloe)
    assert stranger.post(place, {"password": PASSWORD}).status_code == 404
    assert client.post(place, {"password": "wrong"}).status_code == 422
    assert client.post(place, {"password": PASSWORD})["Location"] == "/people/me/"
    assert client.get("/people/me/").status_code == 200
    assert there.get("/people/me/").status_code == 302
    assert UserSession.objects.filter(user=cast.ben.user).count() == 1
    assert refused(there_and_back(there, sign_in_provider, "ben-at-id")) == (403, "identity_not_linked")


# Through a link


def invited(client: Client, *, mode: str = "production") -> tuple[Cast, SignInLink]:
    cast = make_people("ben", mode=mode)
    now = timezone.now()
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=now)
    link = services.confirm_link(link=link, actor=cast.jun, at=now)
    secret = link_secret(link)
    client.get(f"/accounts/link/{secret}/")
    return cast, link


def test_an_invited_person_chooses_the_provider_instead_of_a_password(client: Client, sign_in_provider: SignInProvider) -> None:
    cast, link = invited(client)
    assert "Use Northbridge ID instead" in client.get("/accounts/link/").content.decode()
    answer = there_and_back(client, sign_in_provider, "ben-at-id", "/accounts/link/provider/")
    assert answer["Location"] == "/accounts/link/provider/confirm/"
    assert "This link is for Ben" in client.get(answer["Location"]).content.decode()
    link.refresh_from_db()
    assert link.used_at is None and not Identity.objects.exists() and not is_signed_in(client)
    assert client.post(answer["Location"])["Location"] == "/people/me/factors/"
    user = User.objects.get(pk=cast.ben.user.pk)
    assert is_signed_in(client) and not user.has_usable_password()
    assert user.credential_reset_at == user.credential_changed_at is not None
    assert user.identities.get().subject == "ben-at-id"
    [entry] = entries("people:identity:chosen")
    assert entry.values["link"] == str(link.pk)
    assert client.post("/accounts/link/provider/confirm/").status_code == 404  # the link is spent
    assert "your only way in" in client.get("/people/me/").content.decode()


def test_a_link_that_was_withdrawn_meanwhile_links_nothing(client: Client, sign_in_provider: SignInProvider) -> None:
    cast, link = invited(client)
    there_and_back(client, sign_in_provider, "ben-at-id", "/accounts/link/provider/")
    services.withdraw_link(link=link, actor=cast.ivo, at=timezone.now())
    assert client.post("/accounts/link/provider/confirm/").status_code == 404
    assert client.post("/accounts/link/provider/").status_code == 404
    assert not Identity.objects.exists()


def test_without_having_been_there_a_link_links_nothing(client: Client, sign_in_provider: SignInProvider) -> None:
    invited(client)
    assert client.post("/accounts/link/provider/confirm/")["Location"] == "/accounts/link/"
    assert not Identity.objects.exists()


def test_a_link_does_not_lead_past_the_second_factor_here_either(client: Client, sign_in_provider: SignInProvider) -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    give_app(cast.ben)
    now = timezone.now()
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=now)
    secret = link_secret(services.confirm_link(link=link, actor=cast.jun, at=now))
    client.get(f"/accounts/link/{secret}/")
    there_and_back(client, sign_in_provider, "ben-at-id", "/accounts/link/provider/")
    assert client.post("/accounts/link/provider/confirm/")["Location"] == "/accounts/login/"
    assert not is_signed_in(client)
    assert there_and_back(client, sign_in_provider, "ben-at-id")["Location"] == "/accounts/second-factor/"


def test_an_identity_of_another_account_is_not_taken_over_by_a_link(client: Client, sign_in_provider: SignInProvider) -> None:
    cast, _ = invited(client, mode="demo")
    give_password(cast.jun, at=timezone.now())
    give_identity(cast.jun, sign_in_provider, "jun-at-id", at=timezone.now())
    there_and_back(client, sign_in_provider, "jun-at-id", "/accounts/link/provider/")
    assert refused(client.post("/accounts/link/provider/confirm/")) == (409, "linked_elsewhere")
    assert Identity.objects.get().user == cast.jun.user


# Confirming one act there


@pytest.fixture
def alone(client: Client, sign_in_provider: SignInProvider) -> Person:
    """Ben, signed in at the provider, with nothing else."""
    cast = make_people("ben")
    give_password(cast.ben)
    give_identity(cast.ben, sign_in_provider)
    leave_the_provider_alone(cast.ben)
    there_and_back(client, sign_in_provider, "ben-at-id")
    assert is_signed_in(client)
    return cast.ben


def app_form(client: Client) -> dict[str, str]:
    page = client.get(APP).content.decode()
    assert "Confirm at Northbridge ID" in page
    [secret] = [part.split("<")[0].replace(" ", "") for part in page.split('id="totp-secret">')[1:]]
    return {"first_code": code_at(secret, timezone.now())}


def test_a_first_factor_is_added_with_the_providers_word_for_it(client: Client, alone: Person, sign_in_provider: SignInProvider) -> None:
    answer = client.post(APP, app_form(client))
    assert answer.status_code == 422 and "this act needs that anew" in answer.content.decode()
    address = setting_out(client, CONFIRM, act="app")
    assert (asked(address)["prompt"], asked(address)["max_age"]) == ("login", "0")
    told = back(client, sign_in_provider.answer(address, "ben-at-id"))
    assert "Confirmed at Northbridge ID" in told.content.decode()
    assert client.post(APP, {"first_code": "000000"}).status_code == 422
    assert "Your recovery codes" in client.post(APP, app_form(client)).content.decode()
    assert has_second_factor(alone.user)
    assert "Confirm at Northbridge ID" not in client.get(TOKENS).content.decode()


def test_a_word_is_worth_nothing_for_another_act_or_for_this_one_changed(
    client: Client, alone: Person, sign_in_provider: SignInProvider
) -> None:
    token = {"label": "CI", "scopes": ["gate:read"], "days": "30"}
    there_and_back(client, sign_in_provider, "ben-at-id", CONFIRM, act="token", **token)
    assert client.post(APP, app_form(client)).status_code == 422
    for changed in ({"scopes": ["gate:read", "ledger:read"]}, {"days": "300"}, {"label": "mine"}):
        assert client.post(TOKENS, token | changed).status_code == 422, changed
    assert not ApiToken.objects.exists() and not has_second_factor(alone.user)
    assert client.post(TOKENS, token).status_code == 200
    assert client.post(TOKENS, token).status_code == 422
    assert ApiToken.objects.get().scopes == ["gate:read"]


@pytest.mark.parametrize(
    "lie", [{"claims": {"auth_time": 1}}, {"claims": {"auth_time": "now"}}, {"claims": {}, "without": ["auth_time"]}], ids=str
)
def test_a_provider_that_did_not_ask_anew_confirms_nothing(
    client: Client, alone: Person, sign_in_provider: SignInProvider, lie: dict[str, Any]
) -> None:
    sign_in_provider.lie(**lie)
    assert refused(there_and_back(client, sign_in_provider, "ben-at-id", CONFIRM, act="app")) == (422, "provider_did_not_ask_anew")
    assert client.post(APP, app_form(client)).status_code == 422
    assert not has_second_factor(alone.user)


def test_somebody_else_there_confirms_nothing_here(client: Client, alone: Person, sign_in_provider: SignInProvider) -> None:
    answer = there_and_back(client, sign_in_provider, "mallory", CONFIRM, act="app")
    assert refused(answer) == (422, "somebody_else_at_provider")
    assert client.post(APP, app_form(client)).status_code == 422


def test_a_word_that_was_given_in_one_session_counts_in_no_other(client: Client, alone: Person, sign_in_provider: SignInProvider) -> None:
    other = Client()
    there_and_back(other, sign_in_provider, "ben-at-id")
    there_and_back(other, sign_in_provider, "ben-at-id", CONFIRM, act="app")
    assert client.post(APP, app_form(client)).status_code == 422
    assert not has_second_factor(alone.user)


def test_whoever_may_sign_nothing_yet_is_told_so_before_they_write_anything(named: None) -> None:
    ben = ben_without_password()
    shown = str(SigningForm(user=ben.user))
    assert "Signing takes a second factor of the portal" in shown and "/people/me/factors/" in shown
    assert "Confirm at" not in shown
    give_app_at_provider(ben, later(minutes=1))
    assert "Signing takes a second factor" not in str(SigningForm(user=ben.user))


def test_a_stranger_to_the_provider_has_nothing_to_confirm_there(client: Client, sign_in_provider: SignInProvider) -> None:
    signed_in_ben(client)
    assert client.post(CONFIRM, {"act": "app"}).status_code == 404
    assert "Confirm at Northbridge ID" not in client.get(APP).content.decode()
