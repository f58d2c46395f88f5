"""A small world to look around in, built through the public verbs only, so that its ledger verifies and its decisions replay.

One fictional lab, four models: Heron 2 (an ordinary ASL-2 model, cleared and released), Heron 3 (CBRN-3 can no longer be ruled out; the board is at
work), Kestrel 1 (its later snapshot was not fully evaluated), Osprey 1 (clean so far, and one result away from a case).
"""

from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from asl_portal.demo.cast import Cast, gather, let_go, throwaway_passwords
from asl_portal.demo.estate import ENVIRONMENT, STACK, STACK_DIGEST, build_estate, build_for
from asl_portal.demo.redating import redated
from asl_portal.demo.story import Story
from asl_portal.demo.work import catch_up
from evaluations.models import Snapshot, Subject
from evaluations.services import bindings, dossiers, subjects, uploads
from frameworks.models import FrameworkVersion
from frameworks.services import load_framework
from ledger.canonical import digest
from ledger.services import open_log
from reviews.models import Case, Question
from reviews.models.question import Choice, QuestionKind, QuestionState
from reviews.notices.send import settle_the_past
from reviews.services import adoptions, applicability, boards, cases, decisions, votes

HERE = Path(__file__).parent
FRAMEWORK = HERE.parent.parent / "frameworks" / "catalog" / "anthropic-rsp-2.2.yaml"
LOGS = HERE / "logs"
BOUND = ("bio-knowledge-33", "virology-lf-1", "virology-lf-2", "compbio-short-6", "creative-bio-auto", "swe-hard", "metr-dedup")


def build_world(now: datetime) -> None:
    """Everything, over the sixty days before `now`. The log must not be open yet."""
    with throwaway_passwords():
        _tell(now)
    # What happened in the story was told then: nobody gets sixty days of mail at the first start.
    settle_the_past(before=now - timedelta(days=14), at=now)


def _tell(now: datetime) -> None:
    start = now - timedelta(days=60)
    open_log(mode="demo", at=start)
    cast = gather(start)
    story = Story(cast, _adopt(cast, start + timedelta(hours=2)), start + timedelta(hours=3))
    _seat(story)
    story.wait(days=2)
    build_estate(story)
    _bind(story)
    for day, chapter in ((6, _heron_2), (20, _kestrel), (40, _heron_3), (52, _osprey)):
        story.wait_until(start + timedelta(days=day))
        chapter(story)
    catch_up(now)
    let_go(cast, now)
    catch_up(now)


def _adopt(cast: Cast, at: datetime) -> FrameworkVersion:
    version = load_framework(source=FRAMEWORK.read_bytes(), actor=None, at=at)
    why = "The policy the lab has published; its operationalised rules were read line by line."
    adoption = adoptions.propose_adoption(version=version, rationale=why, **cast.signer("dan", at))
    adoptions.confirm_adoption(adoption=adoption, **cast.signer("grace", at))
    catch_up(at)
    version.refresh_from_db()
    return version


def _seat(story: Story) -> None:
    """A seat takes two people, neither of them the one who sits on it."""
    cast, name = story.cast, story.version.name
    board = boards.found_board(slug="safety", name="Safety review board", framework_name=name, actor=cast.grace, at=story.at)
    for who, role in (("ben", "reviewer"), ("chloe", "reviewer"), ("mira", "reviewer"), ("dan", "chair")):
        seat = boards.propose_seat(board=board, person=cast.people[who], role=role, actor=cast.grace, at=story.at)
        boards.confirm_seat(seat=seat, actor=cast.leo, at=story.at)


def _bind(story: Story) -> None:
    """Ada proposes which result measures which indicator, Ben confirms, before any result is there."""
    for slug in BOUND:
        selector = {"family": "inspect-eval", "task": f"asl_demo/{slug}", "scorer": "match", "metric": "accuracy"}
        binding = bindings.propose(indicator=slug, selector=selector, actor=story.cast.ada, at=story.wait(minutes=30))
        bindings.confirm(binding=binding, actor=story.cast.ben, at=story.wait(minutes=20))
    catch_up(story.at)


def _register(story: Story, slug: str, name: str) -> Subject:
    return subjects.register_subject(slug=slug, name=name, actor=story.cast.ada, at=story.at)


def _weigh(story: Story, subject: Subject, label: str, model_name: str, *, candidate: bool = True) -> Snapshot:
    """Weights that Ada registers and Chloé confirms."""
    snapshot = subjects.register_snapshot(
        subject=subject,
        label=label,
        weights_digest=digest(f"weights of {subject.slug}, {label}"),
        model_names=[model_name],
        is_release_candidate=candidate,
        actor=story.cast.ada,
        at=story.wait(hours=1),
    )
    return subjects.confirm_snapshot(snapshot=snapshot, actor=story.cast.chloe, at=story.wait(minutes=10))


