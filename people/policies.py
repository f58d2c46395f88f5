"""May this person do that? A policy answers Allowed or Refused; the button on the page and the server ask the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.refusals import NotAllowed, NotKnown, Refusal
from people.queries import Actor
from people.words import Role, Scope


@dataclass(frozen=True, slots=True)
class Allowed:
    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Refused:
    """No, with a code, a sentence for people, what they can do about it, and which of the kinds of no it is."""

    code: str
    sentence: str
    what_to_do: str = ""
    kind: type[Refusal] = field(default=NotAllowed)

    def __bool__(self) -> bool:
        return False


def require(answer: Allowed | Refused) -> None:
    """Passes, or raises the refusal the policy named."""
    if isinstance(answer, Refused):
        raise answer.kind(answer.sentence, code=answer.code, what_to_do=answer.what_to_do)


# Who looks after the membership of the board. Two of them are needed for any change.
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.CHAIR, Role.EXECUTIVE})


def may_keep_membership(actor: Actor) -> Allowed | Refused:
    """May they propose and confirm roles, competences, clearances and sign-in links?"""
    if actor.roles & KEEPERS:
        return Allowed()
    return Refused(
        "not_a_keeper",
        "Roles, competences, clearances and sign-in links are kept by administrators, the chair and executives.",
        "Ask one of them to propose the change and another to confirm it.",
    )


def may_see_members(actor: Actor) -> Allowed | Refused:
    """An outside evaluator knows one dossier, not the board; somebody without a role knows nothing."""
    if actor.roles - {Role.OUTSIDE_EVALUATOR}:
        return Allowed()
    return Refused("no_inside_role", "The members are shown to those who hold a role inside.", kind=NotKnown)


# Who runs the serving side, and whoever's token its pipelines carry.
SERVING = frozenset({Role.RESEARCHER, Role.CHAIR, Role.SAFEGUARD_OWNER, Role.ADMINISTRATOR})
SERVING_SCOPES = frozenset({Scope.GATE_AUTHORISE, Scope.DEPLOYMENTS_WRITE})


def may_serve(actor: Actor) -> Allowed | Refused:
    """May they ask the gate for the record, and report what is in service? Both write; who only reads or judges does neither."""
    if actor.roles & SERVING:
        return Allowed()
    return Refused(
        "not-serving",
        "The gate is asked for the record, and deployments are reported, by those who run the serving side.",
        "Ask a safeguard owner, a researcher, an administrator or the chair.",
    )


def may_hold_tokens(actor: Actor) -> Allowed | Refused:
    """A token acts as its person, so whoever may do nothing here may hold none."""
    return Allowed() if actor.belongs else Refused("no_role", "Only somebody with a role can hold an API token.")


def may_hold_scopes(actor: Actor, scopes: Iterable[str]) -> Allowed | Refused:
    """May a token of theirs have these scopes? None that serves, where its person may not."""
    held = may_hold_tokens(actor)
    return may_serve(actor) if held and SERVING_SCOPES & set(scopes) else held
