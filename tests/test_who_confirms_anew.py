"""A found session gives nobody power: every door that takes a POST either asks anew who one is, or stands here with why it need not."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

from django.urls import URLResolver, get_resolver

from tests.doors.rows import ROWS


def views(resolver: Any = None, prefix: str = "") -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            found |= views(each, prefix + (f"{each.namespace}:" if each.namespace else ""))
        elif each.name:
            found[prefix + each.name] = each.callback
    return found


def asks(view: Callable[..., Any]) -> bool:
    """Whether its function, or one of the same file that it calls, has the person confirm: by `confirmed_act`, `confirmed`, or a form's `signed()`."""
    view = inspect.unwrap(view)
    tree = ast.parse(inspect.getsource(inspect.getmodule(view)))  # type: ignore[arg-type]
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    waiting, seen = [getattr(view, "__name__", "")], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "signed":
                return True
            if isinstance(node, ast.Name):
                if node.id in {"confirmed_act", "confirmed"}:
                    return True
                waiting.append(node.id)
    return False


# Why a door need not ask anew.
IS_THE_WAY_IN = "whoever comes here proves who they are by what they send, or leaves"
ONLY_PROPOSES = "it gives nothing before another person confirms or signs, or the board votes"
SECOND_PERSON = "what is brought has no power before a second person confirms it, anew"
STRICT = "it only takes away or holds up: power, a decision or an openness goes, and none comes"
ONES_OWN = "how one's own pages and notices look"
TAKES_OUT = "what the page shows goes out as a file, and the ledger says so"
RUNS_AGAIN = "work that is due is tried again; what it is to do stays as it was"
SAID = "it is said in one's name and counts nowhere"

NEED_NOT = {
    "account_login": IS_THE_WAY_IN,
    "account_logout": IS_THE_WAY_IN,
    "choose_password": IS_THE_WAY_IN,
    "mfa_authenticate": IS_THE_WAY_IN,
    "provider_for_link": IS_THE_WAY_IN,
    "provider_link_confirm": IS_THE_WAY_IN,
    "provider_sign_in": IS_THE_WAY_IN,
    "people:provider-confirm": "it leads to the provider, whose word confirms one act",
    "people:provider-link": "it leads to the provider; what comes back is linked by people:provider-link-confirm, which asks",
    "people:grant-propose": ONLY_PROPOSES,
    "people:link-propose": ONLY_PROPOSES,
    "people:new-person": "an account without a role or a way in",
    "people:sessions": STRICT,
    "people:token-revoke": STRICT,
    "people:view-delete": ONES_OWN,
    "people:view-rename": ONES_OWN,
    "people:view-save": ONES_OWN,
    "theme": ONES_OWN,
    "evaluations:announced-runs": "it holds an indicator up until the run arrives",
    "evaluations:arms-new": SECOND_PERSON,
    "evaluations:binding-new": SECOND_PERSON,
    "evaluations:dossier-close": STRICT,
    "evaluations:snapshot-choose": "it asks for more: every threshold must be measured on these weights too, and none that was meant for release is less so",
    "evaluations:snapshot-new": SECOND_PERSON,
    "evaluations:subject-new": "a name without weights or results",
    "evaluations:upload-correct": SECOND_PERSON,
    "evaluations:upload-new": SECOND_PERSON,
    "evaluations:upload-retry": RUNS_AGAIN,
    "ledger:export": TAKES_OUT,
    "ledger:verify": "it looks and changes nothing",
    "reviews:ask-release": ONLY_PROPOSES,
    "reviews:case-open": ONLY_PROPOSES,
    "reviews:clock-answer": "a report in the record under the name of whoever gave it; no gate, tier or decision follows from it",
    "reviews:close": "every question is decided by then, each by signatures; closing decides nothing and ends nothing in force",
    "reviews:comment": SAID,
    "reviews:delivery-resend": RUNS_AGAIN,
    "reviews:deployment-end": "what the serving side reports; it lets nothing out",
    "reviews:deployments": "what the serving side reports; it lets nothing out",
    "reviews:evidence-attach": "a changed safeguard is signed off anew",
    "reviews:evidence-withdraw": "a changed safeguard is signed off anew",
    "reviews:halt": STRICT,
    "reviews:inbox-read": ONES_OWN,
    "reviews:notice-settings": ONES_OWN,
    "reviews:outlet-stop": STRICT,
    "reviews:outlet-test": "a word without content to an outlet that was set up and confirmed",
    "reviews:paper-withdraw": STRICT,
    "reviews:papers": "the votes on the release accept it, by signatures",
    "reviews:propose": ONLY_PROPOSES,
    "reviews:recuse": STRICT,
    "reviews:report": TAKES_OUT,
    "reviews:report-check": "it looks and changes nothing",
    "reviews:report-retry": RUNS_AGAIN,
    "reviews:safeguard-change": "a changed safeguard is signed off anew",
    "reviews:safeguard-new": "it counts once it is signed off",
    "reviews:safeguard-retire": STRICT,
    "reviews:seat-leave": STRICT,
    "reviews:seat-propose": ONLY_PROPOSES,
    "reviews:signoff-revoke": STRICT,
    "reviews:table-case": TAKES_OUT,
    "reviews:table-cases": TAKES_OUT,
    "reviews:table-ledger": TAKES_OUT,
    "reviews:table-portfolio": TAKES_OUT,
    "reviews:table-signoffs": TAKES_OUT,
    "reviews:table-subject": TAKES_OUT,
    "reviews:withdraw": "only a case that holds nothing up is withdrawn",
    "reviews:work-retry": RUNS_AGAIN,
    "reviews:work-retry-all": RUNS_AGAIN,
}

VIEWS = views()
# Every address stands in that table, which its own test holds; programs come by token, and a token signs nothing and confirms nothing.
POSTS = {name for name, row in ROWS.items() if "POST" in row.methods and name in VIEWS and not name.startswith("api")}


def test_every_door_that_takes_a_post_asks_anew_or_says_why_it_need_not() -> None:
    bare = {name for name in POSTS if not asks(VIEWS[name])}
    assert not sorted(bare - NEED_NOT.keys()), "these ask nobody who they are: use people.confirmed_act, or say here why not"
    assert not sorted(NEED_NOT.keys() - bare), "these ask by now, or are gone: take their reasons out"


def test_what_gives_power_asks() -> None:
    giving = {
        "people:grant-act",
        "people:link-act",
        "evaluations:snapshot-confirm",
        "evaluations:binding-confirm",
        "evaluations:uploads-confirm",
    }
    giving |= {
        "reviews:seat-confirm",
        "reviews:board-new",
        "evaluations:dossiers",
        "people:tokens",
        "reviews:adoption-confirm",
        "evaluations:arms-confirm",
    }
    assert giving <= POSTS and all(asks(VIEWS[name]) for name in giving)
