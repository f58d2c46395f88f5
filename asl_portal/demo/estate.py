"""The safeguards of the demonstration: what the fictional lab has built, the files that show it, and who signed."""

from io import BytesIO

from asl_portal.demo.story import Story
from evaluations.models import Subject
from frameworks.engine.types import Safeguard
from frameworks.wordings import wording_of
from ledger.canonical import digest
from reviews.models import SafeguardImplementation
from reviews.models.signoff import Meaning
from reviews.services import signoffs

STACK, ENVIRONMENT = "public API", "partner cloud"
PLACES = {"estate": "", "environment": ENVIRONMENT, "stack": STACK, "subject": ""}
# What the serving side would report of its stack; here, the digest of its name.
STACK_DIGEST = digest(STACK)
# Built, with evidence, and still waiting for a signature: what the first case at ASL-3 has to settle.
UNSIGNED = ("asl-3-deployment-3", "asl-3-deployment-7", "asl-3-security-2c", "asl-3-security-3")


def build_estate(story: Story) -> None:
    """Every safeguard that serves all models, with its evidence; all signed but four."""
    for safeguard in story.version.document.safeguards:
        if safeguard.placed_in == "subject":
            continue
        implementation = build(story, safeguard)
        if safeguard.slug not in UNSIGNED:
            sign_off(story, implementation, safeguard)


def build_for(story: Story, subject: Subject) -> None:
    """The safeguards that belong to one model: its card, its refusal training."""
    for safeguard in story.version.document.safeguards:
        if safeguard.placed_in == "subject":
            sign_off(story, build(story, safeguard, subject), safeguard)


def build(story: Story, safeguard: Safeguard, subject: Subject | None = None) -> SafeguardImplementation:
    owned = f" of {subject.name}" if subject else ""
    implementation = signoffs.register_implementation(
        framework_version=story.version,
        safeguard=safeguard.slug,
        title=f"{safeguard.title}{owned}",
        description=f"How the fictional lab does it. {safeguard.statement}",
        owner=story.cast.farid,
        actor=story.cast.farid,
        at=story.at,
        place_name=PLACES[safeguard.placed_in],
        subject=subject,
    )
    signoffs.attach_evidence(
        implementation=implementation,
        stream=BytesIO(_paper(safeguard, owned).encode()),
        filename=f"{safeguard.slug}{'-' + subject.slug if subject else ''}.md",
        evidence_type=safeguard.evidence_types[0],
        note="Modelled on public reports; every figure is invented for the demonstration.",
        actor=story.cast.farid,
        at=story.at,
    )
    implementation.refresh_from_db()
    return implementation


def _paper(safeguard: Safeguard, owned: str) -> str:
    """A file as an owner would attach it, in the form of what laboratories publish; every figure in it is invented."""
    kind = safeguard.evidence_types[0]
    return PAPER.format(
        title=safeguard.title,
        owned=owned,
        kind=kind.replace("-", " "),
        statement=safeguard.statement,
        showing=safeguard.showing,
        body=BODIES.get(kind, BODIES["document"]),
    )


PAPER = """\
# {title}{owned}: {kind}

**Modelled on public reports.** The laboratory, its measures and every figure below are invented for the demonstration; only the form is that of what
laboratories publish.

## What is asked
{statement}

To be shown: {showing}

{body}
"""
BODIES = {
    "red-team": """\
## What was tried
Twelve people outside the team, four of them with a background in biology, tried for 320 hours over three weeks to get a whole answer to ten questions
that the classifiers are to stop. They knew how the classifiers work and were paid by what they found.

| way round | tries | whole answers | 95 % upper bound |
|---|---|---|---|
| role play and false credentials | 1,140 | 0 | 0.3 % |
| splitting the question over turns | 870 | 1 | 0.6 % |
| other languages and encodings | 640 | 0 | 0.5 % |
| a universal prompt for all ten questions | 310 | 0 | 1.0 % |

## What followed
The one whole answer came by parts asked for in separate sessions. Sessions of one account are now read together; the same people tried it again 120 times
without an answer. No universal way round was found.

## What this does not show
Nothing of people with more time, or of what comes after a change of the classifiers: the exercise is repeated with each.
""",
    "evaluation": """\
## How it was measured
A held-out set of 2,400 requests, 1,200 to be stopped and 1,200 harmless ones that look like them, labelled by two people each.

| measure | result | n | interval (central 90 %) |
|---|---|---|---|
| stopped of what is to be stopped | 0.991 | 1,200 | 0.985 to 0.995 |
| stopped of what is harmless | 0.021 | 1,200 | 0.015 to 0.029 |

## What this does not show
The set was written by the team that trains the classifiers; see the red-teaming for what others found.
""",
    "metrics": """\
## The last ninety days
| measure | result | agreed |
|---|---|---|
| reports or alerts received | 412 | |
| looked at within the agreed time | 408 (99.0 %) | 98 % |
| median time until somebody acted | 38 min | 60 min |
| found to be real | 9 | |

Four were late, all in one night when the rota had a gap; the rota was mended on the next day.
""",
    "audit": """\
## What was looked at
An audit of five days by people who do not run it: the settings as they are, a sample of 60 changes of the last half year, and interviews with eight people.

| finding | weight | state |
|---|---|---|
| two service accounts without an owner | medium | closed: removed |
| access reviews a week late in one quarter | low | closed: reminded by the portal |
| no finding of high weight | | |
""",
    "document": """\
## How it is done
| step | who | how often | seen by |
|---|---|---|---|
| the measure is described and owned | safeguard owner | once, and at each change | this file |
| it is checked to be in place | on-call engineer | weekly | the check's log |
| exceptions are asked for and dated | head of the team | as they come | 3 open, each with an end |

The last twelve weekly checks found it in place; one exception ran out and was not renewed.
""",
}


def sign_off(story: Story, implementation: SafeguardImplementation, safeguard: Safeguard) -> None:
    """By the reviewer who holds the competence it asks for; each signature waits for its own code."""
    reviewer = {"security": "chloe", "biology": "ben", "cyber": "chloe"}.get(safeguard.competence, "ben")
    signoffs.give_signoff(
        implementation=implementation,
        meaning=Meaning.REVIEWED,
        rationale=f"The file attached shows what is asked: {safeguard.showing[0].lower()}{safeguard.showing[1:]}",
        seen_digest=implementation.version_digest,
        seen_wording=wording_of(implementation.framework_name, safeguard),
        **story.cast.signer(reviewer, story.wait(minutes=1)),
    )