def _send(story: Story, folder: str, subject: Subject, snapshot: Snapshot) -> None:
    """Every log of a folder, run the day before it is uploaded (but for those whose dates were edited on purpose). Once it is read, Chloé confirms
    that it measured this snapshot."""
    received = []
    for path in sorted((LOGS / folder).glob("*.eval")):
        content = path.read_bytes()
        if "edited" not in folder:
            content = redated(content, created=story.at - timedelta(days=1))
        at = story.wait(minutes=5)
        upload, _ = uploads.receive(
            stream=BytesIO(content), filename=path.name, subject=subject, snapshot=snapshot, actor=story.cast.ada, at=at
        )
        received.append(upload)
    catch_up(story.at)
    for upload in received:
        uploads.countersign(upload=upload, actor=story.cast.chloe, at=story.wait(minutes=2))
    catch_up(story.at)


def _heron_2(story: Story) -> None:
    """An ordinary ASL-2 model: cleared, its safeguards found adequate, released to external use."""
    subject = _register(story, "heron-2", "Heron 2")
    snapshot = _weigh(story, subject, "release 1", "demo/heron-2")
    story.wait(hours=2)
    build_for(story, subject)
    _send(story, "heron-2", subject, snapshot)
    case = cases.open_case(
        subject=subject,
        framework_version=story.version,
        kind="clearance",
        thresholds=("cyber-operations",),
        reason="All evaluations are in and far below their lines; the board says so before the model goes out.",
        snapshot=snapshot,
        actor=story.cast.dan,
        at=story.wait(hours=1),
    )
    catch_up(story.at)
    story.wait(hours=20)
    why = "The upper bounds lie below their lines on complete, elicited runs; I read the logs named in the reasons."
    _settle(story, case, QuestionKind.THRESHOLD, why)
    applicability.state_applicability(
        case=case,
        scopes=list(story.version.document.scopes),
        rationale="The model is served from the same stack and estate that the sign-offs are about.",
        stack=STACK,
        stack_digest=STACK_DIGEST,
        environment=ENVIRONMENT,
        **story.cast.signer("farid", story.wait(hours=20)),
    )
    catch_up(story.at)
    _settle(story, case, QuestionKind.SAFEGUARDS, "Every safeguard has a sign-off in force that is about this estate.")
    cases.ask_release(case=case, snapshot=snapshot, scope="external", actor=story.cast.dan, at=story.wait(hours=20))
    catch_up(story.at)
    _settle(story, case, QuestionKind.RELEASE, "Thresholds are answered and safeguards adequate; nothing else stands against it.")


def _settle(story: Story, case: Case, kind: QuestionKind, why: str) -> None:
    """The reviewers approve every open question of a kind; the chair declares."""
    for question in case.questions.filter(kind=kind, state=QuestionState.OPEN).order_by("position", "id"):
        for name in ("ben", "chloe", "mira"):
            _approve(story, name, question, why)
        catch_up(story.at)
        question.refresh_from_db()
        decisions.decide(
            question=question,
            verdict=question.proposal,
            note="All three reviewers approved; nobody dissented.",
            seen_digest=question.content_digest,
            **story.cast.signer("dan", story.wait(minutes=30)),
        )
        catch_up(story.at)


def _approve(story: Story, name: str, question: Question, why: str) -> None:
    question.refresh_from_db()
    votes.vote(
        question=question,
        choice=Choice.APPROVE,
        rationale=why,
        seen_digest=question.content_digest,
        **story.cast.signer(name, story.wait(minutes=15)),
    )


def _kestrel(story: Story) -> None:
    """An early snapshot fully evaluated, then a later one only in part: the evidence for the first does not speak for the second. An outside evaluator
    is let in to help."""
    subject = _register(story, "kestrel-1", "Kestrel 1")
    early = _weigh(story, subject, "step 40,000", "demo/kestrel-1-early", candidate=False)
    _send(story, "kestrel-1/early", subject, early)
    story.wait(days=9)
    later = _weigh(story, subject, "step 90,000", "demo/kestrel-1")
    _send(story, "kestrel-1/later", subject, later)
    _send(story, "kestrel-1/edited", subject, later)
    at = story.wait(hours=1)
    dossiers.open_dossier(
        subject=subject, person=story.cast.people["lena"], until_at=at + timedelta(days=180), actor=story.cast.people["dan"], at=at
    )


def _heron_3(story: Story) -> None:
    """Two virology results rise past their lines: a case opens by itself, one reviewer has voted, safeguards are being signed."""
    subject = _register(story, "heron-3", "Heron 3")
    snapshot = _weigh(story, subject, "candidate 2", "demo/heron-3")
    story.wait(hours=2)
    build_for(story, subject)
    _send(story, "heron-3", subject, snapshot)
    case = Case.objects.get(subject=subject, state="open")
    story.wait(days=1)
    why = "Both long-form virology bounds lie far above 0.50. That is no proof of uplift, but it can no longer be ruled out."
    _approve(story, "ben", case.questions.get(threshold="cbrn-3"), why)
    text = "Chloé, could you look at the monitoring evidence before we vote on adequacy? The partner cloud part is new."
    cases.comment(case=case, text=text, hazard=False, actor=story.cast.ben, at=story.wait(hours=1))
    catch_up(story.at)


def _osprey(story: Story) -> None:
    """Everything clean, nothing decided: one more result and a case opens."""
    subject = _register(story, "osprey-1", "Osprey 1")
    snapshot = _weigh(story, subject, "candidate 1", "demo/osprey-1")
    story.wait(hours=2)
    build_for(story, subject)
    _send(story, "osprey-1", subject, snapshot)
