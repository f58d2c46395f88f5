"""Every address × every kind of visitor × every method, against one table.

Closed by construction: an address without a row fails, a row without an address fails, and what a row does not name is refused.
To add one: a line in `ROWS` (and, where the address has parameters, one in `PLACES`). A failure prints the line it would take.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from asl_portal.api import AUTH, api
from evaluations.models import Arms, Measurement, Subject
from evaluations.services import corrections
from evaluations.services.dossiers import open_dossier
from evaluations.services.results import announce
from evaluations.services.subjects import report_deployment
from frameworks.services import load_framework
from ledger.notary import Notary
from people import services as people
from people.api_auth import TokenAuth
from people.models import Person, RoleGrant
from people.saved_views import save_view
from people.signing import Statement
from people.words import Role, Scope
from reviews.models import ClockTurn, Delivery, Observing
from reviews.reports.exports import make_due, request_export
from reviews.services import imports, named_sets, outlets
from reviews.services.adoptions import propose_adoption
from reviews.services.badges import make_badge
from reviews.services.boards import found_board, propose_seat
from tests.evaluations.logs import log
from tests.makers import (
    CONFIRMED,
    Cast,
    adopt_framework,
    give_app,
    give_password,
    later,
    make_binding,
    make_people,
    make_person,
    make_signature,
    make_snapshot,
    make_subject,
    make_token,
)
from tests.reviews.conftest import WITH_PAPER, Board

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LOGIN = "login"  # sent to the sign-in page: nobody is signed in
ANYBODY = "anonymous"
STRANGER = "stranger"  # an account, no role
PERSONAS = {role: name for name, role in {
    "ada": Role.RESEARCHER, "ben": Role.REVIEWER, "farid": Role.SAFEGUARD_OWNER, "dan": Role.CHAIR, "grace": Role.EXECUTIVE,
    "kai": Role.BOARD_OBSERVER, "hana": Role.AUDITOR, "lena": Role.OUTSIDE_EVALUATOR, "ivo": Role.ADMINISTRATOR,
}.items()}  # fmt: skip
ROLES = tuple(str(role) for role in Role)
VISITORS = (ANYBODY, STRANGER, *ROLES)

Expected = dict[str, object]


# How a row is written


def by(usual: object, **others: object) -> Expected:
    """The answer for every role, but for those named: `by(200, outside_evaluator=404)`."""
    assert set(others) <= set(VISITORS), f"no such visitor: {set(others) - set(VISITORS)}"
    return dict.fromkeys(ROLES, usual) | others


def only(roles: tuple[str, ...], answer: object, others: object = 403, **named: object) -> Expected:
    """One answer for some roles, another for the rest: `only(KEEPERS, 200, outside_evaluator=404)`."""
    return by(others, **dict.fromkeys(roles, answer) | named)


def everybody(answer: object) -> Expected:
    """The same for all, signed in or not."""
    return dict.fromkeys(VISITORS, answer)


def with_a_factor(answer: object) -> Expected:
    """The one of them who has a second factor."""
    return {"board_observer": answer}


def signed_in(answer: object) -> Expected:
    """The same for all who are signed in, with a role or without."""
    return by(answer, stranger=answer)


@dataclass(frozen=True)
class Row:
    """What each method answers to each visitor. Methods that are not named answer 405, once one has come as far as the view."""

    methods: dict[str, Expected]
    rest: Expected

    def answer(self, method: str, visitor: str, is_api: bool) -> object:
        said = self.methods.get(method)
        if method == "HEAD" and said is None and not is_api:
            said = self.methods.get("GET")  # a page answers HEAD as it answers GET; a call of the API has one method
        expected = self.rest if said is None else said
        if visitor in expected:
            return expected[visitor]
        if is_api:
            return 401 if said is not None else 405
        return LOGIN if visitor == ANYBODY else 404


def row(rest: Expected | None = None, **methods: Expected) -> Row:
    """A row of the table. Unless it says otherwise, nobody comes in without signing in, and to a stranger nothing is there."""
    return Row(methods, by(405) if rest is None else rest)


INSIDE = by(200, outside_evaluator=404)


def form(roles: tuple[str, ...]) -> Row:
    """A form inside the portal that some roles may fill in; sent with nothing in it, it says what is missing."""
    return row(GET=only(roles, 200, outside_evaluator=404), POST=only(roles, 422, outside_evaluator=404))


BRINGERS = ("researcher", "chair")
CHECKERS = ("reviewer", "chair")
SERVERS = ("researcher", "chair", "safeguard_owner", "administrator")
KEEPERS = ("administrator", "chair", "executive")
OPEN_REST = everybody(405)

# The table. One block a room, one line an address. An answer is a status, a tuple of statuses, or LOGIN.

ROWS: dict[str, Row] = {
    # asl_portal
    "healthz": row(OPEN_REST, GET=everybody(200)),
    "readyz": row(OPEN_REST, GET=everybody((200, 503))),
    "metrics": row(OPEN_REST, GET=everybody(200)),
    "theme": row(OPEN_REST, POST=everybody(302)),
    "search": row(GET=by(200)),
    "glossary": row(GET=by(200)),
    "start": row(GET=by(404)),  # this world is not the demonstration; tests/asl_portal/test_seeded_world.py walks the one that is
    "start-sample": row(GET=by(404)),
    # people: signing in
    "account_login": row(OPEN_REST, GET=by(302, anonymous=200, stranger=302), POST=by(302, anonymous=200, stranger=302)),
    "account_logout": row(OPEN_REST, GET=by(200, anonymous=302, stranger=200), POST=everybody(302)),
    # Between the two steps of signing in; tests/people/test_second_factors.py walks them.
    "mfa_authenticate": row(OPEN_REST, GET=by(302, anonymous=LOGIN, stranger=302), POST=by(302, anonymous=LOGIN, stranger=302)),
    "account_inactive": row(OPEN_REST, GET=everybody(200)),
    "account_change_password": row(signed_in(405), GET=signed_in(200), POST=signed_in(422)),
    "choose_password": row(OPEN_REST, GET=everybody(200), POST=everybody(422)),
    "sign_in_link": row(OPEN_REST, GET=everybody(302)),
    # people: the sign-in provider. This world has none; tests/people/test_signing_in_at_the_provider.py walks those that have
    "provider_sign_in": row(OPEN_REST, POST=everybody(404)),
    "provider_callback": row(OPEN_REST, GET=everybody(404), HEAD=everybody(405)),  # what is only looked at uses no answer up
    "provider_signed_out": row(OPEN_REST, GET=everybody(404)),
    "provider_sign_out": row(OPEN_REST, GET=everybody(404)),
    "provider_for_link": row(OPEN_REST, POST=everybody(404)),
    "provider_link_confirm": row(OPEN_REST, GET=everybody(404), POST=everybody(404)),
    "people:provider-link": row(signed_in(405), POST=signed_in(404)),
    "people:provider-link-confirm": row(signed_in(405), GET=signed_in(404), POST=signed_in(404)),
    "people:provider-confirm": row(signed_in(405), POST=signed_in(404)),
    "people:provider-unlink": row(signed_in(405), GET=signed_in(404), POST=signed_in(404)),
    # people: pages
    "people:me": row(signed_in(405), GET=signed_in(200)),
    "people:factors": row(signed_in(405), GET=signed_in(200)),
    "people:app-add": row(signed_in(405), GET=signed_in(200) | with_a_factor(302), POST=signed_in(422) | with_a_factor(302)),
    "people:passkey-add": row(signed_in(405), GET=signed_in(200), POST=signed_in(422)),
    "people:recovery-codes": row(signed_in(405), GET=signed_in(302) | with_a_factor(200), POST=signed_in(302) | with_a_factor(422)),
    "people:factor-remove": row(signed_in(405), GET=signed_in(404) | with_a_factor(200), POST=signed_in(404) | with_a_factor(422)),
    "people:saved-views": row(GET=by(200)),
    "people:view-save": row(POST=by(422)),
    "people:view-rename": row(POST=by(404, reviewer=422)),
    "people:view-delete": row(POST=by(404, reviewer=302)),
    "people:sessions": row(signed_in(405), GET=signed_in(200), POST=signed_in(302)),
    "people:tokens": row(GET=by(200), POST=by(422)),
    "people:token-revoke": row(POST=only(KEEPERS, 302, others=404, researcher=302)),
    "people:members": row(GET=INSIDE),
    "people:new-person": form(KEEPERS),
    "people:person": row(GET=INSIDE),
    "people:grant-propose": row(POST=only(KEEPERS, 422, outside_evaluator=404)),
    "people:grant-act": form(KEEPERS),
    "people:link-propose": row(POST=only(KEEPERS, 302, outside_evaluator=404)),
    "people:link-act": row(GET=only(KEEPERS, 200, others=404), POST=only(KEEPERS, 422, others=404)),
    "people:account-close": form(KEEPERS),
    "people:account-reopen": form(KEEPERS),
    # ledger
    "ledger:list": row(GET=INSIDE),
    "ledger:verify": row(GET=by(200, outside_evaluator=404), POST=by(302, outside_evaluator=404)),
    "ledger:checkpoint": row(GET=INSIDE),
    "ledger:keys": row(OPEN_REST, GET=everybody(200)),
    "ledger:entry": row(GET=INSIDE),
    # frameworks
    "frameworks:list": row(GET=by(200)),
    "frameworks:detail": row(GET=by(200)),
    "frameworks:source": row(GET=by(200)),
    "frameworks:changes": row(GET=by(200)),
    # evaluations
    "evaluations:uploads": row(GET=by(200)),
    "evaluations:upload-new": row(
        GET=only((*BRINGERS, "outside_evaluator"), 200), POST=only((*BRINGERS, "outside_evaluator"), 422)
    ),
    # Nothing is ticked: whoever may see uploads is told so.
    "evaluations:uploads-confirm": row(GET=by(422), POST=by(422)),
    "evaluations:upload": row(GET=INSIDE),
    "evaluations:upload-raw": row(GET=by(403, outside_evaluator=404)),
    "evaluations:upload-set-aside": row(GET=only(CHECKERS, 409, outside_evaluator=404), POST=only(CHECKERS, 409, outside_evaluator=404)),
    "evaluations:upload-attest": form(CHECKERS),
    "evaluations:upload-correct": form(("researcher", "reviewer", "chair")),
    "evaluations:correction-sign": form(CHECKERS),
    "evaluations:upload-retry": row(POST=only(("researcher", "chair", "administrator"), 409, outside_evaluator=404)),
    "evaluations:run": row(GET=INSIDE),
    "evaluations:run-set-aside": form(CHECKERS),
    "evaluations:measurement-supersede": form(CHECKERS),
    # An outside evaluator's announced runs belong to their dossier; there is none in this world.
    "evaluations:announced-runs": row(GET=INSIDE, POST=only(BRINGERS, 422, outside_evaluator=404)),
    "evaluations:announced-run-sign-away": form(CHECKERS),
    "evaluations:dossiers": row(GET=by(200), POST=only(("chair",), 422)),
    "evaluations:dossier-close": row(POST=only(("chair",), 302)),
    "evaluations:bindings": row(GET=INSIDE),
    "evaluations:binding-new": form(BRINGERS),
    "evaluations:binding-confirm": form(CHECKERS),
    "evaluations:subject-new": row(GET=only(BRINGERS, 200), POST=only(BRINGERS, 422)),
    "evaluations:snapshots": row(GET=INSIDE),
    "evaluations:snapshot-new": form(BRINGERS),
    "evaluations:snapshot-confirm": form(CHECKERS),
    "evaluations:snapshot-choose": row(POST=only(BRINGERS, 302, outside_evaluator=404)),
    # reviews
    "reviews:home": row(GET=by(302)),
    "reviews:inbox": row(GET=by(200)),
    "reviews:inbox-read": row(POST=by(302)),
    "reviews:portfolio": row(GET=INSIDE),
    "reviews:subject-detail": row(GET=INSIDE),
    "reviews:case-list": row(GET=INSIDE),
    "reviews:case-detail": row(GET=INSIDE),
    "reviews:case-open": form(CHECKERS),
    "reviews:comment": row(POST=by(422, outside_evaluator=404)),
    "reviews:recuse": form(("reviewer", "chair", "executive")),
    "reviews:vote": form(("reviewer",)),
    "reviews:declare": row(GET=only(("chair",), 409, outside_evaluator=404), POST=only(("chair",), 409, outside_evaluator=404)),
    "reviews:propose": form(("chair",)),
    "reviews:ask-release": form(("chair",)),
    "reviews:close": form(("chair",)),
    "reviews:withdraw": form(("chair",)),
    "reviews:applicability": form(("reviewer", "safeguard_owner")),
    "reviews:report": row(GET=INSIDE, POST=by(302, outside_evaluator=404)),
    "reviews:report-download": row(GET=INSIDE),
    "reviews:halt": form(CHECKERS),
    "reviews:safeguard-list": row(GET=INSIDE),
    "reviews:safeguard-new": row(GET=only(("safeguard_owner",), 200), POST=only(("safeguard_owner",), 422)),
    "reviews:safeguard-detail": row(GET=INSIDE),
    "reviews:safeguard-change": form(("safeguard_owner",)),
    "reviews:safeguard-retire": row(
        GET=only(("safeguard_owner",), 200, outside_evaluator=404), POST=only(("safeguard_owner",), 302, outside_evaluator=404)
    ),
    "reviews:safeguard-sign": form(("reviewer",)),
    "reviews:evidence-attach": row(POST=only(("safeguard_owner",), 422, outside_evaluator=404)),
    "reviews:evidence-file": row(GET=INSIDE),
    "reviews:evidence-withdraw": row(POST=only(("safeguard_owner",), 302, outside_evaluator=404)),
    "reviews:signoff-revoke": form(CHECKERS),
    "reviews:work": row(GET=only(("administrator",), 200, outside_evaluator=404)),
    "reviews:work-retry": row(POST=only(("administrator",), 409, outside_evaluator=404)),
    "reviews:work-retry-all": row(POST=only(("administrator",), 409, outside_evaluator=404)),
    "reviews:report-retry": row(POST=by(409, outside_evaluator=404)),
    "reviews:gate": row(GET=INSIDE),
    "reviews:deployments": row(
        GET=INSIDE, POST=only(SERVERS, 422, outside_evaluator=404)
    ),
    "reviews:deployment-end": row(
        POST=only(SERVERS, 302, outside_evaluator=404)
    ),
    "reviews:papers": row(
        GET=INSIDE, POST=only(("researcher", "chair", "safeguard_owner"), 422, outside_evaluator=404)
    ),
    "evaluations:arms-new": form(("researcher", "reviewer", "chair")),
    "evaluations:arms-confirm": form(("reviewer", "chair")),
    "reviews:clocks": row(GET=INSIDE),
    "reviews:clock-answer": form(("chair",)),
    "reviews:observed": row(GET=INSIDE),
    "reviews:observing-new": form(("chair",)),
    "reviews:observing-vote": form(("reviewer",)),
    "reviews:imports": row(GET=INSIDE),
    "reviews:import-new": form(CHECKERS),
    "reviews:import-second": row(GET=only(("chair",), 200, outside_evaluator=404), POST=only(("chair",), 422, outside_evaluator=404)),
    "reviews:late-results": row(GET=INSIDE),
    "reviews:named-set-new": form(("chair",)),
    "reviews:named-set-vote": form(("reviewer",)),
    "reviews:paper-file": row(GET=INSIDE),
    "reviews:paper-withdraw": row(POST=only(("researcher", "chair", "safeguard_owner"), 302, outside_evaluator=404)),
    "reviews:board-list": row(GET=INSIDE),
    "reviews:board-new": form(("chair", "executive")),
    "reviews:board": row(GET=INSIDE),
    "reviews:seat-propose": row(POST=only(("chair", "executive"), 422, outside_evaluator=404)),
    "reviews:seat-confirm": form(("executive",)),
    "reviews:seat-leave": row(POST=only(("reviewer", "chair"), 302, outside_evaluator=404)),
    "reviews:adoption-list": row(GET=INSIDE),
    "reviews:adoption-propose": form(("chair",)),
    "reviews:adoption-confirm": form(("executive",)),
    "reviews:report-check": row(GET=INSIDE, POST=by(422, outside_evaluator=404)),
    "reviews:table-portfolio": row(POST=INSIDE),
    "reviews:table-subject": row(POST=INSIDE),
    "reviews:table-cases": row(POST=INSIDE),
    "reviews:table-case": row(POST=INSIDE),
    "reviews:table-signoffs": row(POST=INSIDE),
    "reviews:table-ledger": row(POST=INSIDE),
    "reviews:outlet-list": row(GET=only(("administrator",), 200, outside_evaluator=404)),
    "reviews:webhook-new": form(("administrator",)),
    "reviews:channel-new": form(("administrator",)),
    "reviews:outlet": row(GET=only(("administrator",), 200, outside_evaluator=404)),
    "reviews:outlet-rotate": form(("administrator",)),
    "reviews:outlet-stop": row(POST=only(("administrator",), 302, outside_evaluator=404)),
    "reviews:outlet-test": row(POST=only(("administrator",), 302, outside_evaluator=404)),
    "reviews:delivery-resend": row(POST=only(("administrator",), 302, outside_evaluator=404)),
    "reviews:notice-settings": row(GET=by(200), POST=by(422)),
    "reviews:feed-new": row(POST=only(("outside_evaluator",), 404, others=422)),
    "reviews:feed": row(OPEN_REST, GET=everybody(200)),
    "reviews:badge": row(GET=INSIDE),
    "reviews:badge-new": form(ROLES),
    "reviews:badge-outside": row(OPEN_REST, GET=everybody(200)),
    # the API, with a token of every scope; without one: 401
    "api:openapi-json": row(**dict.fromkeys(METHODS, everybody(200))),
    "api:api-root": row(everybody(404)),
    "api:upload_evaluation": row(POST=only(BRINGERS, 202, outside_evaluator=404)),
    "api:evaluation": row(GET=INSIDE),
    "api:announce_run": row(POST=only(BRINGERS, 201, outside_evaluator=404)),
    "api:list_subjects": row(GET=by(200), POST=only(BRINGERS, 201)),
    "api:register_subject": row(GET=by(200), POST=only(BRINGERS, 201)),
    "api:status": row(GET=INSIDE),
    "api:ask_gate": row(GET=by(200)),
    "api:authorise": row(POST=by(201, outside_evaluator=404)),
    "api:list_deployments": row(GET=by(200), POST=only(SERVERS, 201, outside_evaluator=404)),
    "api:report_deployment": row(GET=by(200), POST=only(SERVERS, 201, outside_evaluator=404)),
    "api:end_deployment": row(POST=only(SERVERS, 200, outside_evaluator=404)),
    "api:list_cases": row(GET=by(200)),
    "api:case": row(GET=INSIDE),
    "api:checkpoint": row(GET=INSIDE),
    "api:entries": row(GET=INSIDE),
    "api:proof": row(GET=INSIDE),
}  # fmt: skip


@dataclass
class World:
    """One small world for all rows, built once; every request is rolled back. Rooms put what their addresses name into `things`."""

    cast: Cast
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)
    blobs: Path = Path()

    @property
    def weights(self) -> str:
        return str(self.things["weights"])


# Where a door with parameters stands in that world: the keywords of its address.
PLACES: dict[str, Callable[[World], dict[str, object]]] = {
    "sign_in_link": lambda world: {"secret": world.things["secret"]},
    "people:factor-remove": lambda world: {"pk": world.things["factor"]},
    "people:provider-unlink": lambda world: {"pk": world.cast.ben.pk},
    **dict.fromkeys(("people:view-rename", "people:view-delete"), lambda world: {"pk": world.cast.ben.saved_views.get().pk}),
    "people:token-revoke": lambda world: {"pk": world.cast.ada.api_tokens.get().pk},
    "people:person": lambda world: {"pk": world.cast.ben.pk},
    "people:grant-propose": lambda world: {"pk": world.cast.ben.pk},
    "people:grant-act": lambda world: {"kind": "role", "pk": world.things["grant"].pk, "act": "confirm"},
    "people:link-propose": lambda world: {"pk": world.cast.ben.pk},
    "people:link-act": lambda world: {"pk": world.things["link"].pk, "act": "confirm"},
    "people:account-close": lambda world: {"pk": world.cast.chloe.pk},
    "people:account-reopen": lambda world: {"pk": world.things["closed"].pk},
    "ledger:entry": lambda world: {"seq": 1},
    "api:proof": lambda world: {"seq": 1},
    "api:evaluation": lambda world: {"upload_id": world.things["upload"].pk},
    "api:status": lambda world: {"slug": "heron"},
    "api:case": lambda world: {"case_id": world.things["case"].pk},
    "frameworks:detail": lambda world: {"name": "board", "version": "1"},
    "frameworks:source": lambda world: {"name": "board", "version": "1"},
    "frameworks:changes": lambda world: {"name": "board", "version": "1"},
    "evaluations:upload": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-raw": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-set-aside": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-correct": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-attest": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:correction-sign": lambda world: {"pk": world.things["upload"].pk, "correction_pk": world.things["correction"].pk},
    "evaluations:upload-retry": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:run": lambda world: {"pk": world.things["run"].pk},
    "evaluations:run-set-aside": lambda world: {"pk": world.things["run"].pk},
    "evaluations:measurement-supersede": lambda world: {
        "pk": world.things["run"].pk,
        "measurement_pk": world.things["run"].measurements.first().pk,
    },
    "evaluations:binding-confirm": lambda world: {"pk": world.things["binding"].pk},
    "evaluations:snapshots": lambda world: {"slug": "heron"},
    "evaluations:snapshot-new": lambda world: {"slug": "heron"},
    "evaluations:snapshot-confirm": lambda world: {"slug": "heron", "pk": world.things["snapshot"].pk},
    "evaluations:snapshot-choose": lambda world: {"slug": "heron", "pk": world.things["snapshot"].pk},
    "evaluations:announced-runs": lambda world: {"slug": "heron"},
    "evaluations:announced-run-sign-away": lambda world: {"slug": "heron", "pk": world.things["announced"].pk},
    "reviews:subject-detail": lambda world: {"slug": "heron"},
    "reviews:case-open": lambda world: {"slug": "heron"},
    **dict.fromkeys(
        ("reviews:outlet", "reviews:outlet-rotate", "reviews:outlet-stop", "reviews:outlet-test"),
        lambda world: {"outlet_id": world.things["outlet"].pk},
    ),
    "reviews:delivery-resend": lambda world: {"delivery_id": world.things["delivery"].pk},
    "reviews:feed": lambda world: {"secret": world.things["feed"]},
    "reviews:badge": lambda world: {"slug": "heron"},
    "reviews:badge-new": lambda world: {"slug": "heron"},
    "reviews:badge-outside": lambda world: {"secret": world.things["badge"]},
    "reviews:table-portfolio": lambda world: {"format": "csv"},
    "reviews:table-subject": lambda world: {"slug": "heron", "format": "xlsx"},
    "reviews:table-cases": lambda world: {"format": "xlsx"},
    "reviews:table-case": lambda world: {"number": world.things["case"].number, "format": "csv"},
    "reviews:table-signoffs": lambda world: {"format": "csv"},
    "reviews:table-ledger": lambda world: {"format": "csv"},
    "reviews:halt": lambda world: {"slug": "heron", "scope": "external"},
    **dict.fromkeys(
        (
            "reviews:case-detail",
            "reviews:comment",
            "reviews:recuse",
            "reviews:close",
            "reviews:withdraw",
            "reviews:ask-release",
            "reviews:applicability",
            "reviews:report",
        ),
        lambda world: {"number": world.things["case"].number},
    ),
    **dict.fromkeys(
        ("reviews:vote", "reviews:declare", "reviews:propose"),
        lambda world: {"number": world.things["case"].number, "question_id": world.things["question"].pk},
    ),
    "reviews:report-retry": lambda world: {"export_id": world.things["export"].pk},
    "reviews:work-retry": lambda world: {"kind": "report", "row_id": str(world.things["export"].pk)},
    "reviews:work-retry-all": lambda world: {"kind": "report", "count": 3},
    "reviews:report-download": lambda world: {"export_id": world.things["export"].pk},
    "reviews:safeguard-sign": lambda world: {"implementation_id": world.things["unsigned"].pk},
    **dict.fromkeys(
        ("reviews:safeguard-detail", "reviews:safeguard-change", "reviews:safeguard-retire", "reviews:evidence-attach"),
        lambda world: {"implementation_id": world.things["safeguard"].pk},
    ),
    **dict.fromkeys(
        ("reviews:evidence-file", "reviews:evidence-withdraw"),
        lambda world: {
            "implementation_id": world.things["safeguard"].pk,
            "evidence_id": world.things["safeguard"].evidence.first().pk,
        },
    ),
    "reviews:signoff-revoke": lambda world: {"signoff_id": world.things["signoff"].pk},
    "evaluations:dossier-close": lambda world: {"pk": world.things["dossier"].pk},
    **dict.fromkeys(
        (
            "reviews:observed",
            "reviews:observing-new",
            "reviews:deployments",
            "reviews:papers",
            "reviews:late-results",
            "reviews:imports",
            "reviews:import-new",
        ),
        lambda world: {"slug": "heron"},
    ),
    "reviews:observing-vote": lambda world: {"observing_id": world.things["observing"].pk},
    "reviews:import-second": lambda world: {"record_id": world.things["imported"].pk},
    "reviews:named-set-new": lambda world: {"slug": "heron", "indicator": "bio-protocols"},
    "evaluations:arms-new": lambda world: {"pk": world.things["run"].pk, "measurement_pk": world.things["run"].measurements.first().pk},
    "evaluations:arms-confirm": lambda world: {"pk": world.things["arms"].pk},
    "reviews:clock-answer": lambda world: {"turn_id": world.things["turn"].pk},
    "reviews:named-set-vote": lambda world: {"set_id": world.things["named_set"].pk},
    **dict.fromkeys(("reviews:paper-file", "reviews:paper-withdraw"), lambda world: {"paper_id": world.things["paper"].pk}),
    "reviews:deployment-end": lambda world: {"deployment_id": world.things["deployment"].pk},
    "api:end_deployment": lambda world: {"deployment_id": world.things["deployment"].pk},
    **dict.fromkeys(("reviews:board", "reviews:seat-propose"), lambda world: {"slug": "council"}),
    **dict.fromkeys(("reviews:seat-confirm", "reviews:seat-leave"), lambda world: {"slug": "council", "seat_id": world.things["seat"].pk}),
    "reviews:adoption-propose": lambda world: {"version_id": world.things["draft"].pk},
    "reviews:adoption-confirm": lambda world: {"adoption_id": world.things["adoption"].pk},
}


# What is sent where nothing sent would only show that nothing was sent: a whole question or form. Else a form goes empty.
SENT: dict[tuple[str, str], Callable[[World], dict[str, Any]]] = {
    ("api:upload_evaluation", "POST"): lambda world: multipart(file=SimpleUploadedFile("run.json", b"{}"), subject="heron"),
    ("api:announce_run", "POST"): lambda world: as_json(subject="heron", indicator="exploits", harness="inspect", run_id="another"),
    **dict.fromkeys((("api:list_subjects", "POST"), ("api:register_subject", "POST")), lambda world: as_json(slug="owl", name="Owl")),
    ("api:ask_gate", "GET"): lambda world: {"QUERY_STRING": f"artefact={world.weights}&scope=external"},
    ("api:authorise", "POST"): lambda world: as_json(artefact=world.weights, scope="external"),
    **dict.fromkeys(
        (("api:list_deployments", "POST"), ("api:report_deployment", "POST")),
        lambda world: as_json(artefact=world.weights, scope="external", since=timezone.now().isoformat()),
    ),
    ("api:end_deployment", "POST"): lambda world: as_json(until=timezone.now().isoformat()),
    ("reviews:report", "POST"): lambda world: FORM | {"data": "kind=json"},
}


def as_json(**told: object) -> dict[str, Any]:
    return JSON | {"data": json.dumps(told)}


def multipart(**told: object) -> dict[str, Any]:
    return {"data": encode_multipart(BOUNDARY, told), "content_type": MULTIPART_CONTENT}


def build_board(world: World) -> None:
    """A model whose evidence rose, the case that opened, a safeguard built and signed, and one of everything that waits for somebody."""
    cast = world.cast
    version = adopt_framework(cast, WITH_PAPER)
    make_binding(cast, "bio-protocols", "bio_protocols")
    make_binding(cast, "exploits", "exploits")
    subject = make_subject(cast)
    board = Board(cast, version, subject, make_snapshot(cast, subject, is_release_candidate=True))
    case = board.rise()
    safeguard = board.build("asl-3-security-1")
    draft = load_framework(source=WITH_PAPER.replace(b"revision: 1", b"revision: 2"), actor=None, at=board.now())
    proposed = load_framework(source=WITH_PAPER.replace(b"revision: 1", b"revision: 3"), actor=None, at=board.now())
    upload = board.send(log("exploits", right=1, run="not-countersigned"))
    board.work()
    council = found_board(slug="council", name="The council", framework_name="board", actor=cast.dan, at=board.now())
    late = board.send(log("bio_extra", right=1, run="before-its-binding"))
    board.work()
    make_binding(cast, "bio-protocols", "bio_extra", at=board.now())
    board.work()
    at = board.now()
    named_set = named_sets.propose(
        subject=subject,
        framework_version=version,
        indicator="bio-protocols",
        measurements=list(Measurement.objects.filter(run__upload=late, metric="accuracy")),
        reason="The task was fixed.",
        actor=cast.dan,
        user=cast.dan.user,
        confirmation=CONFIRMED,
        at=at,
    )
    world.things |= {
        "board": board,
        "weights": board.snapshot.weights_digest,
        "named_set": named_set,
        "observing": Observing.objects.create(
            subject=subject,
            snapshot=board.snapshot,
            framework_version=version,
            scope="external",
            until=later(days=99_999),
            content_digest="sha256:" + "0" * 64,
            reason="It ran before.",
            roster=named_set.roster,
            quorum=named_set.quorum,
            requires={},
            proposed_by=cast.dan,
            proposed=make_signature(cast.dan, Statement(type="tests", digests={}, meaning="proposes", role="chair"), at=at),
            proposed_at=at,
        ),
        "imported": imports.attest(
            subject=subject,
            framework_version=version,
            threshold="bio-4",
            verdict="not_crossed",
            source_digest="sha256:" + "0" * 64,
            source_place="Minutes, page 1",
            note="I compared it.",
            true_at=later(days=-300),
            expires_at=later(days=99_999),
            actor=cast.ben,
            user=cast.ben.user,
            confirmation=CONFIRMED,
            at=at,
        ),
        "arms": Arms.objects.create(
            measurement=Measurement.objects.filter(run__upload=upload).first(),
            **{f"{arm}_{name}": value for arm in ("treatment", "control") for name, value in (("mean", "1"), ("stderr", "1"), ("n", 2))},
            dossier_digest="sha256:" + "0" * 64,
            dossier_place="Page 1",
            proposed_by=cast.ada,
            proposed_at=at,
        ),
        "turn": ClockTurn.objects.create(framework_name="board", clock="yearly", effect="review", begun_at=at, due_at=later(days=30)),
        "seat": propose_seat(board=council, person=cast.ben, role="reviewer", actor=cast.dan, at=board.now()),
        "binding": make_binding(cast, "exploits", "exploits_too", confirmed=False, at=board.now()),
        "snapshot": make_snapshot(cast, subject, "step 2", confirmed=False, at=board.now()),
        "upload": upload,
        "run": upload.runs.get(),
        "case": case,
        "question": case.questions.first(),
        "safeguard": safeguard,
        "paper": board.supply(),
        "signoff": board.sign_off(cast.chloe, safeguard),
        "unsigned": board.build("asl-3-deployment-1"),
        "announced": announce(subject=subject, indicator="exploits", harness="inspect", external_id="soon", actor=cast.ada, at=board.now()),
        "deployment": report_deployment(snapshot=board.snapshot, scope="internal", since=board.now(), actor=cast.farid, at=board.now()),
        # Of another model than the one the rows are about, which does not exist for an outside evaluator.
        "dossier": open_dossier(
            subject=make_subject(cast, "egret", at=board.now()), person=cast.lena, until_at=later(days=999), actor=cast.dan, at=board.now()
        ),
        "draft": draft,
        "adoption": propose_adoption(
            version=proposed, rationale="It says more.", actor=cast.dan, user=cast.dan.user, confirmation=CONFIRMED, at=board.now()
        ),
        "export": request_export(case=case, kind="json", actor=cast.hana, at=board.now()),
    }
    world.things["correction"] = corrections.propose(
        upload=upload, snapshot=world.things["snapshot"], reason="It was a later step.", actor=cast.ada, at=board.now()
    )
    assert make_due(at=board.now()) == 1


def build_people(world: World) -> None:
    """A proposal and a link by Jun, which others may confirm, and a link of Kai's that opens. Links and tokens live at now, so they come last."""
    cast, now = world.cast, timezone.now()
    told = {"label": "Pager", "address": "https://hooks.example/x", "topics": ["gate"], "confirmation": CONFIRMED}
    world.things["outlet"], _ = outlets.add_webhook(actor=cast.ivo, user=cast.ivo.user, at=now, **told)
    world.things["delivery"] = outlets.send_test(outlet=world.things["outlet"], actor=cast.ivo, at=now)
    Delivery.objects.update(state="dead")
    save_view(name="Waiting", place="/uploads/", query="state=received", actor=cast.ben, at=now)
    world.things["grant"] = people.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.jun, at=now)
    world.things["link"] = people.propose_link(user=cast.chloe.user, actor=cast.jun, at=now)
    world.things["feed"] = make_token(cast.chloe, Scope.FEED_READ)
    world.things["badge"] = make_badge(subject=Subject.objects.get(slug="heron"), actor=cast.chloe, confirmation=CONFIRMED, at=now)
    world.things["closed"] = make_person("Olga", at=now)
    people.close_user(user=world.things["closed"].user, actor=cast.ivo, at=now)
    give_app(cast.kai, at=now)
    world.things["factor"] = Authenticator.objects.get(user=cast.kai.user, type=Authenticator.Type.TOTP).pk
    Notary(world.blobs / "checkpoint.key").sign(at=now)
    _, world.things["secret"] = people.persona_link(user=cast.kai.user, at=now)


