"""Portfolio, model page and case page with ten and with 1,000 models, beside a bare view that renders as many bytes."""

import gc
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.urls import path

from asl_portal.urls import urlpatterns as portal_urls
from benchmarks.measuring import Line, interleaved, ratio_line
from benchmarks.world import copy_subjects
from evaluations.models import Subject
from people.models import Person
from reviews.models import Case

TITLE = "Pages"
BASELINE = """a Django view that asks the database nothing and renders as many bytes, to the byte, by a template of the same engine: a table with the
page's mean number of bytes a cell (24). Both run behind the same middleware, for the same signed-in reviewer."""
TRIED = """The portfolio shows fifty models a page and chooses, orders and counts them by stored rows in SQL; it works out the one scope it shows of each, not all five. What a
page reads is kept while the database reports that nothing was written and until the clock alone would change it (decision 0005), and with the rows of the portfolio and of a
model what the gate says of them; that is what is measured here: sign-in and frame, one question whether anything moved, and drawing. States and tiers are drawn by functions and
not by a template each, of which the portfolio took three hundred. **After any write the next page reads everything anew, in two or three dozen statements**, which
the suite holds and which do not grow with the models: one query for each kind of thing (assessments with their documents, determinations, safeguards decisions, releases, cases,
questions, scopes, snapshots, uploads, work due, sign-offs, votes, conflicts); on a server that is written to all the time that is every page. Of decisions it reads what is shown
and not the prose and the votes; of safeguards what serves these models, not what was built for a thousand others; and the same bytes of an assessment document are parsed once.
Tried, and of no use: fewer columns of the sign-offs that a statement names; their rows are many, and each becomes an object; and asking for eleven kinds of rows in one message:
nine statements fewer, and no time, for the server is near and Django's own work is the same. Not tried: gathering several kinds in one statement as JSON, which would lose the
models' own types. The time after a write goes into rows becoming objects, into the gate's pure answer for each model shown, and into counting all models by their rows."""

CELL = 24
BARE = engines["django"].from_string(
    "<!doctype html><title>Bare</title><table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)
FEW = 10


def bare(request: HttpRequest, size: int) -> HttpResponse:
    """As many bytes as asked for, cell by cell."""
    cells = size // (CELL + len("<td></td>"))
    rows = [["x" * CELL] * 10 for _ in range(cells // 10)]
    text = BARE.render({"rows": rows}, request)
    return HttpResponse(text + " " * max(0, size - len(text)))


urlpatterns = [path("bare/<int:size>/", bare), *portal_urls]


def run(quick: bool) -> list[Line]:
    setup_test_environment(debug=False)
    # As every web process does once it has loaded (`asl_portal/wsgi.py`).
    gc.collect()
    gc.freeze()
    with override_settings(ROOT_URLCONF=__name__):
        return _lines(100 if quick else 1_000, 3 if quick else 9)


def _lines(many: int, rounds: int) -> list[Line]:
    originals = list(Subject.objects.order_by("slug"))
    first = (FEW - len(originals)) // len(originals) + 1
    copy_subjects(originals, first)
    pages = _pages()
    few = {name: _statements(address) for name, address in pages.items()}
    models = {FEW: Subject.objects.count()}
    copy_subjects(originals, (many - models[FEW]) // len(originals), beginning=first + 1)
    models[many] = Subject.objects.count()
    lines = []
    for name, address in pages.items():
        asked = _statements(address)
        what = f"{name}: statements with {models[many]:,} models"
        detail = f"{few[name]} with {models[FEW]} models" + _said_same(few[name], asked)
        lines.append(Line(what, 12, asked, "statements", detail=detail))
        lines.append(Line(f"{what}, right after a write", 12, _statements(address, anew=True), "statements"))
        lines += _times(name, address, rounds)
    return lines


def _said_same(few: int, many: int) -> str:
    return ": it grows" if many > few else ", the same" if few == many else "; the models on the first page have less to show"


def _pages() -> dict[str, str]:
    case = Case.objects.filter(subject__slug="heron-3").latest("number")
    return {"portfolio": "/portfolio/", "model": "/subjects/heron-3/", "case": f"/cases/{case.number}/"}


def _client() -> Client:
    client = Client()
    client.force_login(Person.objects.get(name="Ben").user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _get(client: Client, address: str) -> Callable[[], Any]:
    def get() -> Any:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        return answer

    return get


def _statements(address: str, *, anew: bool = False) -> int:
    """With what was read kept, the fewest of some tries, for others may write on the same server; or `anew`, as after any write."""
    get = _get(_client(), address)
    get()
    counts = []
    for _ in range(1 if anew else 5):
        if anew:
            _write()
        with CaptureQueriesContext(connection) as asked:
            get()
        counts.append(len(asked))
    return min(counts)


def _write() -> None:
    """A transaction that takes a number, as every one that writes: nothing that was read before stands."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")


def _times(name: str, address: str, rounds: int) -> list[Line]:
    client = _client()
    size = len(_get(client, address)().content)
    get = _get(client, address)

    def anew() -> None:
        _write()
        get()

    told = interleaved({"anew": anew, "page": get, "bare": _get(client, f"/bare/{size}/")}, rounds=rounds)
    what = f"{name}: server time, {size / 1000:.0f} kB"
    return [ratio_line(what, 3, told, "page", "bare"), ratio_line(f"{what}, right after a write", 3, told, "anew", "bare")]
