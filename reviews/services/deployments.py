"""What the serving side says is in service. It is recorded whatever it says; what no valid authorisation covers is an incident at once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from evaluations.models import Deployment, Snapshot
from evaluations.services import subjects
from people.models import Person
from reviews import entries, gate
from reviews.models import Incident
from reviews.models.incident import IncidentCause


@transaction.atomic
def report(
    *,
    snapshot: Snapshot,
    scope: str,
    since: datetime,
    actor: Person,
    at: datetime,
    authorisation: UUID | None = None,
    stack: str = "",
) -> Deployment:
    """Raises NotAllowed, AlreadyRunning, DeploymentNotValid. An authorisation has to have been valid at the moment the deployment began."""
    deployment = subjects.report_deployment(
        snapshot=snapshot, scope=scope, since=since, authorisation=authorisation, stack_digest=stack, actor=actor, at=at
    )
    cause = _cause(deployment, snapshot)
    if cause is not None:
        incident = Incident.objects.create(deployment=deployment, subject=snapshot.subject, cause=cause, found_at=at)
        entries.incident_found(incident, actor=actor, at=at)
    return deployment


def end(*, deployment: Deployment, until: datetime, actor: Person, at: datetime) -> Deployment:
    """Raises NotAllowed, NotRunning, DeploymentNotValid."""
    return subjects.end_deployment(deployment=deployment, until=until, actor=actor, at=at)


def _cause(deployment: Deployment, snapshot: Snapshot) -> IncidentCause | None:
    if deployment.authorisation is None:
        return IncidentCause.NO_AUTHORISATION
    told = {"artefact": snapshot.weights_digest, "scope": deployment.scope, "stack": deployment.stack_digest}
    valid = gate.is_authorised(deployment.authorisation, at=deployment.since, **told)
    return None if valid else IncidentCause.NOT_VALID