# How the doors are found and tried

# A form as a browser sends it that filled in nothing: not quite empty, so that no view takes it for a page that was merely opened.
FORM = {"data": "csrfmiddlewaretoken=any", "content_type": "application/x-www-form-urlencoded"}
JSON = {"data": "{}", "content_type": "application/json"}


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    parameters: frozenset[str]

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")


def doors(patterns: list[URLPattern | URLResolver] | None = None, route: str = "", space: str = "") -> Iterator[Door]:
    """Every address the portal knows, by its name; one without a name goes by its route."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from doors(one.url_patterns, here, f"{space}{one.namespace}:" if one.namespace else space)
        else:
            name = f"{space}{one.name}" if one.name else here
            yield Door(name, here, frozenset(re.findall(r"<(?:[a-z_.]+:)?(\w+)>", here)))


DOORS = {door.name: door for door in doors()}


def session_of(person: Person) -> str:
    client = Client()
    client.force_login(person.user)
    return client.cookies["asl_session"].value


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    blobs = tmp_path_factory.mktemp("blobs")
    with django_db_blocker.unblock(), override_settings(BLOB_DIR=blobs), transaction.atomic():
        yield build_world(blobs)
        transaction.set_rollback(True)


def build_world(blobs: Path) -> World:
    cast = make_people()
    built = World(cast, blobs=blobs)
    # Before the board's clock moves on: without a password half of the sign-in pages would lead elsewhere.
    visitors = {role: getattr(cast, name) for role, name in PERSONAS.items()} | {STRANGER: cast.eve}
    for person in (*visitors.values(), cast.chloe):
        give_password(person)
    build_board(built)
    build_people(built)
    for visitor, person in visitors.items():
        built.sessions[visitor] = session_of(person)
        if visitor != STRANGER:
            built.tokens[visitor] = make_token(person, *Scope.values)
    return built


def address(door: Door, world: World) -> str:
    keywords = PLACES[door.name](world) if door.name in PLACES else {}
    assert door.parameters == set(keywords), (
        f"{door.name} ({door.route}) has the parameters {sorted(door.parameters)}.\n"
        f'Add to PLACES in tests/test_doors.py:\n    "{door.name}": lambda world: {{{", ".join(f"{p!r}: …" for p in sorted(door.parameters))}}},'
    )
    return reverse(door.name, kwargs=keywords) if ":" in door.name or not door.route.endswith(door.name) else f"/{door.route}"


def knock(door: Door, where: str, method: str, visitor: str, world: World) -> object:
    """The answer to one request, with everything it changed undone."""
    if where.startswith("/accounts/"):
        cache.clear()  # rate limits
    client = Client(raise_request_exception=False)
    headers = {}
    if door.is_api and visitor in world.tokens:
        headers = {"Authorization": f"Bearer {world.tokens[visitor]}"}
    elif visitor in world.sessions:
        client.cookies["asl_session"] = world.sessions[visitor]
    if door.name == "choose_password":
        client.cookies["asl_link"] = world.things["secret"]  # what following the link left there
    with transaction.atomic(), override_settings(BLOB_DIR=world.blobs):
        content = {} if method in {"GET", "HEAD"} else JSON if door.is_api else FORM
        if (door.name, method) in SENT:
            content = SENT[door.name, method](world)
        answer = client.generic(method, where, headers=headers, **content)
        if answer.streaming:
            list(answer.streaming_content)  # a file left open is a warning; closing it by hand would close the database too
        transaction.set_rollback(True)
    sent_to_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    return LOGIN if sent_to_login else answer.status_code


def observed_row(door: Door, seen: dict[str, dict[str, object]]) -> str:
    """The line that would describe what was seen; a person has to say whether it is right."""
    parts = []
    for method, answers in seen.items():
        roles = [answers[role] for role in ROLES]
        usual = max(set(roles), key=roles.count)
        if usual == 405:
            continue
        others = {role: answers[role] for role in ROLES if answers[role] != usual}
        unsaid = {ANYBODY: 401 if door.is_api else LOGIN, STRANGER: 401 if door.is_api else 404}
        others |= {visitor: answers[visitor] for visitor, answer in unsaid.items() if answers[visitor] != answer}
        parts.append(f"{method}=by({', '.join([repr(usual), *(f'{who}={what!r}' for who, what in others.items())])})")
    return f'    "{door.name}": row({", ".join(parts)}),'


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(DOORS))
def test_a_door_answers_as_its_row_says(name: str, world: World) -> None:
    door = DOORS[name]
    where = address(door, world)
    seen = {method: {visitor: knock(door, where, method, visitor, world) for visitor in VISITORS} for method in METHODS}
    told = f"\nWhat was seen, as a row of ROWS in tests/test_doors.py (is it right?):\n{observed_row(door, seen)}"
    assert name in ROWS, f"{name} ({door.route}) has no row.{told}"
    wrong = [
        f"  {method} as {visitor}: expected {expected}, got {seen[method][visitor]}"
        for method in METHODS
        for visitor in VISITORS
        if seen[method][visitor] != (expected := ROWS[name].answer(method, visitor, door.is_api))
        and not (isinstance(expected, tuple) and seen[method][visitor] in expected)
    ]
    assert not wrong, "\n".join([f"{name} ({where}):", *wrong]) + told


# Doors that take a change without the token of the portal's own page, each with its reason. Calls of the API are none: no cookie opens them (below).
WITHOUT_PAGE_TOKEN: dict[str, str] = {}
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name, door in DOORS.items() if not door.is_api))
def test_a_form_of_another_site_opens_no_door(name: str, world: World) -> None:
    where = address(DOORS[name], world)
    for visitor in (ANYBODY, "chair"):
        client = Client(enforce_csrf_checks=True)
        if visitor in world.sessions:
            client.cookies["asl_session"] = world.sessions[visitor]
        for method in CHANGES:
            answer = client.generic(method, where, **FORM)
            refused = answer.status_code == 403 and "403_csrf.html" in [template.name for template in answer.templates]
            assert refused == (name not in WITHOUT_PAGE_TOKEN), (
                f"{method} {where} as {visitor} without the page's token: {answer.status_code}"
            )


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name, door in DOORS.items() if door.is_api and name in ROWS))
def test_a_session_opens_no_door_of_the_api(name: str, world: World) -> None:
    """So that what another site makes a browser send, cookies and all, is nobody's."""
    where = address(DOORS[name], world)
    client = Client(enforce_csrf_checks=True)
    client.cookies["asl_session"] = world.sessions["chair"]
    for method in (method for method, answers in ROWS[name].methods.items() if ANYBODY not in answers):
        content = {} if method == "GET" else JSON
        assert client.generic(method, where, **content).status_code == 401, method


