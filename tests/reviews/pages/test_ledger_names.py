"""The record is read with names and links, which are asked of the rooms when it is shown and never stand in an entry."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluations.models import AssessmentDue
from ledger.forms import ROOM_WORDS, FilterForm
from ledger.models import Entry
from ledger.sentences import described_kinds, long_list, sentences
from ledger.things import named
from reviews.services.retrying import retry
from tests.makers import client_of
from tests.reviews.conftest import Board
from tests.reviews.motions import carry, late_results


def record(board: Board) -> list[Entry]:
    return list(Entry.objects.prefetch_related("fields").order_by("seq"))


def test_the_ledger_names_models_cases_and_uploads_and_leads_to_them(board: Board) -> None:
    case = board.rise()
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    client = client_of(board.cast.hana)
    page = client.get("/ledger/").content.decode()
    assert f'<a href="/cases/{case.number}/">Case {case.number} on Heron</a>' in page
    assert f"Ben voted approve on the question “Is Bio-3 crossed?” of case {case.number} on Heron" in page
    assert "Upload for Heron" in page and 'href="/uploads/' in page
    assert "The portal assessed model Heron under" in page
    entry = Entry.objects.filter(kind="reviews:case:opened").get()
    assert f"Case {case.number} on Heron" in client.get(f"/ledger/{entry.seq}/").content.decode()


def test_names_cost_one_question_a_room_however_many_entries_there_are(board: Board) -> None:
    board.rise()
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    board.sign_off(board.cast.chloe, board.build("asl-3-security-1"))
    entries = record(board)
    with CaptureQueriesContext(connection) as all_of_them:
        sentences(entries)
    with CaptureQueriesContext(connection) as things:
        found = named(entry.thing for entry in entries)
    assert len(all_of_them) == 3  # people, evaluations, reviews
    assert len(things) == 4  # frameworks, evaluations, reviews, and once more for what the questions ask
    nouns = {thing.partition(":")[0] for thing in found}
    assert {"subject", "upload", "snapshot", "assessment", "case", "implementation", "signoff"} <= nouns
    assert all(each.address.startswith("/") for each in found.values())


def test_a_long_list_is_told_in_the_same_words_with_one_question_more(board: Board) -> None:
    board.rise()
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    board.sign_off(board.cast.chloe, board.build("asl-3-security-1"))
    bare = list(Entry.objects.order_by("seq"))
    with CaptureQueriesContext(connection) as asked:
        told = long_list(bare)
    assert told == sentences(record(board)) and len(asked) == 4  # their fields, people, evaluations, reviews


def test_no_sentence_and_no_thing_is_told_by_its_id_where_the_portal_knows_a_name(board: Board) -> None:
    carry(board, late_results(board))
    board.work()
    due = AssessmentDue.objects.get(subject=board.subject)
    AssessmentDue.objects.filter(pk=due.pk).update(state="dead")
    retry(kind="assessment", row_id=str(due.pk), actor=board.cast.ivo, at=board.now())
    told = dict(zip((entry.kind for entry in record(board)), sentences(record(board)), strict=True))
    assert told["evaluations:measurement:admitted"] == (
        "The portal recorded that the result of the run bio_extra of Heron counts under bio-protocols, though it came first."
    )
    assert told["evaluations:assessment:retried"] == "Ivo asked for model Heron to be assessed again under board."
    raw = re.compile(r"(?<!sha256:)\b[0-9a-f]{8}\b|[0-9a-f]{8}-[0-9a-f]{4}")
    assert [sentence for sentence in told.values() if raw.search(sentence)] == []
    nouns = {entry.thing.partition(":")[0] for entry in record(board)}
    found = {thing.partition(":")[0] for thing in named(entry.thing for entry in record(board))}
    # People are told by the sentence itself; the log is the whole of it.
    assert nouns - found <= {"person", "user", "grant", "competence", "role", "link", "log", "requirement", "checkpoint"}, nouns - found


def test_the_kinds_to_filter_by_are_told_in_words_by_the_part_they_belong_to() -> None:
    groups = dict(FilterForm().fields["kind"].choices)
    assert set(groups) == {"", *ROOM_WORDS.values()} - {"The portal", "The record itself"} | (
        set(groups) & {"The portal", "The record itself"}
    )
    words = [label for room, kinds in groups.items() if room for _, label in kinds]
    assert "Case opened" in words and "Upload given up" in words
    assert not [label for label in words if ":" in label or "_" in label]
    assert {kind for room, kinds in groups.items() if room for kind, _ in kinds} == set(described_kinds())


def test_a_thing_nobody_knows_any_more_keeps_its_id(board: Board) -> None:
    assert named(["subject:00000000-0000-0000-0000-000000000001", "case:no-id", "stone:1"]) == {}


def test_ones_own_page_says_what_was_signed_and_leads_to_it(board: Board) -> None:
    case = board.rise()
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    client = client_of(board.cast.ben)
    page = client.get("/people/me/").content.decode()
    entry = Entry.objects.get(kind="reviews:vote:cast")
    said = f"Ben voted approve on the question “Is Bio-3 crossed?” of case {case.number} on Heron."
    assert f'<a href="/ledger/{entry.seq}/">{said}</a>' in page
    client.force_login(board.cast.chloe.user)
    assert said not in client.get("/people/me/").content.decode()
