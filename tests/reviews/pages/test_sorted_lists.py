"""Lists sort through the address: uploads, bindings, safeguards and the ledger, beside what filters them."""

import pytest
from django.test import Client

from ledger.models import Entry
from tests.makers import client_of, make_binding, make_subject, send_file
from tests.reviews.conftest import Board


@pytest.fixture
def ben(board: Board) -> Client:
    client = client_of(board.cast.ben)
    return client


def test_uploads_sort_by_each_column_both_ways_and_keep_what_filters_them(board: Board, ben: Client) -> None:
    ibis = make_subject(board.cast, "ibis", at=board.now())
    for content, subject in ((b"Bread, milk, eggs.", board.subject), (b"Bread.", ibis), (b"Bread and milk.", board.subject)):
        send_file(board.cast, content, subject, at=board.now())
    board.work()

    def sizes(query: str) -> list[int]:
        return [each.blob.size for each in ben.get(f"/uploads/?{query}").context["page"].object_list]

    assert sizes("sort=size") == [6, 15, 18] == list(reversed(sizes("sort=-size")))
    assert sizes("sort=size&subject=heron") == [15, 18]
    assert sizes("sort=weather") == sizes("") == [15, 6, 18]
    for column in ("file", "subject", "state", "uploader", "received"):
        assert sorted(sizes(f"sort={column}")) == [6, 15, 18]
    assert 'aria-sort="descending"' in ben.get("/uploads/?sort=-size").content.decode()


def test_a_filter_that_makes_no_sense_is_said_not_to_be_used(ben: Client) -> None:
    assert "Not understood, and not used: state." in ben.get("/cases/?state=bogus").text
    assert "Not understood" not in ben.get("/cases/?state=open").text


def test_bindings_sort_by_what_they_name(board: Board, ben: Client) -> None:
    make_binding(board.cast, "exploits", "a_task", at=board.now())
    tasks = [each.task for each in ben.get("/bindings/?sort=task").context["page"].object_list]
    assert tasks == sorted(tasks) and tasks[0] == "a_task"
    assert [each.task for each in ben.get("/bindings/?sort=-task").context["page"].object_list] == tasks[::-1]


def test_safeguards_sort_and_keep_the_frameworks_order_where_they_are_alike(board: Board, ben: Client) -> None:
    board.sign_off(board.cast.chloe, board.build("asl-3-security-1"))

    def slugs(query: str) -> list[str]:
        return [row.safeguard.slug for row in ben.get(f"/safeguards/?{query}").context["rows"]]

    own = slugs("")
    assert slugs("sort=-until")[0] == "asl-3-security-1" and slugs("sort=axis") == sorted(own, key=lambda slug: slug.split("-")[2])
    assert slugs("sort=weather") == own and slugs("sort=-evidence&tier=asl-2") == slugs("tier=asl-2")


def test_the_ledger_reads_oldest_first_through_the_address_and_pages_on(board: Board, ben: Client) -> None:
    first = ben.get("/ledger/?sort=number")
    shown = [row.entry.seq for row in first.context["rows"]]
    assert shown == list(range(len(shown))) and "Newer entries" in first.content.decode()
    following = ben.get(f"/ledger/?sort=number&before={first.context['page'].before}").context["rows"]
    assert following[0].entry.seq == shown[-1] + 1
    newest = ben.get("/ledger/?sort=-number").context["rows"]
    assert newest[0].entry.seq == Entry.objects.latest("seq").seq
    assert "before=" not in ben.get(f"/ledger/?before={shown[-1]}").content.decode().split("<thead>")[1].split("</thead>")[0]
