"""The facts: who is evaluated, what was received, what it says, what it is bound to, and what the engine made of it."""

from evaluations.models.arms import Arms
from evaluations.models.assessment import Assessment, AssessmentDue, Document, DueState, Judgement, StandingRequirement
from evaluations.models.attestation import Attestation
from evaluations.models.binding import Admission, Binding, Supersession
from evaluations.models.correction import Correction
from evaluations.models.deployment import Coverage, Deployment
from evaluations.models.run import AnnouncedRun, Measurement, Run
from evaluations.models.subject import Derivation, Dossier, Snapshot, Subject
from evaluations.models.upload import Blob, IdempotencyKey, ParseAttempt, Upload, UploadState
