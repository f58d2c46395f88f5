"""The board's world: a framework in force, a model with confirmed weights, people with passwords, and their verbs."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from evaluations.models import Snapshot, Subject, Upload
from evaluations.services import uploads
from frameworks.models import FrameworkVersion
from ledger import rows
from people.models import Person
from reviews.facts import Facts, collect_one
from reviews.gate import Answer, answer_at
from reviews.models import ApplicabilityStatement, Case, Paper, Question, SafeguardImplementation, SignOff, Vote
from reviews.services import applicability, cases, decisions, papers, signoffs, votes
from tests.conftest import WorldOnce
from tests.evaluations.logs import log
from tests.makers import (
    Cast,
    adopt_framework,
    confirmed,
    give_app,
    give_password,
    give_role,
    later,
    make_binding,
    make_people,
    make_person,
    make_snapshot,
    make_subject,
    send_file,
    work_off,
)

FRAMEWORK = (Path(__file__).parent / "board-framework.yaml").read_bytes()
# The same, in which Bio-3 asks for an affirmative case besides its tiers.
WITH_PAPER = FRAMEWORK.replace(
    b"meaning: Helps novices.\n", b"meaning: Helps novices.\n    artefacts:\n      - {slug: affirmative-case, title: Affirmative case}\n"
)


@dataclass
class Board:
    """Time moves on by a minute with every verb."""

    cast: Cast
    version: FrameworkVersion
    subject: Subject
    snapshot: Snapshot
    moment: datetime = field(default_factory=lambda: later(hours=1))
    runs: int = 0
    served: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment

    def work(self) -> None:
        work_off(self.now())

    # evidence

    def measure(self, task: str = "bio_protocols", right: int = 2, n: int = 40, **more: Any) -> Upload:
        """Ada uploads a result, Ben countersigns it, the workers work."""
        self.runs += 1
        upload = self.send(log(task, right=right, n=n, run=f"run-{self.runs}"), **more)
        uploads.countersign(upload=upload, actor=self.cast.ben, at=self.now())
        self.work()
        return upload

    def send(self, content: bytes, *, subject: Subject | None = None, snapshot: Snapshot | None = None) -> Upload:
        return send_file(self.cast, content, subject or self.subject, snapshot or self.snapshot, at=self.now())

    def clean(self) -> None:
        """Evidence that rules everything out."""
        self.measure("bio_protocols")
        self.measure("exploits")

    def rise(self, right: int = 20) -> Case:
        """Evidence that rules Bio-4 out and cannot rule Bio-3 out; the case it opens."""
        self.measure("exploits")
        self.measure("bio_protocols", right=right)
        return self.case

    # the board

    @property
    def facts(self) -> Facts:
        return collect_one(self.subject, self.version, self.now())

    @property
    def case(self) -> Case:
        return Case.objects.get(subject=self.subject, state="open")

    def required(self) -> dict[str, str]:
        return self.facts.required_slugs

    def question(self, kind: str = "threshold", **which: Any) -> Question:
        return Question.objects.select_related("case__subject", "case__framework_version").get(
            case__subject=self.subject, case__state="open", kind=kind, **{"state": "open"} | which
        )

    def vote(self, person: Person, question: Question, choice: str = "approve", **more: Any) -> Vote:
        question.refresh_from_db()
        at = self.now()
        told = {"rationale": "I read the evidence.", "seen_digest": question.content_digest, "confirmation": confirmed(person, at)} | more
        return votes.vote(question=question, choice=choice, actor=person, user=person.user, at=at, **told)

    def decide(self, question: Question, verdict: str = "", **more: Any) -> Any:
        question.refresh_from_db()
        told = {"note": "So the board decided.", "seen_digest": question.content_digest, "actor": self.cast.dan} | more
        person, at = told["actor"], self.now()
        return decisions.decide(
            question=question, verdict=verdict or question.proposal, user=person.user, confirmation=confirmed(person, at), at=at, **told
        )

    def settle(self, question: Question, verdict: str = "") -> Any:
        """Ben and Chloé vote for the verdict, Dan declares it."""
        choice = "approve" if verdict in ("", question.proposal) else "reject"
        for person in (self.cast.ben, self.cast.chloe):
            self.vote(person, question, choice)
        return self.decide(question, verdict)

    def open_case(self, kind: str = "clearance", *, actor: Person | None = None, **more: Any) -> Case:
        told = {"subject": self.subject, "framework_version": self.version, "reason": "By hand."} | more
        return cases.open_case(kind=kind, actor=actor or self.cast.dan, at=self.now(), **told)

    # safeguards

    def build(self, safeguard: str, *, owner: Person | None = None, **more: Any) -> SafeguardImplementation:
        """Farid registers how a safeguard is built and attaches a document that shows it."""
        told = {"title": safeguard, "description": "How it is built."} | more
        farid = self.cast.farid
        implementation = signoffs.register_implementation(
            framework_version=self.version, safeguard=safeguard, owner=owner or farid, actor=farid, at=self.now(), **told
        )
        self.attach(implementation)
        return implementation

    def attach(
        self, implementation: SafeguardImplementation, content: bytes = b"It works.", *, actor: Person | None = None, **more: Any
    ) -> Any:
        told = {"filename": "test-report.pdf", "evidence_type": "document", "note": "", "actor": actor or self.cast.farid} | more
        found = signoffs.attach_evidence(
            implementation=implementation, stream=BytesIO(content + implementation.safeguard.encode()), at=self.now(), **told
        )
        implementation.refresh_from_db()
        return found

    def sign_off(self, person: Person, implementation: SafeguardImplementation, **more: Any) -> SignOff:
        wording = self.version.wordings.get(implementation.safeguard, "")
        seen = {"seen_digest": implementation.version_digest, "seen_wording": wording}
        told = {"meaning": "reviewed", "rationale": "I read the report."} | seen | more
        at = self.now()
        return signoffs.give_signoff(
            implementation=implementation, actor=person, user=person.user, confirmation=confirmed(person, at), at=at, **told
        )

    def safeguard(self) -> list[SignOff]:
        """Every safeguard of the framework built, shown and signed off by Chloé; what belongs to a stack or an environment in the usual one."""
        return [
            self.sign_off(self.cast.chloe, self.build(each.slug, place_name=self.served.get(each.placed_in, "")))
            for each in self.version.document.safeguards
        ]

    def state(self, case: Case, *scopes: str, **served: str) -> ApplicabilityStatement:
        """Farid states which sign-offs apply; `served` says where, such as `stack` with its `stack_digest`."""
        farid, at = self.cast.farid, self.now()
        return applicability.state_applicability(
            case=case,
            scopes=scopes or ("external", "internal"),
            rationale="They serve this model too.",
            actor=farid,
            user=farid.user,
            confirmation=confirmed(farid, at),
            at=at,
            **self.served | served,
        )

    # papers

    def supply(self, *, actor: Person | None = None, content: bytes | None = b"The risks are acceptable.", **more: Any) -> Paper:
        """Farid supplies the affirmative case of Bio-3 as a file; `content` None where a reference is told."""
        file = {} if content is None else {"stream": BytesIO(content), "filename": "case.pdf"}
        asked = {"threshold": "bio-3", "artefact": "affirmative-case", "title": "Affirmative case", "hazard": False}
        told = {"subject": self.subject, "framework_version": self.version, "snapshot": self.snapshot} | asked | file | more
        return papers.supply(actor=actor or self.cast.farid, at=self.now(), **told)

    # all of it

    def settle_thresholds(self) -> None:
        for question in Question.objects.filter(case=self.case, kind="threshold", state="open").order_by("position"):
            self.settle(question)

    def settle_safeguards(self) -> None:
        self.state(self.case)
        for question in Question.objects.filter(case=self.case, kind="safeguards", state="open").order_by("position"):
            self.settle(question)

    def release(self, scope: str = "external") -> Any:
        question = cases.ask_release(case=self.case, snapshot=self.snapshot, scope=scope, actor=self.cast.dan, at=self.now())
        return self.settle(question)

    def release_anew(self, scope: str = "external") -> Any:
        """A case that asks only for the release, when everything else is settled."""
        self.open_case("re_approval", release_to=scope)
        return self.settle(self.question("release", scope=scope))

    def let_out(self, scope: str = "external") -> None:
        """From clean evidence to an open gate."""
        self.clean()
        self.safeguard()
        self.open_case()
        self.settle_thresholds()
        self.settle_safeguards()
        self.release(scope)
        self.work()

    def ask(self, scope: str = "external", artefact: str | None = None) -> Answer:
        return answer_at(scope=scope, artefact=artefact or self.snapshot.weights_digest, at=self.now())


def make_board(*, candidate: bool = True, source: bytes = FRAMEWORK, armed: Sequence[str] = ()) -> Board:
    """`armed`: who has an authenticator app from the start."""
    cast = make_people("ada", "ben", "chloe", "dan", "eve", "farid", "grace", "hana")
    for person in (cast.ben, cast.chloe, cast.dan, cast.farid, cast.grace, cast.hana):
        give_password(person)
    for name in armed:
        give_app(getattr(cast, name))
    version = adopt_framework(cast, source)
    make_binding(cast, "bio-protocols", "bio_protocols")
    make_binding(cast, "exploits", "exploits")
    subject = make_subject(cast)
    snapshot = make_snapshot(cast, subject, is_release_candidate=candidate)
    board = Board(cast, version, subject, snapshot)
    board.work()
    return board


def add_reviewer(board: Board, name: str) -> Person:
    """A third reviewer, who must be there before a case pins its roster."""
    person = make_person(name, at=board.moment)
    give_role(board.cast, person, "reviewer", at=board.moment)
    give_password(person, at=board.moment)
    return person


@pytest.fixture(scope="module")
def built(world_once: WorldOnce) -> Iterator[Board]:
    """The world, built once for all tests of a module in a transaction that is rolled back; each test works in a savepoint of its own."""
    with world_once():
        yield make_board()


@pytest.fixture
def board(built: Board, db: None) -> Board:
    return deepcopy(built)


@pytest.fixture(scope="module")
def let_out(world_once: WorldOnce) -> Iterator[Board]:
    """The same with the gate to `external` open. A module uses this world or the other one, never both."""
    with world_once():
        board = make_board()
        board.let_out()
        yield board


@pytest.fixture
def open_board(let_out: Board, db: None) -> Board:
    return deepcopy(let_out)


@pytest.fixture(autouse=True)
def every_row_stands_in_the_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does through the verbs, each row that gives power has its entry afterwards. `@pytest.mark.past_the_verbs` says that it goes round them."""
    if not {"db", "transactional_db"} & set(request.fixturenames) or request.node.get_closest_marker("past_the_verbs"):
        yield
        return
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    yield
    rows.check()
