"""What lets a result count, held against the ledger: weights and particulars a second person confirmed, bindings, and what was taken out, moved or judged."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import F

from evaluations import entries
from evaluations.models import (
    Admission,
    Arms,
    Assessment,
    Attestation,
    Binding,
    Correction,
    Coverage,
    Dossier,
    Judgement,
    Snapshot,
    StandingRequirement,
    Subject,
    Supersession,
    Upload,
)
from ledger.rows import Told, told_as
from people.rows import fault_of
from people.signing import signature_fields


@told_as("evaluations:subject:registered")
def subjects() -> Iterator[Told]:
    for subject in Subject.objects.iterator():
        fields = {"subject": subject.pk, "parent": subject.parent_id, "derivation": subject.derivation}
        yield Told(f"subject {subject.pk}", f"subject:{subject.pk}", fields, subject.registered_by_id)


@told_as("evaluations:snapshot:registered")
def snapshots() -> Iterator[Told]:
    for snapshot in Snapshot.objects.iterator():
        yield _weights(f"snapshot {snapshot.pk}", snapshot, snapshot.registered_by_id)


@told_as("evaluations:snapshot:confirmed")
def confirmed_snapshots() -> Iterator[Told]:
    for snapshot in Snapshot.objects.filter(confirmed_at__isnull=False).iterator():
        yield _weights(f"confirmed snapshot {snapshot.pk}", snapshot, snapshot.confirmed_by_id)


def _weights(row: str, snapshot: Snapshot, by: UUID | None) -> Told:
    fields = {"subject": snapshot.subject_id, "weights": snapshot.weights_digest}
    return Told(row, f"snapshot:{snapshot.pk}", fields, by, if_told={"particulars": entries.snapshot_particulars(snapshot)})


@told_as("evaluations:upload:received")
def uploads() -> Iterator[Told]:
    for upload in Upload.objects.iterator():
        fields = {
            "subject": upload.subject_id,
            "snapshot": upload.snapshot_id,
            "blob": f"sha256:{upload.blob_id}",
            "declared": entries.declared_digest(upload),
        }
        yield Told(f"upload {upload.pk}", f"upload:{upload.pk}", fields)


@told_as("evaluations:upload:countersigned")
def countersigned_uploads() -> Iterator[Told]:
    for upload in Upload.objects.filter(countersigned_at__isnull=False).iterator():
        fields = {"subject": upload.subject_id, "snapshot": upload.snapshot_id, "declared": entries.declared_digest(upload)}
        yield Told(f"confirmed upload {upload.pk}", f"upload:{upload.pk}", fields, upload.countersigned_by_id)


@told_as("evaluations:upload:attested")
def attestations() -> Iterator[Told]:
    for row in Attestation.objects.select_related("upload", "signature").iterator():
        fault = fault_of(row.signature, person=row.person_id)
        yield Told(f"attestation {row.pk}", f"upload:{row.upload_id}", entries.attestation_fields(row), row.person_id, fault)


@told_as("evaluations:arms:confirmed")
def confirmed_arms() -> Iterator[Told]:
    for row in Arms.objects.filter(confirmed_at__isnull=False).select_related("measurement__run").iterator():
        yield Told(f"arms {row.pk}", f"arms:{row.pk}", entries.arms_fields(row), row.confirmed_by_id)


@told_as("evaluations:dossier:opened")
def dossiers() -> Iterator[Told]:
    for dossier in Dossier.objects.iterator():
        fields = {"subject": dossier.subject_id, "person": dossier.person_id, "until": dossier.until_at}
        yield Told(f"dossier {dossier.pk}", f"dossier:{dossier.pk}", fields, dossier.opened_by_id)


@told_as("evaluations:binding:confirmed")
def bindings() -> Iterator[Told]:
    for binding in Binding.objects.filter(confirmed_at__isnull=False).iterator():
        fields = {"indicator": binding.indicator, "family": binding.family}
        selector = {"selector": entries.binding_selector(binding)}
        yield Told(f"binding {binding.pk}", f"binding:{binding.pk}", fields, binding.confirmed_by_id, if_told=selector)


@told_as("evaluations:result:superseded")
def supersessions() -> Iterator[Told]:
    for row in Supersession.objects.select_related("signature").iterator():
        fields = {
            "measurement": row.measurement_id,
            "run": row.run_id,
            "announced_run": row.announced_run_id,
            "upload": row.upload_id,
            "replacement": row.replacement_id,
            **signature_fields(row.signature),
        }
        yield Told(f"supersession {row.pk}", f"supersession:{row.pk}", fields, row.person_id, fault_of(row.signature, person=row.person_id))


@told_as("evaluations:correction:signed")
def corrections() -> Iterator[Told]:
    for row in Correction.objects.filter(signature__isnull=False).select_related("signature").iterator():
        assert row.signature is not None and row.signed_by_id is not None
        fields = {"upload": row.upload_id, "snapshot": row.snapshot_id, "sent_again": row.sent_again_id, **signature_fields(row.signature)}
        yield Told(
            f"correction {row.pk}", f"correction:{row.pk}", fields, row.signed_by_id, fault_of(row.signature, person=row.signed_by_id)
        )


@told_as("evaluations:measurement:admitted")
def admissions() -> Iterator[Told]:
    for row in Admission.objects.iterator():
        fields = {"measurement": row.measurement_id, "indicator": row.indicator_digest, "decision": row.decision}
        yield Told(f"admission {row.pk}", f"admission:{row.pk}", fields)


@told_as("evaluations:judgement:recorded")
def judgements() -> Iterator[Told]:
    for row in Judgement.objects.exclude(expires_at=F("recorded_at")).iterator():
        yield Told(f"judgement {row.pk}", f"judgement:{row.pk}", _judged(row))


@told_as("evaluations:judgement:ended")
def ended_judgements() -> Iterator[Told]:
    """The rows that are over from the moment they were recorded: each gives a judgement its end."""
    for row in Judgement.objects.filter(expires_at=F("recorded_at")).iterator():
        yield Told(f"ended judgement {row.pk}", f"judgement:{row.pk}", _judged(row))


def _judged(row: Judgement) -> dict[str, object]:
    return {"subject": row.subject_id, "slug": row.slug, "outcome": row.outcome, "record": row.record, "expires": row.expires_at}


@told_as("evaluations:requirement:recorded")
def requirements() -> Iterator[Told]:
    for row in StandingRequirement.objects.iterator():
        fields = {"subject": row.subject_id, "framework": row.framework_name, "axis": row.axis, "tier": row.tier}
        yield Told(f"requirement {row.pk}", f"requirement:{row.pk}", fields)


@told_as("evaluations:coverage:recorded")
def coverages() -> Iterator[Told]:
    for row in Coverage.objects.iterator():
        yield Told(f"coverage {row.pk}", f"coverage:{row.pk}", _covered(row) | {"covered_by": row.covered_by_id, "expires": row.expires_at})


@told_as("evaluations:coverage:ended")
def ended_coverages() -> Iterator[Told]:
    for row in Coverage.objects.filter(ended_at__isnull=False).iterator():
        yield Told(f"ended coverage {row.pk}", f"coverage:{row.pk}", _covered(row))


def _covered(row: Coverage) -> dict[str, object]:
    return {"threshold": row.threshold, "snapshot": row.snapshot_id, "decision": row.decision}


@told_as("evaluations:assessment:made")
def assessments() -> Iterator[Told]:
    for row in Assessment.objects.iterator():
        fields = {
            "subject": row.subject_id,
            "framework_digest": row.framework_digest,
            "evidence_digest": row.evidence_digest,
            "assessment_digest": row.assessment_digest,
            "engine": row.engine_version,
        }
        yield Told(f"assessment {row.pk}", f"assessment:{row.pk}", fields)
