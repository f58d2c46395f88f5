"""One's own API tokens: what there is, making one, revoking one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from people import access, policies, queries, services
from people.doors import MemberRequest
from people.forms import TokenForm
from people.refusal_pages import said_on


@sensitive_post_parameters("password", "code")
@sensitive_variables("text", "made")
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: MemberRequest) -> HttpResponse:
    """The list, and the form for a new one, whose text is shown on this one answer, never again."""
    now, person = timezone.now(), request.actor.person
    if request.method == "POST":
        policies.require(policies.may_hold_scopes(request.actor, request.POST.getlist("scopes")))
    form = TokenForm(request.POST if request.method == "POST" else None, user=request.user, actor=request.actor)
    token, text = None, ""
    if form.is_valid():
        made = said_on(form, lambda: services.create_token(person=person, actor=person, at=now, **form.signed()))
        if made:
            token, text = made
            form = TokenForm(user=request.user, actor=request.actor)
    context = {
        "tokens": [(each, each.is_live(now)) for each in queries.tokens_of(person)],
        "may_hold_tokens": policies.may_hold_tokens(request.actor),
        "form": form,
        "new_token": token,
        "new_text": text,
    }
    return render(request, "people/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Shuts a token at once. It takes power away, so nothing has to be confirmed."""
    token = services.revoke_token(token=access.token(request.actor, pk), actor=request.actor.person, at=timezone.now())
    messages.info(request, f"The token {token.label} is revoked. Programs that use it are refused from now on.")
    return redirect("people:tokens" if token.person_id == request.actor.person.pk else "people:members")
