"""The table of doors: what each address answers to each kind of visitor, by method. `tests/test_doors.py` walks it."""

from __future__ import annotations

from dataclasses import dataclass

from people.words import Role

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
    "ledger:export": row(POST=only(("auditor", "chair", "executive", "administrator"), 200, outside_evaluator=404)),
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
    "reviews:motions": row(GET=INSIDE),
    "reviews:ask-late-results": form(("chair",)),
    "reviews:ask-observed-scope": form(("chair",)),
    "reviews:motion-vote": form(("reviewer",)),
    "reviews:imports": row(GET=INSIDE),
    "reviews:import-new": form(CHECKERS),
    "reviews:import-second": row(GET=only(("chair",), 200, outside_evaluator=404), POST=only(("chair",), 422, outside_evaluator=404)),
    "reviews:late-results": row(GET=INSIDE),
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
    "api:authorise": row(POST=only(SERVERS, 201)),
    "api:list_deployments": row(GET=by(200), POST=only(SERVERS, 201)),
    "api:report_deployment": row(GET=by(200), POST=only(SERVERS, 201)),
    "api:end_deployment": row(POST=only(SERVERS, 200)),
    "api:list_cases": row(GET=by(200)),
    "api:case": row(GET=INSIDE),
    "api:checkpoint": row(GET=INSIDE),
    "api:entries": row(GET=INSIDE),
    "api:proof": row(GET=INSIDE),
}  # fmt: skip
