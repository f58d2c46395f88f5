"""One's own page, the members, and the acts that change what people hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger.refusals import NotKnown
from people import access, identities, policies, queries, services
from people.confirmed_act import confirmed_act
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


@require_http_methods(["GET", "HEAD", "POST"])
def act_on_grant(request: MemberRequest, kind: str, pk: UUID, act: str) -> HttpResponse:
    """Confirms a proposal or an end, once the second person has shown anew who they are; proposes an end or withdraws a proposal at once."""
    grant = access.grant(request.actor, kind, pk)
    verb, told = GRANT_ACTS[act]
    place, said = reverse("people:person", args=[grant.person_id]), f"{grant}, {grant.person}: {told}"
    do = partial(verb, grant=grant, actor=request.actor.person, at=timezone.now())
    if act in SECOND_PERSONS:
        policies.require(policies.may_keep_membership(request.actor))
        title, lede, button = SECOND_PERSONS[act]
        context = {
            "title": title.format(kind=kind, whom=grant.person),
            "lede": lede,
            "facts": [("Person", grant.person), (kind.capitalize(), grant), ("Proposed by", grant.end_proposed_by or grant.granted_by)],
            "crumbs": [(str(grant.person), place)],
            "button": button.format(kind=kind),
            "grave": act == "confirm-end",
        }
        return confirmed_act(request, act=do, said=said, place=place, context=context)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    do()
    messages.info(request, said)
    return redirect(place)


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


@require_http_methods(["GET", "HEAD", "POST"])
def act_on_link(request: MemberRequest, pk: UUID, act: str) -> HttpResponse:
    """Confirms a link, which sends it to the account's own address, or takes it back."""
    link = access.link(request.actor, pk)
    place = reverse("people:members")
    if act == "withdraw":
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        services.withdraw_link(link=link, actor=request.actor.person, at=timezone.now())
        messages.info(request, "The link is withdrawn.")
        return redirect(place)
    policies.require(policies.may_keep_membership(request.actor))
    whom = link.user.person
    context = {
        "title": f"Send {whom} a sign-in link",
        "lede": "It goes to the account's own address, opens the account once, and lets its owner choose a password.",
        "facts": [
            ("Account", link.user.email),
            ("Second factors", "are taken away too" if link.resets_factors else "stay"),
            ("Asked for by", link.made_by or "the shell"),
        ],
        "crumbs": [("People and roles", place)],
        "button": "Confirm and send this link",
    }
    return confirmed_act(
        request,
        act=lambda: services.confirm_link(link=link, actor=request.actor.person, at=timezone.now()),
        said="The link is confirmed. It goes to the account's own address; while the mail server does not take it, it is tried again.",
        place=place,
        context=context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def close_account(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Shuts an account at once. Its person's roles end apart, by two people."""
    whom = access.person(request.actor, pk)
    policies.require(policies.may_keep_membership(request.actor))
    account, place = _account_of(whom), reverse("people:person", args=[pk])
    context = {
        "title": f"Close the account of {whom}",
        "lede": "It is signed out everywhere at once, its tokens end. Who reopens it one day gives none of that back. Votes that were cast stay. Roles end apart, by two people.",
        "facts": [("Account", account.email)],
        "crumbs": [(str(whom), place)],
        "button": f"Close the account of {whom} now",
        "grave": True,
    }
    return confirmed_act(
        request,
        act=lambda: services.close_user(user=account, actor=request.actor.person, at=timezone.now()),
        said=f"The account of {whom} is closed.",
        place=place,
        context=context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def reopen_account(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Opens a closed account to a new sign-in link, and to nothing else."""
    whom = access.person(request.actor, pk)
    policies.require(policies.may_keep_membership(request.actor))
    account, place = _account_of(whom), reverse("people:person", args=[pk])
    context = {
        "title": f"Reopen the account of {whom}",
        "lede": "Nothing that opened it before comes back: neither password, nor sign-in provider, nor tokens. Its owner comes in by a new sign-in link, which "
        "one person proposes and another confirms. Roles that were not ended hold again.",
        "facts": [
            ("Account", account.email),
            ("Holds again", ", ".join(str(grant) for grant in queries.holdings_of(whom, timezone.now())) or "nothing"),
        ],
        "crumbs": [(str(whom), place)],
        "button": f"Reopen the account of {whom}",
        "grave": True,
    }
    return confirmed_act(
        request,
        act=lambda: services.reopen_user(user=account, actor=request.actor.person, at=timezone.now()),
        said=f"The account of {whom} is open again. Propose a sign-in link to let them in.",
        place=place,
        context=context,
    )


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
# What takes a second person: title, lede and button of the page on which they confirm who they are.
SECOND_PERSONS = {
    "confirm": (
        "Confirm a {kind} of {whom}",
        "It holds from now on, or from its own later day. Two people answer for it.",
        "Confirm this {kind}",
    ),
    "confirm-end": ("End a {kind} of {whom}", "It ends now. What was done under it stays.", "End this {kind}"),
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
        "links": queries.links_waiting(whom) if keeps else [],
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
