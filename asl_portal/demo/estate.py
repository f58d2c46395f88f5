"""The safeguards of the demonstration: what the fictional lab has built, the files that show it, and who signed."""

from datetime import datetime
from io import BytesIO

from asl_portal.demo.cast import Cast
from evaluations.models import Subject
from frameworks.engine.types import Safeguard
from frameworks.models import FrameworkVersion
from reviews.models import SafeguardImplementation
from reviews.models.signoff import Meaning
from reviews.services import signoffs

PLACES = {"estate": "", "environment": "partner cloud", "stack": "serving stack", "subject": ""}
# Built, with evidence, and still waiting for a signature: what the first case at ASL-3 has to settle.
UNSIGNED = ("asl-3-deployment-3", "asl-3-deployment-7", "asl-3-security-2c", "asl-3-security-3")


def build_estate(cast: Cast, version: FrameworkVersion, at: datetime) -> None:
    """Every safeguard that serves all models, with its evidence; all signed but four."""
    for safeguard in version.document.safeguards:
        if safeguard.placed_in == "subject":
            continue
        implementation = build(cast, version, safeguard, at)
        if safeguard.slug not in UNSIGNED:
            sign_off(cast, implementation, safeguard, at)


def build_for(cast: Cast, version: FrameworkVersion, subject: Subject, at: datetime) -> None:
    """The safeguards that belong to one model: its card, its refusal training."""
    for safeguard in version.document.safeguards:
        if safeguard.placed_in == "subject":
            sign_off(cast, build(cast, version, safeguard, at, subject), safeguard, at)


def build(
    cast: Cast, version: FrameworkVersion, safeguard: Safeguard, at: datetime, subject: Subject | None = None
) -> SafeguardImplementation:
    owned = f" of {subject.name}" if subject else ""
    implementation = signoffs.register_implementation(
        framework_version=version,
        safeguard=safeguard.slug,
        title=f"{safeguard.title}{owned}",
        description=f"How the fictional lab does it. {safeguard.statement}",
        owner=cast.farid,
        actor=cast.farid,
        at=at,
        place_name=PLACES[safeguard.placed_in],
        subject=subject,
    )
    signoffs.attach_evidence(
        implementation=implementation,
        stream=BytesIO(_paper(safeguard, owned).encode()),
        filename=f"{safeguard.slug}{'-' + subject.slug if subject else ''}.md",
        evidence_type=safeguard.evidence_types[0],
        note="Invented for the demonstration.",
        actor=cast.farid,
        at=at,
    )
    implementation.refresh_from_db()
    return implementation


def _paper(safeguard: Safeguard, owned: str) -> str:
    return f"# {safeguard.title}{owned}\n\nEvidence of the demonstration; the lab and its measures are fictional.\n\nTo be shown: {safeguard.showing}\n"


def sign_off(cast: Cast, implementation: SafeguardImplementation, safeguard: Safeguard, at: datetime) -> None:
    """By the reviewer who holds the competence it asks for."""
    reviewer = {"security": "chloe", "biology": "ben", "cyber": "chloe"}.get(safeguard.competence, "ben")
    signoffs.give_signoff(
        implementation=implementation,
        meaning=Meaning.REVIEWED,
        rationale=f"The file attached shows what is asked: {safeguard.showing[0].lower()}{safeguard.showing[1:]}",
        seen_digest=implementation.version_digest,
        at=at,
        **cast.signer(reviewer),
    )
