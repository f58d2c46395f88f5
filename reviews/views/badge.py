"""A model's badge, for whoever may open its page."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluations import access as evaluations_access
from people.doors import MemberRequest
from people.policies import require
from reviews import policies
from reviews.badge import CONTENT_TYPE, badge_svg
from reviews.status import subject_status
from reviews.views.feed import unchanged_or
from reviews.views.status import version_in_force


@require_safe
def badge(request: MemberRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    require(policies.may_see_board(request.actor))
    status = subject_status(evaluations_access.subject(request.actor, slug, now), version_in_force(), now)
    return unchanged_or(request, HttpResponse(badge_svg(status), content_type=CONTENT_TYPE))
