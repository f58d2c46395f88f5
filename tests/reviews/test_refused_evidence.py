"""A file that was sent and refused is not nothing: it keeps the gate shut until somebody else answers for it."""

from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from evaluations.models import Supersession, Upload
from evaluations.services import results, uploads
from ledger.refusals import NotAllowed
from people.models import Person
from people.signing import Statement
from reviews.facts import collect_one
from reviews.models import Notice, ScopeState
from reviews.models.notice import Channel
from reviews.notices.compose import compose
from reviews.services.following import sweep
from tests.evaluations.logs import log
from tests.makers import PASSWORD, client_of, make_signature
from tests.reviews.conftest import Board


def refused(board: Board, content: bytes | None = None) -> Upload:
    """A damning log, broken by one byte, unless something else is told."""
    damning = log("bio_protocols", right=38, run="damning")
    upload = board.send(content or bytes([damning[0] ^ 1]) + damning[1:-1])
    board.work()
    upload.refresh_from_db()
    assert upload.state == "rejected"
    return upload


def set_aside(board: Board, upload: Upload, person: Person, **more: Any) -> Supersession:
    at = board.now()
    told = {"type": results.STATEMENT, "digests": results.supersession_digests(upload=upload), "meaning": "aside", "role": "reviewer"}
    signature = make_signature(person, Statement(**told), at=at)
    return results.supersede(upload=upload, reason="A shopping list.", signature=signature, actor=person, at=at, **more)


def test_a_damning_log_broken_by_one_byte_shuts_the_gate_until_another_person_answers_for_it(open_board: Board) -> None:
    assert open_board.ask().allowed
    upload = refused(open_board)
    found = open_board.ask()
    assert found.codes == ["evidence_refused"] and found.reasons[0]["who"] == ["reviewer", "chair"]
    assert ScopeState.objects.get(scope="external").state == "shut"
    with pytest.raises(NotAllowed):
        set_aside(open_board, upload, open_board.cast.ada)
    set_aside(open_board, upload, open_board.cast.ben)
    open_board.work()
    # The news of it was heard while the assessment was still to be looked at; the sweep finds that the worker is done.
    sweep(at=open_board.now())
    assert open_board.ask().allowed and ScopeState.objects.get(scope="external").state == "open"


def test_who_sent_a_refused_file_is_told_that_it_shuts_the_gate(open_board: Board) -> None:
    refused(open_board)
    open_board.work()
    notice = Notice.objects.select_related("person", "subject").filter(kind="upload_rejected", channel=Channel.INBOX).get()
    assert notice.person == open_board.cast.ada
    assert "stays shut until a reviewer or the chair who did not send it answers for it" in compose(notice).why


def test_a_file_that_was_answered_for_shuts_the_gate_again_while_it_is_read_once_more(open_board: Board) -> None:
    """Whoever sent it asks for another reading: what was signed away is that it was refused, not what it may say yet."""
    upload = refused(open_board)
    set_aside(open_board, upload, open_board.cast.ben)
    open_board.work()
    assert open_board.ask().allowed
    uploads.retry(upload=upload, actor=open_board.cast.ada, at=open_board.now())
    assert "evidence_pending" in open_board.ask().codes
    Upload.objects.filter(pk=upload.pk).update(state="dead")
    assert "evidence_unreadable" in open_board.ask().codes


def test_a_look_back_at_a_file_that_was_answered_for_and_read_once_more_tells_what_was_so_at_each_moment(open_board: Board) -> None:
    def counted(at: datetime, *, back: bool) -> tuple[int, int, int]:
        facts = collect_one(open_board.subject, open_board.version, at, back=back)
        return facts.pending_uploads, facts.dead_uploads, facts.refused_uploads

    upload, said = refused(open_board), {}
    ada, ben = open_board.cast.ada, open_board.cast.ben
    for act in (
        lambda: None,
        lambda: set_aside(open_board, upload, ben),
        lambda: uploads.retry(upload=upload, actor=ada, at=open_board.now()),
        open_board.work,
    ):
        act()
        at = open_board.now()
        said[at] = counted(at, back=False)
    assert list(said.values()) == [(0, 0, 1), (0, 0, 0), (1, 0, 0), (0, 0, 0)]
    assert {at: counted(at, back=True) for at in said} == said


def test_each_refused_file_is_answered_for_and_a_file_that_was_read_is_not_set_aside_whole(open_board: Board) -> None:
    one, other = refused(open_board, b"Bread, milk, eggs."), refused(open_board, b"Bread and milk.")
    assert open_board.facts.refused_uploads == 2
    set_aside(open_board, one, open_board.cast.ben)
    open_board.work()
    assert "evidence_refused" in open_board.ask().codes
    set_aside(open_board, other, open_board.cast.chloe)
    with pytest.raises(results.AlreadySuperseded):
        set_aside(open_board, other, open_board.cast.ben)
    with pytest.raises(results.NotRefused):
        set_aside(open_board, Upload.objects.filter(state="parsed").first(), open_board.cast.ben)  # type: ignore[arg-type]


def test_a_shopping_list_sent_by_mistake_is_set_aside_on_one_page_with_one_sentence(open_board: Board) -> None:
    upload = refused(open_board, b"Bread, milk, eggs.")
    client = client_of(open_board.cast.ben)
    subject = client.get(reverse("reviews:subject-detail", args=[open_board.subject.slug])).content.decode()
    assert "1 file refused and not answered for" in subject
    address = reverse("evaluations:upload-set-aside", args=[upload.pk])
    assert address in client.get(reverse("evaluations:upload", args=[upload.pk])).content.decode()
    assert client.post(address, {"role": "reviewer", "password": PASSWORD}).status_code == 422
    assert client.post(address, {"reason": "A shopping list.", "role": "reviewer", "password": PASSWORD}).status_code == 302
    assert "A shopping list." in client.get(reverse("evaluations:upload", args=[upload.pk])).content.decode()
    assert "not answered for" not in client.get(reverse("reviews:subject-detail", args=[open_board.subject.slug])).content.decode()
