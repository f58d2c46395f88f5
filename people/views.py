"""One's own page, the members, and the acts that change what people hold."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger.refusals import NotKnown
from people import access, mail, policies, queries, services
from people.doors import MemberRequest, open_without_role
from people.forms import GrantForm, MemberFilterForm, PersonForm, TokenForm
from people.models import Grant, Person, User
from people.refusal_pages import said_on

# One's own page


@require_safe
@open_without_role
def me(request: MemberRequest) -> HttpResponse:
    """Who one is here: roles, competences, tokens, signatures, and the way out."""
    return _my_page(request, TokenForm())


@require_POST
@sensitive_variables("text")
def create_token(request: MemberRequest) -> HttpResponse:
    """Makes a token and shows its text on this one answer, never again."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _my_page(request, form, status=422)
    person = request.actor.person
    token, text = services.create_token(person=person, actor=person, at=timezone.now(), **form.cleaned_data)
    return _my_page(request, TokenForm(), new_token=token, new_text=text)


@require_POST
def revoke_token(request: MemberRequest, pk: UUID) -> HttpResponse:
    token = services.revoke_token(token=access.token(request.actor, pk), actor=request.actor.person, at=timezone.now())
    messages.info(request, f"The token {token.label} is revoked. Programs that use it are refused from now on.")
    return redirect("people:me" if token.person_id == request.actor.person.pk else "people:members")


def _my_page(request: MemberRequest, form: TokenForm, *, status: int = 200, **more: object) -> HttpResponse:
    now = timezone.now()
    person = request.actor.person
    context = {
        "now": now,
        "holdings": queries.holdings_of(person, now),
        "tokens": [(token, token.is_live(now)) for token in queries.tokens_of(person)],
        "signatures": queries.signed_by(person, limit=20),
        "may_hold_tokens": policies.may_hold_tokens(request.actor),
        "form": form,
        **more,
    }
    return render(request, "people/me.html", context, status=status)


# Members


@require_safe
def members(request: MemberRequest) -> HttpResponse:
    """Who holds what, since when, by whose word; for those who keep the membership also what waits for a second person."""
    access.require_members_visible(request.actor)
    now = timezone.now()
    keeps = policies.may_keep_membership(request.actor)
    chosen = MemberFilterForm(request.GET)
    context = {
        "filter": chosen,
        "rows": [row for row in queries.member_rows(now) if chosen.fits(row)],
        "keeps": keeps,
        "waiting": queries.waiting_for_a_second_person() if keeps else [],
        "links": queries.links_waiting() if keeps else [],
        "me": request.actor.person,
    }
    return render(request, "people/members.html", context)


@require_safe
def person(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Everything one person holds or held."""
    return _person_page(request, pk, GrantForm())


@require_http_methods(["GET", "HEAD", "POST"])
def new_person(request: MemberRequest) -> HttpResponse:
    """Registers a person with an account. It cannot sign in before two people have sent it a link."""
    access.require_members_visible(request.actor)
    policies.require(policies.may_keep_membership(request.actor))
    form = PersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = said_on(form, lambda: _register(request, form))
        if made:
            return redirect("people:person", pk=made)
    return render(request, "people/new_person.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def propose_grant(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Proposes a role, a competence or a clearance for one person."""
    form = GrantForm(request.POST)
    whom = access.person(request.actor, pk)
    policies.require(policies.may_keep_membership(request.actor))
    if form.is_valid():
        kind, word = form.kind_and_word()
        grant = said_on(form, lambda: PROPOSALS[kind](whom, word, request, form))
        if grant:
            messages.info(request, f"{grant} is proposed for {whom}. It holds once another person confirms it.")
            return redirect("people:person", pk=pk)
    return _person_page(request, pk, form, status=422)


@require_POST
def act_on_grant(request: MemberRequest, kind: str, pk: UUID, act: str) -> HttpResponse:
    """Confirms or withdraws a proposal; proposes or confirms an end."""
    grant = access.grant(request.actor, kind, pk)
    verb, told = GRANT_ACTS[act]
    verb(grant=grant, actor=request.actor.person, at=timezone.now())
    messages.info(request, f"{grant}, {grant.person}: {told}")
    return redirect("people:person", pk=grant.person_id)


@require_POST
def propose_link(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Asks for a sign-in link for somebody; nothing is sent before another person confirms it."""
    whom = access.person(request.actor, pk)
    policies.require(policies.may_keep_membership(request.actor))
    services.propose_link(user=_account_of(whom), actor=request.actor.person, at=timezone.now())
    messages.info(request, "A sign-in link is proposed. It is sent once another person confirms it.")
    return redirect("people:person", pk=pk)


@require_POST
@sensitive_variables("secret")
def act_on_link(request: MemberRequest, pk: UUID, act: str) -> HttpResponse:
    """Confirms a link, which sends it to the account's own address, or takes it back."""
    link = access.link(request.actor, pk)
    if act == "withdraw":
        services.withdraw_link(link=link, actor=request.actor.person, at=timezone.now())
        messages.info(request, "The link is withdrawn.")
        return redirect("people:members")
    link, secret = services.confirm_link(link=link, actor=request.actor.person, at=timezone.now())
    if mail.send_link(link, secret):
        messages.info(request, "The link is confirmed and sent to the account's own address.")
    else:
        messages.warning(request, "The link is confirmed, but the mail could not be sent. Propose another one once mail works.")
    return redirect("people:members")


@require_POST
def close_account(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Shuts an account at once. Its person's roles end apart, by two people."""
    whom = access.person(request.actor, pk)
    policies.require(policies.may_keep_membership(request.actor))
    services.close_user(user=_account_of(whom), actor=request.actor.person, at=timezone.now())
    messages.info(request, f"The account of {whom} is closed.")
    return redirect("people:person", pk=pk)


PROPOSALS: dict[str, Callable[..., Grant]] = {
    "role": lambda whom, word, request, form: services.grant_role(
        person=whom, role=word, actor=request.actor.person, at=timezone.now(), until_at=form.until_at()
    ),
    "competence": lambda whom, word, request, form: services.grant_competence(
        person=whom, area=word, actor=request.actor.person, at=timezone.now(), until_at=form.until_at()
    ),
    "clearance": lambda whom, word, request, form: services.grant_clearance(
        person=whom, level=word, actor=request.actor.person, at=timezone.now(), until_at=form.until_at()
    ),
}
GRANT_ACTS: dict[str, tuple[Callable[..., Grant], str]] = {
    "confirm": (services.confirm_grant, "confirmed, and in force."),
    "withdraw": (services.withdraw_grant, "the proposal is withdrawn."),
    "propose-end": (services.propose_end, "its end is proposed and waits for another person."),
    "confirm-end": (services.confirm_end, "ended."),
}


def _person_page(request: MemberRequest, pk: UUID, form: GrantForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    whom = access.person(request.actor, pk)
    keeps = policies.may_keep_membership(request.actor)
    context = {
        "whom": whom,
        "account": getattr(whom, "user", None) if keeps else None,
        "history": queries.grants_of(whom, now),
        "keeps": keeps,
        "tokens": [token for token in queries.tokens_of(whom) if token.is_live(now)] if keeps else [],
        "form": form,
        "me": request.actor.person,
    }
    return render(request, "people/person.html", context, status=status)


def _account_of(whom: Person) -> User:
    user = getattr(whom, "user", None)
    if user is None:
        raise NotKnown("This person has no account.")
    return user


def _register(request: MemberRequest, form: PersonForm) -> UUID:
    made = services.invite(actor=request.actor.person, at=timezone.now(), **form.cleaned_data)
    return made.person_id
