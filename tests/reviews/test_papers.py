"""The papers a threshold asks for: without an affirmative case, accepted by others than its supplier, nothing that counts as crossed goes out."""

from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from evaluations import documents
from evaluations.replay import Replayed
from frameworks.documents import read
from ledger.canonical import canonical
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.models import Person
from people.queries import actor_of
from people.signing import Statement
from reviews import gate, gate_rules
from reviews.case_json import status_json
from reviews.case_page import case_page
from reviews.facts import collect_one
from reviews.models import Notice, Paper, Question, Vote
from reviews.notices.compose import compose
from reviews.paper_rules import asked_of, counting
from reviews.replay import replay_gate
from reviews.services import cases, papers
from reviews.services.papers import AlreadySupplied, PaperGone, PaperNotAsked, PaperNotFit
from reviews.services.votes import PapersLacking
from reviews.status import subject_status
from reviews.waiting import waiting_on
from tests.conftest import WorldOnce
from tests.makers import client_of, give_role, make_signature, make_snapshot, make_subject
from tests.reviews.conftest import WITH_PAPER, Board, add_reviewer, make_board

DIGEST = "sha256:" + "c" * 64


@pytest.fixture(scope="module")
def asked_once(world_once: WorldOnce) -> Iterator[Board]:
    """Bio-3 is treated as crossed, its safeguards are adequate, and its affirmative case is all that is missing for a release."""
    with world_once():
        board = make_board(source=WITH_PAPER)
        add_reviewer(board, "Mia")
        board.safeguard()
        board.rise()
        board.settle_thresholds()
        board.settle_safeguards()
        yield board


@pytest.fixture
def board(asked_once: Board, db: None) -> Board:
    return deepcopy(asked_once)


def ask_release(board: Board) -> Question:
    return cases.ask_release(case=board.case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=board.now())


def states(board: Board) -> list[tuple[str, str, bool]]:
    said = status_json(subject_status(board.subject, board.version, board.now()))["papers"]
    return [(f"{each['threshold']}/{each['artefact']}", each["state"], each["gates"]) for each in said]


def test_a_model_treated_as_crossed_is_not_released_without_the_paper_its_threshold_asks_for(board: Board) -> None:
    question = ask_release(board)
    assert "required_paper_missing" in board.ask().codes
    (reason,) = (each for each in board.ask().reasons if each["code"] == "required_paper_missing")
    assert reason["who"] == ["researcher", "safeguard_owner", "chair"] and reason["about"] == "bio-3/affirmative-case"
    for person in (board.cast.ben, board.cast.chloe):
        with pytest.raises(PapersLacking):
            board.vote(person, question)
    assert states(board) == [("bio-3/affirmative-case", "missing", True)]
    board.supply()
    assert states(board) == [("bio-3/affirmative-case", "supplied", True)]
    release = board.settle(question)
    board.work()
    assert states(board) == [("bio-3/affirmative-case", "accepted", True)]
    assert [each["digest"] for each in release.papers] == [Paper.objects.get().digest]
    assert board.ask().codes == []


def test_a_quorum_alone_declares_no_release_when_the_paper_is_withdrawn_after_the_votes(board: Board) -> None:
    paper, question = board.supply(), ask_release(board)
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    papers.withdraw(paper=paper, actor=board.cast.farid, at=board.now())
    question.refresh_from_db()
    assert question.content["papers"][0]["state"] == "missing"
    with pytest.raises(Exception, match="not decided this yet"):  # the votes were on another content
        board.decide(question)
    assert "required_paper_missing" in board.ask().codes


def test_the_votes_on_a_release_are_bound_to_the_very_paper(board: Board) -> None:
    board.supply()
    question = ask_release(board)
    board.vote(board.cast.ben, question)
    before = question.content_digest
    board.supply(content=b"Another text.")
    question.refresh_from_db()
    assert question.content_digest != before
    assert not any(vote.content_digest == question.content_digest for vote in Vote.objects.filter(question=question))


def test_a_withdrawn_paper_shuts_an_open_gate_at_once(board: Board) -> None:
    paper = board.supply()
    board.settle(ask_release(board))
    board.work()
    assert board.ask().allowed
    papers.withdraw(paper=paper, actor=board.cast.ada, at=board.now())
    assert {"required_paper_missing", "release_outdated"} <= set(board.ask().codes)
    with pytest.raises(PaperGone):
        papers.withdraw(paper=paper, actor=board.cast.ada, at=board.now())


