"""Badges outside the portal: a secret address for one model, which shows what its owner may see of it at that moment, and nothing else."""

from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from evaluations.models import Subject
from people.confirming import Confirmation
from people.models import Person
from people.policies import require
from people.queries import actor_of
from people.services.tokens import LONGEST_DAYS, create_token, find_token
from people.words import Scope
from reviews import policies
from reviews.models import BadgeAddress


@sensitive_variables("secret", "confirmation")
@transaction.atomic
def make_badge(*, subject: Subject, actor: Person, confirmation: Confirmation, at: datetime) -> str:
    """The key of a new address, which is shown once; it is revoked like any token. Raises NotAllowed and what `create_token` raises."""
    require(policies.may_see_board(actor_of(actor, at)))
    token, secret = create_token(
        person=actor,
        actor=actor,
        scopes=[Scope.BADGE_READ],
        days=LONGEST_DAYS,
        label=f"Badge of {subject.name}",
        confirmation=confirmation,
        at=at,
    )
    BadgeAddress.objects.create(token=token, subject=subject)
    return secret


@sensitive_variables("secret")
def find_badge(secret: str, at: datetime) -> BadgeAddress | None:
    """The live address with this key; a token that may do more, or something else, is none."""
    token = find_token(secret, at)
    if token is None or token.scopes != [Scope.BADGE_READ]:
        return None
    return BadgeAddress.objects.select_related("token__person", "subject").filter(token=token).first()
