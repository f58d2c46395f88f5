"""Outlets: where news goes outside the portal. An administrator sets them up, confirmed anew; what is secret goes in and does not come out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from ledger.delivery import kick
from ledger.models import Entry
from ledger.refusals import NotNow, NotValid
from people.confirming import Confirmation, confirm
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.sealing import seal
from reviews import entries, policies
from reviews.models import Delivery, Outlet
from reviews.models.notice import WorkState
from reviews.models.outlet import OutletKind, Topic
from reviews.notices.channels import chat, webhook
from reviews.notices.news import News
from reviews.notices.outlets import delivery_of
from reviews.notices.reaching import checked
from reviews.tasks import send_deliveries

# How long a replaced secret goes on signing beside the new one, so that a receiver can change over without missing anything.
BOTH_SIGN_FOR = timedelta(hours=24)


class OutletStopped(NotNow):
    code = "outlet_stopped"
    sentence = "This outlet was stopped; nothing goes to it any more."
    what_to_do = "Set up another one."


class OnlyWebhooksHaveSecrets(NotNow):
    code = "only_webhooks_have_secrets"
    sentence = "Only a webhook has a signing secret."


class StillOnItsWay(NotNow):
    code = "still_on_its_way"
    sentence = "This delivery is still on its way."
    what_to_do = "Wait until it was taken or given up."


class NothingToTell(NotValid):
    code = "nothing_to_tell"
    sentence = "An outlet is told of at least one thing we know."


@sensitive_variables("address", "secret", "confirmation")
def add_webhook(
    *, label: str, address: str, topics: Iterable[str], actor: Person, user: User, confirmation: Confirmation, at: datetime
) -> tuple[Outlet, str]:
    """A webhook and its secret, which is shown this once. Raises NotAllowed, AddressNotAllowed, NothingToTell and what `confirm` raises."""
    require(policies.may_keep_outlets(actor_of(actor, at)))
    host = str(checked(address).hostname)
    secret = webhook.new_secret()
    outlet = Outlet(
        kind=OutletKind.WEBHOOK, place=host, address_sealed=seal(address, purpose="outlets"), secret_sealed=seal(secret, purpose="outlets")
    )
    _add(outlet, label=label, topics=topics, actor=actor, user=user, confirmation=confirmation, at=at)
    return outlet, secret


@sensitive_variables("address", "confirmation")
def add_channel(
    *, label: str, address: str, topics: Iterable[str], actor: Person, user: User, confirmation: Confirmation, at: datetime
) -> Outlet:
    """A chat or paging service by its apprise address. Raises NotAllowed, AddressNotAllowed, NothingToTell and what `confirm` raises."""
    require(policies.may_keep_outlets(actor_of(actor, at)))
    outlet = Outlet(kind=OutletKind.CHANNEL, place=chat.name_of(address), address_sealed=seal(address, purpose="outlets"))
    _add(outlet, label=label, topics=topics, actor=actor, user=user, confirmation=confirmation, at=at)
    return outlet


@transaction.atomic
def _add(outlet: Outlet, *, label: str, topics: Iterable[str], actor: Person, user: User, confirmation: Confirmation, at: datetime) -> None:
    wanted = sorted(set(topics))
    if not wanted or not set(wanted) <= set(Topic.values):
        raise NothingToTell
    confirm(user=user, confirmation=confirmation, at=at)
    outlet.label, outlet.topics, outlet.made_by, outlet.made_at = label.strip()[:80], wanted, actor, at
    outlet.save(force_insert=True)
    entries.outlet_added(outlet, actor=actor, at=at)


@sensitive_variables("secret", "confirmation")
@transaction.atomic
def rotate_secret(*, outlet: Outlet, actor: Person, user: User, confirmation: Confirmation, at: datetime) -> str:
    """A new secret, shown this once; the one before signs beside it for a day. Raises NotAllowed, OutletStopped, OnlyWebhooksHaveSecrets and as above."""
    outlet = _live(outlet, actor, at)
    if outlet.kind != OutletKind.WEBHOOK:
        raise OnlyWebhooksHaveSecrets
    confirm(user=user, confirmation=confirmation, at=at)
    secret = webhook.new_secret()
    outlet.old_secret_sealed, outlet.old_secret_until = outlet.secret_sealed, at + BOTH_SIGN_FOR
    outlet.secret_sealed = seal(secret, purpose="outlets")
    outlet.save(update_fields=["secret_sealed", "old_secret_sealed", "old_secret_until"])
    entries.outlet_rotated(outlet, actor=actor, at=at)
    return secret


@transaction.atomic
def stop_outlet(*, outlet: Outlet, actor: Person, at: datetime) -> Outlet:
    """Nothing goes there any more, what waits neither; its address and secrets are forgotten, the log of deliveries stays. Raises NotAllowed, OutletStopped."""
    outlet = _live(outlet, actor, at)
    outlet.stopped_at, outlet.stopped_by = at, actor
    outlet.address_sealed = outlet.old_secret_sealed = ""
    outlet.secret_sealed = "forgotten" if outlet.kind == OutletKind.WEBHOOK else ""
    outlet.save(update_fields=["stopped_at", "stopped_by", "address_sealed", "secret_sealed", "old_secret_sealed"])
    entries.outlet_stopped(outlet, actor=actor, at=at)
    return outlet


@transaction.atomic
def send_test(*, outlet: Outlet, actor: Person, at: datetime) -> Delivery:
    """A delivery that says nothing but that it arrived. Raises NotAllowed, OutletStopped."""
    outlet = _live(outlet, actor, at)
    entry: Entry = entries.outlet_tested(outlet, actor=actor, at=at)
    news = News(entry.seq, at, "test", "", "This is a test: the portal reaches you.", f"/ledger/{entry.seq}/")
    delivery = delivery_of(news, outlet, at=at)
    delivery.save(force_insert=True)
    kick(send_deliveries)
    return delivery


@transaction.atomic
def resend(*, delivery: Delivery, actor: Person, at: datetime) -> Delivery:
    """Sends a delivery once more, under the id it had: a receiver that has it takes it for the same. Raises NotAllowed, OutletStopped, StillOnItsWay."""
    _live(delivery.outlet, actor, at)
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.state not in {WorkState.DONE, WorkState.DEAD}:
        raise StillOnItsWay
    delivery.state, delivery.attempts, delivery.not_before, delivery.done_at, delivery.last_error = WorkState.WAITING, 0, at, None, ""
    delivery.save(update_fields=["state", "attempts", "not_before", "done_at", "last_error"])
    entries.delivery_resent(delivery, actor=actor, at=at)
    kick(send_deliveries)
    return delivery


def _live(outlet: Outlet, actor: Person, at: datetime) -> Outlet:
    """The outlet, locked, for someone who may change it."""
    require(policies.may_keep_outlets(actor_of(actor, at)))
    outlet = Outlet.objects.select_for_update().get(pk=outlet.pk)
    if outlet.stopped_at is not None:
        raise OutletStopped
    return outlet
