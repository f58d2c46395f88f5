"""Where one is signed in, and signing out of one of them or of all others."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from ledger.refusals import NotKnown
from people import services
from people.doors import MemberRequest, open_without_role


@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
def sessions(request: MemberRequest) -> HttpResponse:
    """POST ends the session it names, or every one but this."""
    held = UserSession.objects.purge_and_list(request.user)
    mine = request.session.session_key
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        ending = [each for each in held if each.session_key != mine and wanted in {"", str(each.pk)}]
        if wanted and not ending:
            raise NotKnown
        services.end_sessions(user=request.user, sessions=ending, at=timezone.now())
        messages.info(request, "Signed out there." if wanted else "Signed out everywhere else.")
        return redirect("people:sessions")
    shown = sorted(held, key=lambda each: (each.session_key != mine, -each.created_at.timestamp()))
    return render(request, "people/sessions.html", {"sessions": [(each, each.session_key == mine) for each in shown]})
