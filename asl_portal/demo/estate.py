"""The safeguards of the demonstration: what the fictional lab has built, the files that show it, and who signed."""

from io import BytesIO

from asl_portal.demo.story import Story
from evaluations.models import Subject
from frameworks.engine.types import Safeguard
from ledger.canonical import digest
from reviews.models import SafeguardImplementation
from reviews.models.signoff import Meaning
from reviews.services import signoffs

STACK, ENVIRONMENT = "serving stack", "partner cloud"
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
        note="Invented for the demonstration.",
        actor=story.cast.farid,
        at=story.at,
    )
    implementation.refresh_from_db()
    return implementation


def _paper(safeguard: Safeguard, owned: str) -> str:
    return f"# {safeguard.title}{owned}\n\nEvidence of the demonstration; the lab and its measures are fictional.\n\nTo be shown: {safeguard.showing}\n"


def sign_off(story: Story, implementation: SafeguardImplementation, safeguard: Safeguard) -> None:
    """By the reviewer who holds the competence it asks for; each signature waits for its own code."""
    reviewer = {"security": "chloe", "biology": "ben", "cyber": "chloe"}.get(safeguard.competence, "ben")
    signoffs.give_signoff(
        implementation=implementation,
        meaning=Meaning.REVIEWED,
        rationale=f"The file attached shows what is asked: {safeguard.showing[0].lower()}{safeguard.showing[1:]}",
        seen_digest=implementation.version_digest,
        **story.cast.signer(reviewer, story.wait(minutes=1)),
    )
