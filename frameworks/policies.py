"""Who may read and load frameworks, and whose signature is enough for what a framework puts at stake.

Adopting one is decided above, by signatures; `services.adopt` checks those.
"""

from collections.abc import Mapping

from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion
from frameworks.queries import in_force_versions
from ledger.refusals import NotKnown
from people.policies import Allowed, Refused
from people.queries import Actor
from people.words import Role

LOADERS = frozenset({Role.ADMINISTRATOR, Role.CHAIR, Role.EXECUTIVE})


def may_read(actor: Actor) -> Allowed | Refused:
    """Whoever holds a role reads the rules they are judged by."""
    if actor.roles:
        return Allowed()
    return Refused("no_role", "Frameworks are shown to those who hold a role.", kind=NotKnown)


def may_load(actor: Actor) -> Allowed | Refused:
    """A draft has no effect, yet it stands in everybody's list."""
    if actor.roles & LOADERS:
        return Allowed()
    return Refused("not_a_loader", "Frameworks are loaded by administrators, the chair and executives.", "Ask one of them.")


def may_sign_about(actor: Actor, document: FrameworkDocument, tiers: Mapping[str, str]) -> Allowed | Refused:
    """Where the framework asks for a second factor, an account without one signs nothing about these tiers, whatever it would say."""
    if actor.second_factor or not document.asks_second_factor(tiers):
        return Allowed()
    asked = [document.asked_tier(axis, slug) for axis, slug in tiers.items()]
    labels = sorted({tier.label for tier in asked if tier.second_factor})
    return Refused(
        "second_factor_missing",
        f"What concerns {' and '.join(labels)} is signed with a second factor, and your account has none.",
        "Add a second factor under Your account, then sign.",
    )


def may_sign_evidence(actor: Actor) -> Allowed | Refused:
    """Take a result out, move it or vouch for it: that bears on whatever any framework in force can come to require.

    Which thresholds a result reaches is not asked. A binding or a version that comes later may let it reach others.
    """
    if actor.second_factor:
        return Allowed()
    return _about_all_of(actor, *in_force_versions())


def may_sign_framework(actor: Actor, version: FrameworkVersion) -> Allowed | Refused:
    """A framework version is about all of its tiers, and about those of whatever is in force: what it no longer asks for, it takes away."""
    if actor.second_factor:
        return Allowed()
    return _about_all_of(actor, version, *in_force_versions())


def _about_all_of(actor: Actor, *versions: FrameworkVersion) -> Allowed | Refused:
    for document in (version.document for version in versions):
        # No tier asks for less than one below it, so the highest speaks for its axis.
        every = {axis.slug: [tier.slug for tier in document.tiers if tier.axis == axis.slug] for axis in document.axes}
        answer = may_sign_about(actor, document, {axis: document.highest(axis, slugs).slug for axis, slugs in every.items()})
        if not answer:
            return answer
    return Allowed()