def test_every_exception_from_the_pages_token_is_a_door() -> None:
    assert not WITHOUT_PAGE_TOKEN.keys() - DOORS.keys()


def test_every_row_has_its_door() -> None:
    assert sorted(set(ROWS) - set(DOORS)) == [], "These rows of tests/test_doors.py describe addresses that are not there."
    assert sorted(set(PLACES) - set(DOORS)) == [], "These places of tests/test_doors.py belong to addresses that are not there."


def test_no_two_addresses_share_a_name() -> None:
    names = [door.name for door in doors()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.django_db
def test_every_call_of_the_api_asks_for_one_scope() -> None:
    calls = [call for _, router in api._routers for place in router.path_operations.values() for call in place.operations]
    assert len(calls) >= 8
    for call in calls:
        room = call.view_func.__module__.split(".")[0]
        [auth] = call.auth_callbacks or [AUTH.get(room)]
        assert isinstance(auth, TokenAuth), f"{call.view_func.__name__} asks for no token"
        assert auth.scope in Scope.values


def test_the_personas_hold_exactly_the_roles_they_stand_for(world: World) -> None:
    for role, name in PERSONAS.items():
        held = RoleGrant.objects.filter(person=getattr(world.cast, name), confirmed_at__isnull=False)
        assert set(held.values_list("role", flat=True)) == {role}
    assert not RoleGrant.objects.filter(person=world.cast.eve, confirmed_at__isnull=False).exists()