def test_a_paper_for_other_weights_or_an_earlier_finding_is_outdated(board: Board) -> None:
    other = make_snapshot(board.cast, board.subject, "step 2", at=board.now())
    board.work()
    board.supply(snapshot=other)
    assert states(board) == [("bio-3/affirmative-case", "outdated", True)]
    assert "required_paper_outdated" in board.ask().codes
    board.supply()
    assert states(board) == [("bio-3/affirmative-case", "supplied", True)]
    board.measure("exploits", right=1)
    assert states(board) == [("bio-3/affirmative-case", "supplied", True)], "an unrelated result outdates nothing"
    board.measure("bio_protocols", right=24)
    assert states(board) == [("bio-3/affirmative-case", "outdated", True)]
    assert "required_paper_outdated" in board.ask().codes
    board.supply()  # the same file, looked at again
    assert states(board) == [("bio-3/affirmative-case", "supplied", True)]


def test_whoever_supplied_it_neither_votes_on_the_release_nor_declares_it(board: Board) -> None:
    give_role(board.cast, board.cast.ben, "researcher", at=board.moment)
    board.supply(actor=board.cast.ben)
    question = ask_release(board)
    with pytest.raises(NotAllowed) as refused:
        board.vote(board.cast.ben, question)
    assert "supplied a paper" in refused.value.sentence
    board.supply(actor=board.cast.dan, content=b"The chair's own.")
    board.vote(board.cast.ben, question)
    board.vote(board.cast.chloe, question)
    with pytest.raises(NotAllowed):
        board.decide(question)


@pytest.mark.past_the_verbs
def test_the_database_knows_who_supplied_a_paper(board: Board) -> None:
    board.supply(actor=board.cast.dan)
    question = ask_release(board)
    question.refresh_from_db()
    for person, role, refused in ((board.cast.dan, "chair", True), (board.cast.ben, "reviewer", False)):
        said = Statement(type="test", digests={}, meaning="approve", role=role)
        vote = Vote(question=question, person=person, choice="approve", proposal="release", rationale="So.", at=board.now())
        vote.content_digest, vote.signature = question.content_digest, make_signature(person, said, at=board.now())
        if refused:
            with pytest.raises(IntegrityError, match="does not accept it"), transaction.atomic():
                vote.save(force_insert=True)
        else:
            vote.save(force_insert=True)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Paper.objects.update(title="Another")


def test_a_hazardous_paper_is_approved_by_cleared_people_only(board: Board) -> None:
    board.supply(hazard=True)
    question = ask_release(board)
    with pytest.raises(NotAllowed) as refused:
        board.vote(board.cast.ben, question)
    assert refused.value.code == "clearance_missing"
    board.vote(board.cast.ben, question, "reject")
    board.supply(hazard=False)
    assert board.vote(board.cast.ben, question).choice == "approve"


def test_a_paper_is_a_file_or_a_reference_with_its_digest(board: Board) -> None:
    for wrong in (
        {"content": None},
        {"content": None, "reference": "https://papers.example/7"},
        {"content": None, "reference": "https://papers.example/7", "digest": "sha256:short"},
        {"reference": "https://papers.example/7", "digest": DIGEST},
        {"digest": DIGEST},
        {"title": " "},
    ):
        with pytest.raises(PaperNotFit):
            board.supply(**wrong)
    paper = board.supply(content=None, reference="https://papers.example/7", digest=DIGEST)
    assert (paper.blob, paper.digest) == (None, DIGEST)
    with pytest.raises(AlreadySupplied):
        board.supply(content=None, reference="https://papers.example/7", digest=DIGEST)
    for threshold, artefact in (("bio-4", "affirmative-case"), ("bio-3", "public-update")):
        with pytest.raises(PaperNotAsked):
            board.supply(threshold=threshold, artefact=artefact)


def test_reviewers_and_strangers_supply_none_and_each_act_has_its_entry(board: Board) -> None:
    for person in (board.cast.ben, board.cast.eve, board.cast.hana, board.cast.ivo):
        with pytest.raises(NotAllowed):
            board.supply(actor=person)
    size = Entry.objects.count()
    paper = board.supply(actor=board.cast.ada)
    papers.withdraw(paper=paper, actor=board.cast.ada, at=board.now())
    kinds = list(Entry.objects.order_by("seq").values_list("kind", flat=True)[size:])
    assert kinds == ["reviews:paper:supplied", "reviews:paper:withdrawn"]
    entry = Entry.objects.prefetch_related("fields").get(kind="reviews:paper:supplied")
    assert (entry.values["digest"], entry.values["artefact"]) == (paper.digest, "affirmative-case")


