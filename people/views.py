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
from people import access, identities, mail, policies, queries, services
from people.doors import MemberRequest, open_without_role
from people.forms import GrantForm, LinkForm, MemberFilterForm, PersonForm
from people.models import Grant, Person, User
from people.refusal_pages import said_on

# One's own page


@require_safe
@open_without_role
def me(request: MemberRequest) -> HttpResponse:
    """Who one is here: roles, competences, signatures, and the ways to the rest of one's account."""
    person = request.actor.person
    context = {
        "holdings": queries.holdings_of(person, timezone.now()),
        "signatures": queries.signed_by(person, limit=20),
        "identity": identities.in_use(request.user),
    }
    return render(request, "people/me.html", context)


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
    form = LinkForm(request.POST)
    resets = form.is_valid() and form.cleaned_data["resets_factors"]
    services.propose_link(user=_account_of(whom), actor=request.actor.person, at=timezone.now(), resets_factors=resets)
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
        "link_form": LinkForm(),
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
