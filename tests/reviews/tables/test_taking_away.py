"""Tables taken from the pages: the rows of the page with its filters, entered in the ledger, and nothing hazardous in any."""

import csv
import io
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from ledger.models import Entry
from ledger.queries import root_at
from people.models import Person
from reviews.services import cases
from tests.makers import client_of, make_subject
from tests.reviews.conftest import Board

CANARY = "CANARY-TRANSCRIPT"
PAGES = {
    "portfolio": {},
    "subject": {"slug": "heron"},
    "cases": {},
    "case": {"number": 1},
    "signoffs": {},
    "ledger": {},
}


def take(person: Person, name: str, format: str = "csv", query: str = "", **where: Any) -> Any:
    client = client_of(person)
    answer = client.post(reverse(f"reviews:table-{name}", kwargs={**PAGES[name], **where, "format": format}) + query)
    answer.whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def rows(answer: Any) -> list[dict[str, str]]:
    lines = [line for line in answer.whole.decode().splitlines(keepends=True) if not line.startswith("# ")]
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_table_leaves_sealed_entered_and_without_hazard(board: Board, name: str, format: str) -> None:
    case = board.rise()
    cases.comment(case=case, text=CANARY, hazard=True, actor=board.cast.ben, at=board.now())
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    size = Entry.objects.count()
    root = f"sha256:{root_at(size).hex()}"
    answer = take(board.cast.hana, name, format)
    assert answer.status_code == 200 and answer.streaming
    of_one = {"case": f"-{case.number}", "subject": "-heron"}.get(name, "")
    assert f'filename="{name}{of_one}-20' in answer["Content-Disposition"] and answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "private, no-store"
    if format == "csv":
        text = answer.whole.decode()
        assert f"# Ledger entries: {size}\r\n# Ledger root: {root}\r\n" in text and "\r\n# Rows: " in text
    else:
        book = load_workbook(io.BytesIO(answer.whole))
        about = dict(book["About"].iter_rows(values_only=True))
        assert (about["Ledger entries"], about["Ledger root"]) == (str(size), root)
        text = "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert "heron" in text.lower() or name in {"signoffs", "ledger"}
    assert CANARY not in text
    entry = Entry.objects.prefetch_related("fields").get(kind="reviews:table:exported")
    assert (entry.seq, entry.actor) == (size, board.cast.hana.pk)
    assert {key: entry.values[key] for key in ("table", "format", "size", "root")} == {
        "table": name,
        "format": format,
        "size": str(size) if isinstance(entry.values["size"], str) else size,
        "root": root,
    }


def test_the_portfolio_keeps_the_filters_of_its_page(board: Board) -> None:
    make_subject(board.cast, "ibis", at=board.now())
    assert [row["Model"] for row in rows(take(board.cast.ben, "portfolio"))] == ["heron", "ibis"]
    assert [row["Model"] for row in rows(take(board.cast.ben, "portfolio", query="?q=ibi"))] == ["ibis"]
    assert [row["Model"] for row in rows(take(board.cast.ben, "portfolio", query="?sort=-subject"))] == ["ibis", "heron"]


def test_a_model_is_told_with_every_digit_and_with_what_is_missing(board: Board) -> None:
    board.rise()
    told = {(row["Threshold"], row["Indicator"]): row for row in rows(take(board.cast.ben, "subject"))}
    bio = next(row for (threshold, _), row in told.items() if threshold == "bio-3")
    assert (bio["Finding"], bio["Value"], bio["n"]) == ("cannot rule out", "0.5", "40")
    assert bio["Low"] and bio["High"] and bio["Rules out at"]
    past = rows(take(board.cast.ben, "subject", query="?as_of=2020-01-01"))
    assert {row["Value"] for row in past} <= {"", "no measurement"}
    assert {row["Finding"] for row in past} == {"not assessed"}


def test_a_case_is_told_vote_by_vote_with_dissent(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    board.vote(board.cast.ben, question, "approve", rationale="=1+1 says so")
    board.vote(board.cast.chloe, question, "reject")
    told = [row for row in rows(take(board.cast.ben, "case")) if row["Threshold"] == "bio-3"]
    assert [(row["Voter"], row["Vote"], row["Counts as"]) for row in told] == [
        ("Ben", "Approve", "current"),
        ("Chloe", "Reject", "current"),
    ]
    assert told[0]["Rationale"] == "'=1+1 says so"


def test_the_ledger_keeps_the_filters_of_its_page_and_refuses_those_that_make_no_sense(board: Board) -> None:
    told = rows(take(board.cast.hana, "ledger", query="?kind=evaluations:subject:registered"))
    assert [row["Kind"] for row in told] == ["evaluations:subject:registered"]
    assert take(board.cast.hana, "ledger", query="?since=yesterday").status_code == 422
    assert take(board.cast.hana, "cases", query="?state=lost").status_code == 422


@pytest.mark.parametrize(
    ("name", "query"),
    [("portfolio", "?show=lost"), ("signoffs", "?state=lost"), ("signoffs", "?tier=asl-9"), ("signoffs", "?axis=weather")],
)
def test_a_filter_that_makes_no_sense_makes_no_table(board: Board, name: str, query: str) -> None:
    answer = take(board.cast.ben, name, query=query)
    assert answer.status_code == 422 and "filters" in answer.whole.decode()
    assert not Entry.objects.filter(kind="reviews:table:exported").exists()


def test_sign_offs_are_told_each_with_whether_it_holds(board: Board) -> None:
    implementation = board.build("asl-3-security-1")
    board.sign_off(board.cast.chloe, implementation)
    board.attach(implementation, b"More.")
    told = [row for row in rows(take(board.cast.ben, "signoffs")) if row["Signed by"]]
    assert [(row["Safeguard"], row["Signed by"], row["State"], row["In force"]) for row in told] == [
        ("asl-3-security-1", "Chloe", "outdated", "no")
    ]


def test_a_table_taken_by_get_is_none(board: Board) -> None:
    client = client_of(board.cast.ben)
    assert client.get(reverse("reviews:table-portfolio", args=["csv"])).status_code == 405
    assert not Entry.objects.filter(kind="reviews:table:exported").exists()


@pytest.mark.parametrize(
    ("name", "page"), [("portfolio", "/portfolio/?q=her"), ("ledger", "/ledger/?thing=x"), ("cases", "/cases/?page=2&state=open")]
)
def test_the_page_offers_the_table_with_its_own_filters(board: Board, name: str, page: str) -> None:
    client = client_of(board.cast.ben)
    kept = page.partition("?")[2].replace("page=2&", "")
    assert f'formaction="{reverse(f"reviews:table-{name}", args=["xlsx"])}?{kept}"' in client.get(page).content.decode()
