"""What we tell the ledger about people. Ids, words and dates only: no name, no address, no prose ever stands in an entry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from ledger.canonical import canonical, digest
from ledger.models import Entry
from ledger.sentences import describe, set_actor_names
from ledger.services import append
from people.models import ApiToken, Clearance, Competence, Grant, Identity, Person, RoleGrant, SignInLink, User


def person_registered(person: Person, *, actor: Person | None, at: datetime) -> Entry:
    return _append("people:person:registered", f"person:{person.pk}", actor, at, {"system": person.is_system})


def user_created(user: User, *, actor: Person | None, at: datetime) -> Entry:
    return _append("people:user:created", f"user:{user.pk}", actor, at, {"person": user.person_id})


def user_closed(user: User, *, actor: Person | None, at: datetime) -> Entry:
    return _append("people:user:closed", f"user:{user.pk}", actor, at, {"person": user.person_id})


def user_reopened(user: User, *, unlinked: int, revoked: int, actor: Person, at: datetime) -> Entry:
    """`unlinked`, `revoked`: the identities and tokens that do not come back with it."""
    fields = {"person": user.person_id, "unlinked": unlinked, "revoked": revoked}
    return _append("people:user:reopened", f"user:{user.pk}", actor, at, fields)


def grant_proposed(grant: Grant, *, actor: Person, at: datetime) -> Entry:
    return _grant("granted", grant, actor, at)


def grant_confirmed(grant: Grant, *, actor: Person | None, at: datetime) -> Entry:
    return _grant("confirmed", grant, actor, at)


def grant_withdrawn(grant: Grant, *, actor: Person, at: datetime) -> Entry:
    return _grant("withdrawn", grant, actor, at)


def grant_end_proposed(grant: Grant, *, actor: Person, at: datetime) -> Entry:
    return _grant("end-proposed", grant, actor, at)


def grant_ended(grant: Grant, *, actor: Person, at: datetime) -> Entry:
    return _grant("ended", grant, actor, at)


def credential_set(user: User, *, link: SignInLink, first: bool, unlinked: int, at: datetime) -> Entry:
    """A password chosen through a link: `set` the first time, `reset` later. `unlinked`: identities it took the place of."""
    kind = "people:credential:set" if first else "people:credential:reset"
    return _append(kind, f"user:{user.pk}", user.person, at, _through(link, user) | {"unlinked": unlinked})


def identity_chosen(identity: Identity, *, link: SignInLink, at: datetime) -> Entry:
    """Signing in at the provider, chosen through a link in the place of a password."""
    return _identity("chosen", identity, at, _through(link, identity.user))


def identity_linked(identity: Identity, *, at: datetime) -> Entry:
    return _identity("linked", identity, at, {})


def identity_unlinked(identity: Identity, *, at: datetime) -> Entry:
    return _identity("unlinked", identity, at, {})


def credential_released(user: User, *, at: datetime) -> Entry:
    return _append("people:credential:released", f"user:{user.pk}", None, at, {"person": user.person_id})


def credential_changed(user: User, *, at: datetime) -> Entry:
    """A password changed by somebody who knew the one before."""
    return _append("people:credential:changed", f"user:{user.pk}", user.person, at, {"person": user.person_id})


def factor_added(user: User, *, factor: int, kind: str, key: str, at: datetime) -> Entry:
    """`key`: the digest of a passkey's public key, so that a signature made with it can be laid at its owner's door; empty for an app."""
    return _factor("added", user, at, {"factor": factor, "factor_kind": kind} | ({"key": key} if key else {}))


def factor_removed(user: User, *, factor: int, kind: str, at: datetime) -> Entry:
    return _factor("removed", user, at, {"factor": factor, "factor_kind": kind})


def recovery_codes_made(user: User, *, at: datetime) -> Entry:
    return _factor("codes-made", user, at, {})


def recovery_code_used(user: User, *, at: datetime) -> Entry:
    return _factor("code-used", user, at, {})


def sessions_ended(user: User, *, count: int, at: datetime) -> Entry:
    return _append("people:session:ended", f"user:{user.pk}", user.person, at, {"person": user.person_id, "count": count})


def link_proposed(link: SignInLink, *, actor: Person, at: datetime) -> Entry:
    return _link("proposed", link, actor, at)


def link_created(link: SignInLink, *, actor: Person | None, at: datetime) -> Entry:
    return _link("created", link, actor, at)


def link_withdrawn(link: SignInLink, *, actor: Person, at: datetime) -> Entry:
    return _link("withdrawn", link, actor, at)


def token_created(token: ApiToken, *, actor: Person | None, at: datetime) -> Entry:
    fields = {"person": token.person_id, "scopes": sorted(token.scopes), "expires_at": token.expires_at}
    return _append("people:token:created", f"token:{token.pk}", actor, at, fields)


def token_revoked(token: ApiToken, *, actor: Person | None, at: datetime) -> Entry:
    return _append("people:token:revoked", f"token:{token.pk}", actor, at, {"person": token.person_id})


def _grant(verb: str, grant: Grant, actor: Person | None, at: datetime) -> Entry:
    noun, what = noun_of(grant)
    fields = {"person": grant.person_id, noun: what, "from_at": grant.from_at, "until_at": grant.until_at}
    return _append(f"people:{noun}:{verb}", f"{noun}:{grant.pk}", actor, at, fields)


def noun_of(grant: Grant) -> tuple[str, str]:
    match grant:
        case RoleGrant(role=role):
            return "role", role
        case Competence(area=area):
            return "competence", area
        case Clearance(level=level):
            return "clearance", level
    raise TypeError(f"{type(grant).__name__} is no grant we know.")


def _link(verb: str, link: SignInLink, actor: Person | None, at: datetime) -> Entry:
    fields = {
        "user": link.user_id,
        "purpose": link.purpose,
        "expires_at": link.expires_at,
        "resets_factors": link.resets_factors,
    }
    return _append(f"people:link:{verb}", f"link:{link.pk}", actor, at, fields)


def _factor(verb: str, user: User, at: datetime, fields: dict[str, object]) -> Entry:
    return _append(f"people:factor:{verb}", f"user:{user.pk}", user.person, at, {"person": user.person_id} | fields)


def _through(link: SignInLink, user: User) -> dict[str, object]:
    return {"person": user.person_id, "link": link.pk, "purpose": link.purpose, "factors_taken": link.resets_factors}


def _identity(verb: str, identity: Identity, at: datetime, fields: dict[str, object]) -> Entry:
    """By digest: whoever is shown issuer and subject can check them against the record, which names neither."""
    user = identity.user
    said = {
        "person": user.person_id,
        "identity": identity.pk,
        "identity_digest": digest(canonical({"issuer": identity.issuer, "subject": identity.subject})),
    }
    return _append(f"people:identity:{verb}", f"user:{user.pk}", user.person, at, said | fields)


def _append(kind: str, thing: str, actor: Person | None, at: datetime, fields: dict[str, object]) -> Entry:
    return append(kind=kind, thing=thing, actor=actor.pk if actor else None, at=at, fields=fields)


def _names(people: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))


set_actor_names(_names)

describe("people:person:registered", "{actor} registered {thing:name}.")
describe("people:user:created", "{actor} opened an account for {person:name}.")
describe("people:user:closed", "{actor} closed the account of {person:name}.")
describe("people:user:reopened", "{actor} reopened the account of {person:name}, to whoever comes by a new one-time link.")
describe("people:credential:set", "{person:name} chose a password through a one-time link.")
describe("people:credential:reset", "{person:name} chose a new password through a one-time link.")
describe("people:credential:released", "The account of {person:name} waits for whoever plays this persona.")
describe("people:credential:changed", "{person:name} changed their password.")
describe("people:identity:chosen", "{person:name} chose through a one-time link to sign in at the sign-in provider.")
describe("people:identity:linked", "{person:name} linked their account to the sign-in provider.")
describe("people:identity:unlinked", "{person:name} unlinked their account from the sign-in provider.")
describe("people:factor:added", "{person:name} added a second factor to their account: {factor_kind}.")
describe("people:factor:removed", "{person:name} removed a second factor from their account: {factor_kind}.")
describe("people:factor:codes-made", "{person:name} made new recovery codes.")
describe("people:factor:code-used", "{person:name} signed in with a recovery code.")
describe("people:session:ended", "{person:name} signed out of {count} other sessions.")
describe("people:token:created", "{actor} made an API token for {person:name}: {scopes}, until {expires_at:day}.")
describe("people:token:revoked", "{actor} revoked an API token of {person:name}.")
for noun, what in (
    ("role", "the role {role}"),
    ("competence", "the competence {competence}"),
    ("clearance", "clearance for {clearance} detail"),
):
    describe(f"people:{noun}:granted", f"{{actor}} proposed {what} for {{person:name}}.")
    describe(f"people:{noun}:confirmed", f"{{actor}} confirmed {what} for {{person:name}}.")
    describe(f"people:{noun}:withdrawn", f"{{actor}} withdrew the proposal of {what} for {{person:name}}.")
    describe(f"people:{noun}:end-proposed", f"{{actor}} proposed that {{person:name}} lose {what}.")
    describe(f"people:{noun}:ended", f"{{actor}} confirmed that {{person:name}} lost {what}.")
describe("people:attempt:refused", "{actor} tried what they may not do and was refused: {code}.")
describe("people:link:proposed", "{actor} proposed a one-time link ({purpose}).")
describe("people:link:created", "{actor} made a one-time link ({purpose}), until {expires_at:day}.")
describe("people:link:withdrawn", "{actor} withdrew a one-time link ({purpose}).")
