"""What a person is told and by which way, and their own feed address."""

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from people.doors import MemberRequest
from people.models import Person
from people.policies import require
from people.queries import tokens_of
from people.refusal_pages import said_on
from people.services import create_token
from people.words import Scope
from reviews import policies
from reviews.forms.telling import FeedForm, TellingForm
from reviews.models import DigestTime, NoticePreference
from reviews.models.preference import ByMail
from reviews.notices.preferences import DEFAULT_TIME, KIND_WORDS
from reviews.services.telling import choose_notices

FEED_DAYS = 366


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: MemberRequest) -> HttpResponse:
    """A row a kind of notice: in the inbox, by mail at once, in a digest, or not."""
    form = TellingForm(request.POST if request.method == "POST" else None, initial=_chosen(request.actor.person))
    if form.is_valid() and said_on(form, lambda: _choose(request, form)):
        messages.info(request, "Kept. It holds for what happens from now on.")
        return redirect("reviews:notice-settings")
    return _page(request, form, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@sensitive_variables("made")
@require_POST
def make_feed(request: MemberRequest) -> HttpResponse:
    """A feed address of one's own, confirmed anew and shown on this one answer. It is a token that reads the feed and nothing else."""
    require(policies.may_see_board(request.actor))
    confirming = FeedForm(request.POST, user=request.user)
    made = said_on(confirming, lambda: _new_feed(request.actor.person, confirming)) if confirming.is_valid() else None
    form = TellingForm(initial=_chosen(request.actor.person))
    if not made:
        return _page(request, form, confirming=confirming, status=422)
    return _page(request, form, feed_address=django_settings.PUBLIC_URL + reverse("reviews:feed", args=[made]))


@sensitive_variables("secret")
def _new_feed(person: Person, confirming: FeedForm) -> str:
    """The key in a new feed address."""
    _, secret = create_token(
        person=person,
        actor=person,
        scopes=[Scope.FEED_READ],
        days=FEED_DAYS,
        label="News feed",
        at=timezone.now(),
        **confirming.signed(),
    )
    return secret


def _page(
    request: MemberRequest, form: TellingForm, *, confirming: FeedForm | None = None, status: int = 200, feed_address: str = ""
) -> HttpResponse:
    now = timezone.now()
    feeds = [token for token in tokens_of(request.actor.person) if token.scopes == [Scope.FEED_READ] and token.is_live(now)]
    context = {
        "form": form,
        "confirming": confirming or FeedForm(user=request.user),
        "feeds": feeds,
        "feed_address": feed_address,
        "may_feed": bool(policies.may_see_board(request.actor)),
    }
    return render(request, "reviews/notice_settings.html", context, status=status)


def _choose(request: MemberRequest, form: TellingForm) -> bool:
    when = {name: form.cleaned_data[name] for name in ("zone", "hour", "weekday")}
    choose_notices(choices=form.choices(), actor=request.actor.person, at=timezone.now(), **when)
    return True


def _chosen(person: Person) -> dict[str, object]:
    """What holds now, as the form shows it."""
    kept = {one.kind: one for one in NoticePreference.objects.filter(person=person)}
    when = DigestTime.objects.filter(person=person).values_list("zone", "hour", "weekday").first() or DEFAULT_TIME
    shown: dict[str, object] = dict(zip(("zone", "hour", "weekday"), when, strict=True))
    for kind in KIND_WORDS:
        one = kept.get(kind)
        shown |= {f"inbox_{kind}": one.inbox if one else True, f"mail_{kind}": one.by_mail if one else ByMail.AT_ONCE}
    return shown
