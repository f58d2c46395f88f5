"""Who may read and load frameworks. Adopting one is decided above, by signatures; `services.adopt` checks those."""

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
