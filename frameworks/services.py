"""Loading a framework version, and putting it into force. Neither lowers anything by itself."""

from datetime import datetime

from django.db import IntegrityError, transaction

from frameworks import documents, entries, policies
from frameworks.documents import DocumentRejected, Problem
from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion, IndicatorVersion, Status
from ledger.canonical import canonical
from ledger.refusals import NotNow, NotValid
from people.models import Person, Signature
from people.policies import require
from people.queries import actor_of, roles_of
from people.signing import statement_of, verify_signature
from people.words import Role


class FrameworkRejected(NotValid):
    code = "framework_rejected"
    sentence = "This is not a framework document."
    what_to_do = "Mend each place it names, then load it again."

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        told = "; ".join(f"{each.path or 'document'}: {each.message}" for each in problems)
        super().__init__(
            f"{self.sentence} {told}", problems=[{"path": each.path, "code": each.code, "message": each.message} for each in problems]
        )


class RevisionTaken(NotNow):
    code = "revision_taken"
    sentence = "Another document has this name, version and revision already, and what is loaded never changes."
    what_to_do = "Raise the document's revision by one."


class NotADraft(NotNow):
    code = "not_a_draft"
    sentence = "Only a draft can be adopted; this version was adopted already."
    what_to_do = "To return to an earlier text, load it again under a new revision."


class AdoptionNotSigned(NotValid):
    code = "adoption_not_signed"
    sentence = "An adoption needs the chair's signature that proposes this very document, and an executive's that confirms it."


@transaction.atomic
def load_framework(*, source: bytes, actor: Person | None, at: datetime) -> FrameworkVersion:
    """Validates a document and stores it as a draft; the same document again is the same version. `actor` None is the command line.

    Raises FrameworkRejected with every problem, RevisionTaken, NotAllowed.
    """
    if actor is not None:
        require(policies.may_load(actor_of(actor, at)))
    try:
        document = documents.read(source)
    except DocumentRejected as rejected:
        raise FrameworkRejected(rejected.problems) from rejected
    known = FrameworkVersion.objects.filter(digest=document.digest).first()
    if known is not None:
        return known
    version = _store(document, actor=actor, at=at)
    entries.version_loaded(version, actor=actor, at=at)
    return version


def _store(document: FrameworkDocument, *, actor: Person | None, at: datetime) -> FrameworkVersion:
    version = FrameworkVersion(
        name=document.name,
        version=document.version,
        revision=document.revision,
        title=document.title,
        digest=document.digest,
        source_bytes=document.source_bytes,
        canonical_bytes=document.canonical,
        effective_date=document.effective_date,
        loaded_by=actor,
        loaded_at=at,
    )
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        if "one_document_per_framework_version_and_revision" in str(error):
            raise RevisionTaken from None
        raise
    IndicatorVersion.objects.bulk_create(
        [
            IndicatorVersion(slug=each.slug, digest=each.digest, document=canonical(each.document), loaded_at=at)
            for each in document.indicators
        ],
        ignore_conflicts=True,  # a version another document brought already keeps its date
    )
    version.refresh_from_db()
    return version


@transaction.atomic
def adopt(*, version: FrameworkVersion, proposed: Signature, confirmed: Signature, at: datetime) -> FrameworkVersion:
    """Puts a draft into force: the chair proposed it, an executive confirmed it, two persons. Its predecessor is superseded.

    Indicator versions not adopted before count from this entry on. No requirement moves: what the new rules say is a new assessment, and
    lowering is a case of its own. Raises NotADraft, AdoptionNotSigned.
    """
    version = FrameworkVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if version.status != Status.DRAFT:
        raise NotADraft
    _require(proposed, meaning="proposes", role=Role.CHAIR, version=version, at=at)
    _require(confirmed, meaning="confirms", role=Role.EXECUTIVE, version=version, at=at)
    if proposed.person_id == confirmed.person_id:
        raise AdoptionNotSigned("One person cannot both propose and confirm a framework version.")
    before = FrameworkVersion.objects.select_for_update(of=("self",)).filter(name=version.name, status=Status.ADOPTED).first()
    if before is not None:
        before.status, before.superseded_at = Status.SUPERSEDED, at
        before.save(update_fields=["status", "superseded_at"])
    version.status, version.adopted_at, version.predecessor = Status.ADOPTED, at, before
    version.proposed, version.proposed_by = proposed, proposed.person
    version.confirmed, version.confirmed_by = confirmed, confirmed.person
    version.save()
    named = [each.digest for each in version.document.indicators]
    fresh = list(IndicatorVersion.objects.select_for_update().filter(digest__in=named, registered_seq=None).order_by("slug"))
    entry = entries.version_adopted(version, proposed=proposed, confirmed=confirmed, registered=fresh, at=at)
    version.adopted_seq = entry.seq
    version.save(update_fields=["adopted_seq"])
    IndicatorVersion.objects.filter(pk__in=[each.pk for each in fresh]).update(registered_at=at, registered_seq=entry.seq)
    return version


def _require(signature: Signature, *, meaning: str, role: str, version: FrameworkVersion, at: datetime) -> None:
    """A sound signature, under these very bytes, in a role its person holds."""
    if not verify_signature(signature):
        raise AdoptionNotSigned
    statement = statement_of(signature)
    told = (statement.meaning, statement.role, statement.digests.get("framework"))
    if told != (meaning, role, version.digest) or role not in roles_of(signature.person, at):
        raise AdoptionNotSigned
