"""Putting a framework version into force: the chair proposes, an executive confirms, each with a signature."""

from datetime import datetime

from django.db import transaction

from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_framework
from frameworks.queries import in_force_versions
from frameworks.services import adopt
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import Refused, require
from people.queries import actor_of
from people.signing import sign
from people.words import Role
from reviews import entries, policies, signing
from reviews.models import Adoption
from reviews.services.locks import lock_adoptions


class AdoptionNotNow(NotNow):
    code = "adoption_not_now"


class AnotherFrameworkInForce(NotNow):
    code = "another_framework_in_force"
    what_to_do = "Load this version under the name that is in force, so that it succeeds it."

    def __init__(self, title: str, name: str) -> None:
        super().__init__(
            f"{title} is in force under the name {name}, and the gate answers under one framework: beside it this one would shut every gate."
        )


class AdoptionReasonMissing(NotValid):
    code = "rationale_missing"
    sentence = "Say why this version should come into force."


@refusals_entered("reviews:adoption:refused", about="version")
@transaction.atomic
def propose_adoption(
    *, version: FrameworkVersion, rationale: str, actor: Person, user: User, confirmation: Confirmation, at: datetime
) -> Adoption:
    """Raises NotAllowed, AdoptionReasonMissing, AdoptionNotNow, AnotherFrameworkInForce and what `people.signing.sign` raises."""
    version = FrameworkVersion.objects.select_for_update().get(pk=version.pk)
    proposer = actor_of(actor, at)
    require(policies.may_propose_adoption(proposer))
    require(may_sign_framework(proposer, version))
    if not rationale.strip():
        raise AdoptionReasonMissing
    if version.status != "draft" or Adoption.objects.filter(version=version).exists():
        raise AdoptionNotNow("This version was proposed or adopted already.")
    _require_successor(version)
    signature = sign(person=actor, user=user, statement=_statement(version, "proposes", Role.CHAIR), confirmation=confirmation, at=at)
    adoption = Adoption.objects.create(version=version, rationale=rationale.strip(), proposed_by=actor, proposed=signature, proposed_at=at)
    entries.adoption_proposed(adoption, at=at)
    return adoption


@refusals_entered("reviews:adoption:refused", about="adoption")
@transaction.atomic
def confirm_adoption(*, adoption: Adoption, actor: Person, user: User, confirmation: Confirmation, at: datetime) -> Adoption:
    """Puts the version into force. Raises NotAllowed, AdoptionNotNow, AnotherFrameworkInForce and what `people.signing.sign` and
    `frameworks.services.adopt` raise."""
    lock_adoptions()
    adoption = Adoption.objects.select_for_update(of=("self",)).select_related("version", "proposed").get(pk=adoption.pk)
    confirmer = actor_of(actor, at)
    require(policies.may_confirm_adoption(confirmer))
    require(may_sign_framework(confirmer, adoption.version))
    if actor.pk == adoption.proposed_by_id:
        require(Refused("own_proposal", "You proposed this version, so somebody else confirms it."))
    if adoption.confirmed_at is not None:
        raise AdoptionNotNow("This adoption was confirmed already.")
    _require_successor(adoption.version)
    signature = sign(
        person=actor, user=user, statement=_statement(adoption.version, "confirms", Role.EXECUTIVE), confirmation=confirmation, at=at
    )
    adoption.confirmed_by, adoption.confirmed, adoption.confirmed_at = actor, signature, at
    adoption.save()
    adopt(version=adoption.version, proposed=adoption.proposed, confirmed=signature, at=at)
    entries.adoption_confirmed(adoption, confirmed=signature, at=at)
    return adoption


def _require_successor(version: FrameworkVersion) -> None:
    """The gate is asked under the only framework in force. A second one could not be taken out of force again."""
    names = {each.name: each.title for each in in_force_versions().only("name", "title")}
    if names and version.name not in names:
        name, title = min(names.items())
        raise AnotherFrameworkInForce(title, name)


def _statement(version: FrameworkVersion, meaning: str, role: str) -> signing.Statement:
    return signing.adoption_statement(
        version_id=str(version.pk), digest_=version.digest, meaning=meaning, role=role, title=version.document.title
    )