def test_a_threshold_that_does_not_count_asks_for_nothing(board: Board) -> None:
    other = make_subject(board.cast, "ibis", at=board.now())
    assert collect_one(other, board.version, board.now()).asked_papers == ()


def test_a_paper_of_a_checkpoint_is_reported_and_shuts_nothing() -> None:
    document = read(WITH_PAPER.replace(b"kind: threshold", b"kind: checkpoint", 1))
    (asked,) = asked_of(document, {"bio-3"})
    assert asked.gates is False


def test_a_model_covered_by_one_that_counts_as_crossed_needs_a_paper_of_its_own(board: Board) -> None:
    told = {"outcomes": {"bio-3": "ruled_out"}, "verdicts": {"bio-3": "covered_by"}, "raised": ()}
    assert counting(board.version.document, **told, covered_strictly=["bio-3"]) == {"bio-3"}
    assert counting(board.version.document, **told) == frozenset()


def test_an_answer_with_papers_replays_and_one_from_before_them_too(board: Board) -> None:
    board.supply()
    board.settle(ask_release(board))
    board.work()
    answered = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=board.now())
    assert answered.allowed
    assert not list(replay_gate(board.subject, Replayed()))
    # Inputs from before papers were asked for name none, and answer as they did.
    inputs = documents.load(answered.inputs_document_id)
    assert b'"papers"' in inputs
    old = {key: value for key, value in gate_rules.read(inputs).items() if key != "papers"}
    said = gate_rules.read(gate_rules.answer(documents.load(answered.framework_document_id), canonical(old)))
    assert "required_paper_missing" not in {reason["code"] for reason in said["reasons"]}


def test_the_case_names_the_paper_who_can_supply_it_and_what_is_next(board: Board) -> None:
    ask_release(board)

    def panel(person) -> tuple:
        page = case_page(board.case, actor_of(person, board.now()), board.now())
        (line,) = dict(page.panel)["Papers the thresholds ask for"]
        return line.code, line.progress, line.turn, page.next_act.words if page.next_act else ""

    assert panel(board.cast.ada) == ("waiting", "missing", True, "Supply a paper: Bio-3")
    assert panel(board.cast.ben)[:3] == ("waiting", "missing", False)
    board.supply()
    assert panel(board.cast.ada)[:3] == ("waiting", "supplied", False)


def test_the_page_takes_a_paper_and_gives_it_back(board: Board) -> None:
    client = client_of(board.cast.farid)
    page = client.get(reverse("reviews:subject-detail", args=["heron"])).text
    assert "Bio-3: Affirmative case" in page and "Missing" in page
    address = reverse("reviews:papers", args=["heron"])
    file = BytesIO(b"The risks are acceptable.")
    file.name = "case.pdf"
    told = {"asked": "bio-3/affirmative-case", "snapshot": str(board.snapshot.pk), "title": "Why the risks are acceptable"}
    assert client.post(address, told | {"hazard": "no"}).status_code == 422
    assert client.post(address, told | {"hazard": "yes", "file": file}).status_code == 302
    paper = Paper.objects.get()
    assert "Why the risks are acceptable" in client.get(address).text
    assert client.get(reverse("reviews:paper-file", args=[paper.pk])).status_code == 404, "Farid is not cleared"
    file.seek(0)
    assert client.post(address, told | {"hazard": "no", "file": file}).status_code == 302
    paper = Paper.objects.get(replaced_at=None)
    assert b"".join(client.get(reverse("reviews:paper-file", args=[paper.pk])).streaming_content) == b"The risks are acceptable."
    assert client.post(reverse("reviews:paper-withdraw", args=[paper.pk])).status_code == 302


def test_a_missing_paper_is_told_once_to_who_may_bring_it_and_waits_on_them_until_it_is_there(board: Board) -> None:
    def told(person: Person) -> list[str]:
        rows = Notice.objects.filter(person=person, kind="paper_wanted", channel="inbox", withdrawn_at=None)
        return [compose(row).title for row in rows.select_related("subject", "case__subject")]

    cast, where = board.cast, f"Case {board.case.number} (elevation, Heron)"
    board.work()
    for person in (cast.ada, cast.farid):
        assert told(person) == [f"{where}: a paper is wanted. Affirmative case, for Bio-3"]
        assert "supply_paper" in [each.kind for each in waiting_on(person, board.now())]
    for person in (cast.ben, cast.dan):
        assert not told(person) and "supply_paper" not in [each.kind for each in waiting_on(person, board.now())]
    board.supply()
    board.work()
    for person in (cast.ada, cast.farid):
        assert not told(person) and "supply_paper" not in [each.kind for each in waiting_on(person, board.now())]
