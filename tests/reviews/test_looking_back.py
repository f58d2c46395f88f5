"""A page that looks back shows what it showed then: things happen, and each earlier moment is asked about once they all have."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluations.models import Measurement
from evaluations.services import subjects
from evaluations.services.uploads import retry
from frameworks.queries import in_force_then
from ledger.canonical import canonical
from reviews import gate
from reviews.case_json import status_json
from reviews.models import PastState
from reviews.services import deployments, votes
from reviews.services.cases import ask_release
from reviews.services.decisions import propose
from reviews.services.scopes import halt
from reviews.services.signoffs import retire_implementation, revoke_signoff
from reviews.status import subject_status
from reviews.subject_page import Surroundings, surroundings
from tests.conftest import WorldOnce
from tests.evaluations.logs import log
from tests.makers import adopt_framework, make_snapshot
from tests.reviews.conftest import FRAMEWORK, Board, add_reviewer, make_board
from tests.reviews.test_determinations import supersede
from tests.reviews.test_refused_evidence import refused, set_aside


class Diary:
    """What the model's page said at each moment, as it was said then."""

    def __init__(self, board: Board) -> None:
        self.board, self.written = board, dict[datetime, tuple[str, bytes]]()

    def write(self, what: str) -> None:
        at = self.board.now()
        self.written[at] = (what, said(self.board, at))


def said(board: Board, at: datetime, *, back: bool = False) -> bytes:
    """The status as programs get it, and what stands around it on the page, as bytes."""
    version = in_force_then(board.version.name, at) or board.version
    status = subject_status(board.subject, version, at, back=back)
    return canonical({"status": status_json(status), "around": _around(surroundings(status, at, back=back))})


def _around(found: Surroundings) -> dict[str, Any]:
    return {
        "deployments": [[each.deployment.scope, each.state, each.gate] for each in found.deployments],
        "cases": [[case.number, case.kind, case.state] for case in found.cases],
        "weights": [[each.label, each.is_confirmed, each.is_release_candidate] for each in found.snapshots],
        "uploads": [[str(each.pk), each.state] for each in found.uploads],
    }


def live(board: Board, diary: Diary) -> None:
    """A year in the life of a model: everything that may happen to it, and a line in the diary after each."""
    cast = board.cast

    def then(what: str, act: Callable[[], Any], *, at_once: bool = True) -> Any:
        """`at_once`: a line before the portal has followed it too. What follows from a lost sign-off is dated like the loss, and known a little later."""
        done = act()
        if at_once:
            diary.write(what)
        board.work()
        diary.write(f"{what}, followed")
        return done

    diary.write("nothing yet")
    other = then(
        "weights registered",
        lambda: make_snapshot(
            cast, board.subject, "step 2", confirmed=False, names=("demo/other",), compute_factor=Decimal(1), at=board.now()
        ),
    )
    then("weights confirmed", lambda: subjects.confirm_snapshot(snapshot=other, actor=cast.ben, at=board.now()))
    mia = add_reviewer(board, "Mia")
    then("risen", board.rise)
    question = board.question(threshold="bio-3")
    then("voted", lambda: board.vote(cast.ben, question))
    then("voted otherwise", lambda: board.vote(cast.ben, question, "reject"))
    then("proposed otherwise", lambda: propose(question=question, verdict="crossed", note="So it is.", actor=cast.dan, at=board.now()))
    then("recused", lambda: votes.recuse(case=board.case, reason="I know the team.", actor=mia, at=board.now()))
    then("refused", lambda: refused(board))
    broken = refused(board, b"Bread and milk.")
    then("asked to be read again", lambda: retry(upload=broken, actor=cast.ada, at=board.now()))
    for upload in list(board.subject.uploads.filter(state="rejected")):
        then("set aside", lambda upload=upload: set_aside(board, upload, cast.chloe))
    bad = Measurement.objects.get(run__task="bio_protocols", metric="accuracy")
    board.measure("bio_protocols")
    diary.write("measured again")
    good = Measurement.objects.filter(run__task="bio_protocols", metric="accuracy").exclude(pk=bad.pk).get()
    then("superseded", lambda: supersede(board, bad, good))
    then("not crossed", lambda: board.settle(board.question(threshold="bio-3"), "not_crossed"))
    then("the other answered", lambda: board.settle(board.question(threshold="bio-4"), "not_crossed"))
    then("better still", lambda: board.measure("bio_protocols", right=1))
    then("and again", lambda: board.measure("bio_protocols", right=0))
    signed = then("signed off", board.safeguard)
    then("stated", lambda: board.state(board.case))
    then("evidence attached", lambda: board.attach(signed[0].implementation, b"More."), at_once=False)
    implementation = signed[0].implementation
    implementation.refresh_from_db()
    then("signed off anew", lambda: board.sign_off(cast.chloe, implementation))
    then("stated anew", lambda: board.state(board.case))
    then("safeguards adequate", board.settle_safeguards)
    then("release asked", lambda: ask_release(case=board.case, snapshot=board.snapshot, scope="external", actor=cast.dan, at=board.now()))
    then("released", lambda: board.settle(board.question("release", scope="external")))
    then(
        "halted",
        lambda: halt(
            subject=board.subject, framework_version=board.version, scope="external", reason="An odd log.", actor=cast.ben, at=board.now()
        ),
    )
    then("released again", board.release_anew)
    running = then("deployed", lambda: _deploy(board))
    then("taken down", lambda: deployments.end(deployment=running, until=board.now(), actor=cast.farid, at=board.now()))
    then("unread", lambda: board.send(log("cooking", run="of no concern", results__scores=[])))
    then(
        "retired", lambda: retire_implementation(implementation=signed[-1].implementation, actor=cast.farid, at=board.now()), at_once=False
    )
    then(
        "revoked",
        lambda: revoke_signoff(signoff=signed[1], reason="The report was withdrawn.", actor=cast.chloe, at=board.now()),
        at_once=False,
    )
    then("risen again", lambda: board.measure("bio_protocols", right=30))
    then("chosen", lambda: subjects.choose_for_release(snapshot=other, actor=cast.ada, at=board.now()))
    then("another version", lambda: adopt_framework(cast, FRAMEWORK.replace(b"revision: 1", b"revision: 2"), at=board.now()))


