"""The board of a framework: who sits on it, whom its policies still lack, and the acts on its seats."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frameworks.queries import in_force, in_force_versions
from people.confirmed_act import confirmed, confirmed_act
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, policies
from reviews.board_page import FoundBoardForm, SeatForm, board_page, candidates
from reviews.models import Board
from reviews.services import boards


@require_safe
def board_list(request: MemberRequest) -> HttpResponse:
    """Every board, and the frameworks in force that have none."""
    known = list(access.boards(request.actor))
    context = {"boards": known, "without": _without_board(known), "may_found": policies.may_found_board(request.actor)}
    return render(request, "reviews/board_list.html", context)


def _without_board(known: list[Board]) -> list[str]:
    judged = {board.framework_name for board in known}
    return [version.name for version in in_force_versions().order_by("name") if version.name not in judged]


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def found(request: MemberRequest) -> HttpResponse:
    frameworks = _without_board(list(access.boards(request.actor)))
    require(policies.may_found_board(request.actor))
    form = FoundBoardForm(request.POST if request.method == "POST" else None, frameworks=frameworks, user=request.user)
    made = confirmed(request, form, partial(boards.found_board, actor=request.actor.person, at=timezone.now()))
    if made is not None:
        return redirect("reviews:board", slug=made.slug)
    return render(request, "reviews/board_new.html", {"form": form, "frameworks": frameworks}, status=422 if form.errors else 200)


@require_safe
def detail(request: MemberRequest, slug: str) -> HttpResponse:
    return _detail(request, access.board(request.actor, slug), None)


def _detail(request: MemberRequest, board: Board, form: SeatForm | None, status: int = 200) -> HttpResponse:
    now = timezone.now()
    version = in_force(board.framework_name)
    may_propose = policies.may_found_board(request.actor)
    context = {
        "board": board,
        "version": version,
        "page": board_page(board, version.document if version else None, request.actor, now),
        "may_propose": may_propose,
        "form": (form or SeatForm(candidates=candidates(board, now))) if may_propose else None,
    }
    return render(request, "reviews/board.html", context, status=status)


@require_POST
def propose_seat(request: MemberRequest, slug: str) -> HttpResponse:
    board, now = access.board(request.actor, slug), timezone.now()
    require(policies.may_found_board(request.actor))
    form = SeatForm(request.POST, candidates=candidates(board, now))
    if form.is_valid():
        seat = said_on(form, lambda: boards.propose_seat(board=board, actor=request.actor.person, at=now, **form.cleaned_data))
        if seat:
            messages.info(request, f"{seat.person.name} is proposed. The seat counts once somebody else confirms it.")
            return redirect("reviews:board", slug=slug)
    return _detail(request, board, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_seat(request: MemberRequest, slug: str, seat_id: UUID) -> HttpResponse:
    """The second keeper's word, confirmed anew: from then on whoever sits there is called to new cases."""
    board = access.board(request.actor, slug)
    seat = access.seat(board, seat_id)
    require(policies.may_confirm_seat(request.actor, seat))
    place = reverse("reviews:board", args=[slug])
    return confirmed_act(
        request,
        act=lambda: boards.confirm_seat(seat=seat, actor=request.actor.person, at=timezone.now()),
        said=f"{seat.person.name} has a seat. Cases opened from now on call them; open ones keep their roster.",
        place=place,
        context={
            "title": f"Confirm a seat of {seat.person.name}",
            "lede": "Cases opened from then on call whoever sits here to vote. Open ones keep the roster they were opened with.",
            "facts": [
                ("Board", board.name),
                ("Person", seat.person.name),
                ("As", seat.get_role_display()),
                ("Proposed by", seat.proposed_by),
            ],
            "crumbs": [(board.name, place)],
            "button": "Confirm this seat",
        },
    )


@require_POST
def leave_seat(request: MemberRequest, slug: str, seat_id: UUID) -> HttpResponse:
    seat = access.seat(access.board(request.actor, slug), seat_id)
    boards.leave_seat(seat=seat, actor=request.actor.person, at=timezone.now())
    messages.info(request, f"The seat of {seat.person.name} is empty. Open cases keep the roster they were opened with.")
    return redirect("reviews:board", slug=slug)
