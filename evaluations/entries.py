"""What we tell the ledger about evaluations. Ids, digests, codes and dates only: no file name, model name or prose ever stands in an entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from evaluations.models import (
    Admission,
    AnnouncedRun,
    Arms,
    Assessment,
    AssessmentDue,
    Attestation,
    Binding,
    Correction,
    Coverage,
    Deployment,
    Dossier,
    Judgement,
    ParseAttempt,
    Run,
    Snapshot,
    StandingRequirement,
    Subject,
    Supersession,
    Upload,
)
from ledger.canonical import digest
from ledger.models import Entry
from ledger.sentences import describe
from ledger.services import append
from people.models import Person
from people.signing import signature_fields


def subject_registered(subject: Subject, *, actor: Person | None, at: datetime) -> Entry:
    fields = {"subject": subject.pk, "parent": subject.parent_id, "derivation": subject.derivation}
    return _append("evaluations:subject:registered", f"subject:{subject.pk}", actor, at, fields)


def dossier_opened(dossier: Dossier, *, actor: Person, at: datetime) -> Entry:
    fields = {"subject": dossier.subject_id, "person": dossier.person_id, "until": dossier.until_at}
    return _append("evaluations:dossier:opened", f"dossier:{dossier.pk}", actor, at, fields)


def dossier_closed(dossier: Dossier, *, actor: Person, at: datetime) -> Entry:
    fields = {"subject": dossier.subject_id, "person": dossier.person_id}
    return _append("evaluations:dossier:closed", f"dossier:{dossier.pk}", actor, at, fields)


def snapshot_registered(snapshot: Snapshot, *, actor: Person | None, at: datetime) -> Entry:
    return _snapshot("registered", snapshot, actor, at)


def snapshot_confirmed(snapshot: Snapshot, *, actor: Person, at: datetime) -> Entry:
    return _snapshot("confirmed", snapshot, actor, at)


def snapshot_chosen(snapshot: Snapshot, *, actor: Person, at: datetime) -> Entry:
    return _snapshot("chosen", snapshot, actor, at)


def upload_received(upload: Upload, *, actor: Person, at: datetime) -> Entry:
    fields = {
        "subject": upload.subject_id,
        "snapshot": upload.snapshot_id,
        "blob": f"sha256:{upload.blob_id}",
        "declared": upload.declared_digest,
    }
    return _append("evaluations:upload:received", f"upload:{upload.pk}", actor, at, fields)


def declared_digest(upload: Upload) -> str:
    """The digest of what the uploader said of the file."""
    return digest({"elicitation": upload.declared, "indicator": upload.asserted_indicator})


def upload_countersigned(upload: Upload, *, actor: Person, at: datetime) -> Entry:
    fields = {"subject": upload.subject_id, "snapshot": upload.snapshot_id, "declared": upload.declared_digest}
    return _append("evaluations:upload:countersigned", f"upload:{upload.pk}", actor, at, fields)


def upload_attested(attestation: Attestation, *, actor: Person, at: datetime) -> Entry:
    fields = attestation_fields(attestation)
    return _append("evaluations:upload:attested", f"upload:{attestation.upload_id}", actor, at, fields, role=attestation.signature.role)


def attestation_fields(attestation: Attestation) -> dict[str, object]:
    upload = attestation.upload
    named = {"subject": upload.subject_id, "snapshot": attestation.snapshot_id, "blob": f"sha256:{upload.blob_id}"}
    return named | signature_fields(attestation.signature)


def upload_parsed(upload: Upload, reading: ParseAttempt, *, runs: int, measurements: int, at: datetime) -> Entry:
    fields = {
        "subject": upload.subject_id,
        "reading": reading.pk,
        "reader": reading.reader_version,
        "format": reading.format,
        "verdict": reading.verdict,
        "runs": runs,
        "measurements": measurements,
    }
    return _append("evaluations:upload:parsed", f"upload:{upload.pk}", None, at, fields)


def upload_rejected(upload: Upload, *, at: datetime) -> Entry:
    fields = {"subject": upload.subject_id, "code": upload.error_code}
    return _append("evaluations:upload:rejected", f"upload:{upload.pk}", None, at, fields)


def upload_given_up(upload: Upload, *, at: datetime) -> Entry:
    fields = {"subject": upload.subject_id, "attempts": upload.attempts}
    return _append("evaluations:upload:given-up", f"upload:{upload.pk}", None, at, fields)


def upload_retried(upload: Upload, *, actor: Person, at: datetime) -> Entry:
    return _append("evaluations:upload:retried", f"upload:{upload.pk}", actor, at, {"subject": upload.subject_id})


def assessment_retried(due: AssessmentDue, *, actor: Person, at: datetime) -> Entry:
    fields = {"subject": due.subject_id, "framework": due.framework_name}
    return _append("evaluations:assessment:retried", f"assessment-due:{due.pk}", actor, at, fields)


def run_announced(announced: AnnouncedRun, *, actor: Person, at: datetime) -> Entry:
    fields = {"subject": announced.subject_id, "indicator": announced.indicator}
    return _append("evaluations:run:announced", f"announced-run:{announced.pk}", actor, at, fields)


def run_claimed(run: Run, *, at: datetime) -> Entry:
    """Said of the subject that claimed the run first: another one claims it too."""
    return _append("evaluations:run:claimed", f"run:{run.pk}", None, at, {"subject": run.subject_id})


def run_cleared(run: Run, *, actor: Person, at: datetime) -> Entry:
    """Said of the subject that claimed the run first: the other claim was signed away."""
    return _append("evaluations:run:cleared", f"run:{run.pk}", actor, at, {"subject": run.subject_id})


def binding_proposed(binding: Binding, *, actor: Person, at: datetime) -> Entry:
    return _binding("proposed", binding, actor, at)


def binding_confirmed(binding: Binding, *, actor: Person, at: datetime) -> Entry:
    return _binding("confirmed", binding, actor, at)


def superseded(supersession: Supersession, *, subject: Subject, actor: Person, at: datetime) -> Entry:
    fields = {
        "subject": subject.pk,
        "measurement": supersession.measurement_id,
        "run": supersession.run_id,
        "announced_run": supersession.announced_run_id,
        "upload": supersession.upload_id,
        "replacement": supersession.replacement_id,
        **signature_fields(supersession.signature),
    }
    return _append("evaluations:result:superseded", f"supersession:{supersession.pk}", actor, at, fields, role=supersession.signature.role)


def correction_proposed(correction: Correction, *, actor: Person, at: datetime) -> Entry:
    return _append("evaluations:correction:proposed", f"correction:{correction.pk}", actor, at, _correction(correction))


def correction_signed(correction: Correction, *, actor: Person, at: datetime) -> Entry:
    signature = correction.signature
    assert signature is not None
    fields = _correction(correction) | signature_fields(signature)
    return _append("evaluations:correction:signed", f"correction:{correction.pk}", actor, at, fields, role=signature.role)


def _correction(correction: Correction) -> dict[str, object]:
    return {
        "subject": correction.upload.subject_id,
        "upload": correction.upload_id,
        "was": correction.upload.snapshot_id,
        "snapshot": correction.snapshot_id,
        "sent_again": correction.sent_again_id,
    }


def measurement_admitted(admission: Admission, *, subject: Subject, actor: Person | None, at: datetime) -> Entry:
    fields = {
        "subject": subject.pk,
        "measurement": admission.measurement_id,
        "indicator": admission.indicator_digest,
        "decision": admission.decision,
    }
    return _append("evaluations:measurement:admitted", f"admission:{admission.pk}", actor, at, fields)


def arms_proposed(arms: Arms, *, actor: Person, at: datetime) -> Entry:
    return _append("evaluations:arms:proposed", f"arms:{arms.pk}", actor, at, arms_fields(arms))


def arms_confirmed(arms: Arms, *, actor: Person, at: datetime) -> Entry:
    return _append("evaluations:arms:confirmed", f"arms:{arms.pk}", actor, at, arms_fields(arms))


def arms_fields(arms: Arms) -> dict[str, object]:
    return {
        "subject": arms.measurement.run.subject_id,
        "measurement": arms.measurement_id,
        "treatment": [arms.treatment_mean, arms.treatment_stderr, arms.treatment_n],
        "control": [arms.control_mean, arms.control_stderr, arms.control_n],
        "metrics": [arms.treatment_id, arms.control_id] if arms.treatment_id else None,
        "dossier": arms.dossier_digest or None,
    }


def assessment_made(assessment: Assessment, *, was: Mapping[str, str], at: datetime) -> Entry:
    """`outcomes` and `was` (threshold to outcome, now and before) are what the rooms above act on; `findings` are the digests votes pin."""
    fields = {
        "subject": assessment.subject_id,
        "framework": assessment.framework_name,
        "framework_version": assessment.framework_version_id,
        "framework_digest": assessment.framework_digest,
        "evidence_digest": assessment.evidence_digest,
        "assessment_digest": assessment.assessment_digest,
        "engine": assessment.engine_version,
        "outcomes": assessment.summary,
        "was": was,
        "findings": assessment.finding_digests,
        "valid_until": assessment.valid_until,
    }
    return _append("evaluations:assessment:made", f"assessment:{assessment.pk}", None, at, fields)


def judgement_recorded(judgement: Judgement, *, actor: Person | None, at: datetime) -> Entry:
    return _append("evaluations:judgement:recorded", f"judgement:{judgement.pk}", actor, at, _judgement(judgement))


def judgement_ended(judgement: Judgement, *, decision: UUID, actor: Person | None, at: datetime) -> Entry:
    """`judgement` is the row with the end; `decision` the one that left force."""
    return _append("evaluations:judgement:ended", f"judgement:{judgement.pk}", actor, at, _judgement(judgement) | {"decision": decision})


def _judgement(judgement: Judgement) -> dict[str, object]:
    return {
        "subject": judgement.subject_id,
        "framework": judgement.framework_name,
        "slug": judgement.slug,
        "outcome": judgement.outcome,
        "record": judgement.record,
        "expires": judgement.expires_at,
    }


def requirement_recorded(requirement: StandingRequirement, *, actor: Person | None, at: datetime) -> Entry:
    fields = {
        "subject": requirement.subject_id,
        "framework": requirement.framework_name,
        "axis": requirement.axis,
        "tier": requirement.tier,
    }
    return _append("evaluations:requirement:recorded", f"requirement:{requirement.pk}", actor, at, fields)


def coverage_recorded(coverage: Coverage, *, subject: Subject, actor: Person | None, at: datetime) -> Entry:
    fields = _coverage(coverage, subject) | {"covered_by": coverage.covered_by_id, "expires": coverage.expires_at}
    return _append("evaluations:coverage:recorded", f"coverage:{coverage.pk}", actor, at, fields)


def coverage_ended(coverage: Coverage, *, subject: Subject, why: str, actor: Person | None, at: datetime) -> Entry:
    return _append("evaluations:coverage:ended", f"coverage:{coverage.pk}", actor, at, _coverage(coverage, subject) | {"why": why})


def _coverage(coverage: Coverage, subject: Subject) -> dict[str, object]:
    return {
        "subject": subject.pk,
        "framework": coverage.framework_name,
        "threshold": coverage.threshold,
        "snapshot": coverage.snapshot_id,
        "decision": coverage.decision,
    }


def deployment_reported(deployment: Deployment, *, subject: Subject, actor: Person, at: datetime) -> Entry:
    return _deployment("reported", deployment, subject, actor, at)


def deployment_ended(deployment: Deployment, *, subject: Subject, actor: Person, at: datetime) -> Entry:
    return _deployment("ended", deployment, subject, actor, at)


def _snapshot(verb: str, snapshot: Snapshot, actor: Person | None, at: datetime) -> Entry:
    fields = {"subject": snapshot.subject_id, "weights": snapshot.weights_digest, "particulars": snapshot_particulars(snapshot)}
    return _append(f"evaluations:snapshot:{verb}", f"snapshot:{snapshot.pk}", actor, at, fields)


def snapshot_particulars(snapshot: Snapshot) -> str:
    """The digest of what decides which results speak of the weights and for how long: the names, and the compute as its column keeps it."""
    factor = snapshot.compute_factor
    kept = None if factor is None else Decimal(factor).quantize(Decimal("0.0001"))
    return digest({"names": snapshot.model_names, "compute_factor": kept})


def _binding(verb: str, binding: Binding, actor: Person, at: datetime) -> Entry:
    fields = {"indicator": binding.indicator, "family": binding.family, "selector": binding_selector(binding)}
    return _append(f"evaluations:binding:{verb}", f"binding:{binding.pk}", actor, at, fields)


def binding_selector(binding: Binding) -> str:
    """The digest of which measurements a binding reaches."""
    return digest({name: getattr(binding, name) for name in Binding.SELECTOR})


def _deployment(verb: str, deployment: Deployment, subject: Subject, actor: Person, at: datetime) -> Entry:
    fields = {
        "subject": subject.pk,
        "snapshot": deployment.snapshot_id,
        "scope": deployment.scope,
        "since": deployment.since,
        "until": deployment.until,
        "authorisation": deployment.authorisation,
    }
    return _append(f"evaluations:deployment:{verb}", f"deployment:{deployment.pk}", actor, at, fields)


def _append(kind: str, thing: str, actor: Person | None, at: datetime, fields: Mapping[str, object], *, role: str = "") -> Entry:
    return append(kind=kind, thing=thing, actor=actor.pk if actor else None, role=role, at=at, fields=fields)


for _kind, _sentence in {
    "subject:registered": "{actor} registered the {thing}.",
    "dossier:opened": "{actor} opened the dossier of {subject:subject} to {person:name}.",
    "dossier:closed": "{actor} closed the dossier of {subject:subject} to {person:name}.",
    "snapshot:registered": "{actor} registered the weights {weights}.",
    "snapshot:confirmed": "{actor} confirmed the weights {weights}.",
    "snapshot:chosen": "{actor} chose the weights {weights} for release.",
    "upload:received": "{actor} sent the {thing}, bytes {blob}.",
    "upload:countersigned": "{actor} confirmed the particulars of the {thing}.",
    "upload:attested": "{actor} attested by signature which weights the {thing} measured.",
    "attestation:refused": "{actor} tried to attest the {thing} and was refused: {code}.",
    "upload:parsed": "The portal read the {thing} ({verdict}). Runs found: {runs}; measurements: {measurements}.",
    "upload:rejected": "The portal refused the {thing}: {code}.",
    "upload:given-up": "The portal gave up reading the {thing} after {attempts} attempts.",
    "upload:retried": "{actor} asked for the {thing} to be read again.",
    "run:announced": "{actor} announced a run of {subject:subject} for the indicator {indicator}.",
    "run:claimed": "The {thing} was told of another subject too, and speaks for neither.",
    "run:cleared": "{actor} signed another claim of the {thing} away.",
    "binding:proposed": "{actor} proposed a binding of {family} results to {indicator}.",
    "binding:confirmed": "{actor} confirmed a binding of {family} results to {indicator}.",
    "result:superseded": "{actor} took a result of {subject:subject} out of the evidence.",
    "result:refused": "{actor} tried to take the {thing} out of the evidence and was refused: {code}.",
    "correction:proposed": "{actor} said that a file of {subject:subject} was sent under the wrong weights.",
    "correction:signed": "{actor} signed that a file of {subject:subject} counts for other weights than it was sent under.",
    "correction:refused": "{actor} tried to sign the {thing} and was refused: {code}.",
    "measurement:admitted": "{actor} recorded that the {measurement:measurement} counts under {indicator:indicator}, though it came first.",
    "arms:proposed": "{actor} said what the two arms of a result of {subject:subject} were.",
    "arms:confirmed": "{actor} confirmed the two arms of a result of {subject:subject}.",
    "assessment:made": "The portal assessed {subject:subject} under {framework}.",
    "judgement:recorded": "{actor} recorded the judgement {slug}: {outcome}.",
    "judgement:ended": "The judgement {slug} counts no more: the decision it was recorded with left force.",
    "assessment:retried": "{actor} asked for {subject:subject} to be assessed again under {framework}.",
    "requirement:recorded": "{actor} recorded that {tier} is required on {axis}.",
    "coverage:recorded": "{actor} recorded that other weights cover a snapshot for {threshold} until {expires:day}.",
    "coverage:ended": "Other weights cover a snapshot for {threshold} no more: {why}.",
    "deployment:reported": "{actor} reported a deployment of {subject:subject} to {scope}.",
    "deployment:ended": "{actor} reported the end of a deployment of {subject:subject} to {scope}.",
}.items():
    describe(f"evaluations:{_kind}", _sentence)