def _deploy(board: Board) -> Any:
    at = board.now()
    allowed = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=at)
    return deployments.report(snapshot=board.snapshot, scope="external", since=at, actor=board.cast.farid, authorisation=allowed.pk, at=at)


@pytest.fixture(scope="module")
def lived(world_once: WorldOnce) -> Iterator[Diary]:
    with world_once():
        board = make_board()
        diary = Diary(board)
        live(board, diary)
        yield diary


def test_each_moment_reads_afterwards_as_it_read_then(lived: Diary, db: None) -> None:
    assert len(lived.written) > 60
    otherwise = [what for at, (what, then) in lived.written.items() if said(lived.board, at, back=True) != then]
    assert otherwise == []


def test_nothing_of_it_is_read_where_nobody_looks_back(lived: Diary, db: None) -> None:
    """The gate and every decision read the rows as they are."""
    with CaptureQueriesContext(connection) as asked:
        subject_status(lived.board.subject, lived.board.version, lived.board.now())
    assert not any(PastState._meta.db_table in each["sql"] for each in asked.captured_queries)


def test_looking_back_costs_the_same_however_much_happened_since(lived: Diary, db: None) -> None:
    def cost(at: datetime) -> int:
        with CaptureQueriesContext(connection) as asked:
            subject_status(lived.board.subject, lived.board.version, at, back=True)
        return len(asked)

    moments = [at for at, (what, _) in lived.written.items() if what in ("stated", "release asked", "taken down")]
    assert {cost(at) <= 40 for at in moments} == {True}


def test_the_page_and_the_api_look_back_and_say_what_is_as_of_now(lived: Diary, client: Client, db: None) -> None:
    board = lived.board
    client.force_login(board.cast.ben.user)
    first = min(lived.written).date().isoformat()
    shown = client.get("/subjects/heron/", {"as_of": first}).content.decode()
    assert "Told as of now" in shown and "whether the ledger verifies" in shown
    assert "Told as of now" not in client.get("/subjects/heron/").content.decode()
    then, now = (client.get("/subjects/heron/", asked).context["status"] for asked in ({"as_of": first}, {}))
    assert then.at < now.at
