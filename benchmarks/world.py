"""The world the measures work in: the demonstration's, and as many more models like its own as a measure asks for.

Copies are made by the database, row by row with new ids, beside the verbs and the ledger: a thousand models built by hand take an hour. What a page or an
assessment reads of them is the same.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql

from evaluations.models import (
    Assessment,
    AssessmentDue,
    Deployment,
    Document,
    Measurement,
    ParseAttempt,
    Run,
    Snapshot,
    StandingRequirement,
    Subject,
    Upload,
)
from evaluations.models.assessment import Judgement
from people.models import Signature
from reviews.models import (
    ApplicabilityLine,
    ApplicabilityStatement,
    Case,
    CaseRevision,
    Determination,
    Question,
    ReleaseDecision,
    SafeguardImplementation,
    SafeguardsDecision,
    ScopeState,
    SignOff,
    Vote,
)

# What belongs to a model, each after what it refers to; the path leads to the model.
KINDS: tuple[tuple[type[models.Model], str], ...] = (
    (Subject, "pk"),
    (Snapshot, "subject"),
    (Upload, "subject"),
    (ParseAttempt, "upload__subject"),
    (Run, "subject"),
    (Measurement, "run__subject"),
    (Document, ""),
    (Assessment, "subject"),
    (AssessmentDue, "subject"),
    (StandingRequirement, "subject"),
    (Judgement, "subject"),
    (Deployment, "snapshot__subject"),
    (Signature, ""),
    (SafeguardImplementation, "subject"),
    (SignOff, "implementation__subject"),
    (Case, "subject"),
    (CaseRevision, "case__subject"),
    (ApplicabilityStatement, "subject"),
    (ApplicabilityLine, "statement__subject"),
    (Question, "case__subject"),
    (Vote, "question__case__subject"),
    (Determination, "subject"),
    (SafeguardsDecision, "subject"),
    (ReleaseDecision, "subject"),
    (ScopeState, "subject"),
)
HISTORY = (Upload, ParseAttempt, Run, Measurement)


def copy_subjects(subjects: Sequence[Subject], times: int, *, beginning: int = 1) -> None:
    """Each model `times` more, with everything that is its own; copies are numbered, and a second call begins where the first ended."""
    numbers = (beginning, beginning + times - 1)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model, path in KINDS:
            if model is Document:
                _copy_documents(cursor, subjects, numbers)
                continue
            if model is Signature:
                _copy(cursor, model, _signatures(subjects), numbers)
                continue
            _copy(cursor, model, _belonging(model, path, subjects), numbers)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


def copy_history(runs: Sequence[Run], times: int, *, task: str | None = None, subject: Subject | None = None) -> None:
    """Each of these runs `times` more with its upload and measurements: under another task, or for another model."""
    uploads = [run.upload_id for run in runs]
    rows: dict[type[models.Model], list[Any]] = {
        Upload: uploads,
        ParseAttempt: list(ParseAttempt.objects.filter(upload__in=uploads).values_list("pk", flat=True)),
        Run: [run.pk for run in runs],
        Measurement: list(Measurement.objects.filter(run__in=runs).values_list("pk", flat=True)),
    }
    fixed: dict[str, Any] = {} if subject is None else {"subject_id": subject.pk, "snapshot_id": None}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model in HISTORY:
            named = fixed if model in (Upload, Run) else {}
            if model is Run and task is not None:
                named = {**named, "task": task}
            _copy(cursor, model, rows[model], (1, times), fixed=named, among=HISTORY)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


def _belonging(model: type[models.Model], path: str, subjects: Sequence[Subject]) -> list[Any]:
    return list(model._default_manager.filter(**{f"{path}__in": [subject.pk for subject in subjects]}).values_list("pk", flat=True))


def _signatures(subjects: Sequence[Subject]) -> list[Any]:
    """Whatever the models' people signed: one signature stands under one thing."""
    found = set()
    for model, path in KINDS:
        for field in model._meta.concrete_fields if path else ():
            if field.related_model is Signature:
                found |= set(model._default_manager.filter(pk__in=_belonging(model, path, subjects)).values_list(field.attname, flat=True))
    return list(found - {None})


COPIED = tuple(kind for kind, _ in KINDS)


def _key(model: type[models.Model]) -> str:
    """The column of the primary key."""
    key = model._meta.pk
    assert key is not None and key.column is not None
    return str(key.column)


def _copy(
    cursor: Any,
    model: type[models.Model],
    pks: Sequence[Any],
    numbers: tuple[int, int],
    *,
    fixed: dict[str, Any] | None = None,
    among: Sequence[type[models.Model]] = COPIED,
) -> None:
    """INSERT … SELECT with ids that follow from the old one and the number of the copy, so that what refers to a copied row finds its copy."""
    fixed = fixed or {}
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.primary_key and not isinstance(field, models.UUIDField | models.CharField):
            continue
        names.append(sql.Identifier(str(field.column)))
        values.append(sql.Literal(fixed[field.column]) if field.column in fixed else _value(field, model, among))
    query = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series({first}, {last}) AS copies(number) WHERE t.{pk} = ANY({pks})"
    )
    cursor.execute(
        query.format(
            table=sql.Identifier(model._meta.db_table),
            names=sql.SQL(", ").join(names),
            values=sql.SQL(", ").join(values),
            first=sql.Literal(numbers[0]),
            last=sql.Literal(numbers[1]),
            pk=sql.Identifier(_key(model)),
            pks=sql.Literal(list(pks)),
        ).as_string(cursor.connection)
        if pks
        else "SELECT 1"
    )


def _value(field: Any, model: type[models.Model], among: Sequence[type[models.Model]]) -> sql.Composable:
    """The copied column: new for ids, for what refers to copied rows and for what must be unique; the same for everything else."""
    column = sql.Identifier("t", field.column)
    related = field.related_model if field.is_relation else None
    copied = sql.SQL("md5({c}::text || '-' || copies.number)::uuid").format(c=column)
    if (field.primary_key and isinstance(field, models.UUIDField)) or related is model:
        return sql.SQL("CASE WHEN {c} IS NULL THEN NULL ELSE {copied} END").format(c=column, copied=copied)
    if related is not None and related in among and related is not Document:
        # What serves every model, such as the estate's sign-offs, has no copies.
        query = "CASE WHEN EXISTS (SELECT FROM {table} r WHERE r.{pk} = {copied}) THEN {copied} ELSE {c} END"
        table, key = sql.Identifier(related._meta.db_table), sql.Identifier(_key(related))
        return sql.SQL(query).format(table=table, pk=key, copied=copied, c=column)
    name = (model, field.name)
    if name in (
        (Assessment, "assessment_digest"),
        (Snapshot, "weights_digest"),
        (Upload, "declared_digest"),
        (Signature, "statement_digest"),
    ):
        return _new_digest(column)
    if name == (Assessment, "seq"):
        return sql.SQL("{c} + 1000000 * copies.number").format(c=column)
    if name == (Subject, "slug"):
        return sql.SQL("{c} || '-' || copies.number").format(c=column)
    if name == (Subject, "name"):
        return sql.SQL("{c} || ' ' || copies.number").format(c=column)
    if name == (Case, "number"):
        return sql.SQL("{c} + 1000 * copies.number").format(c=column)
    if name == (Signature, "nonce"):
        return sql.SQL("md5({c} || '-' || copies.number)").format(c=column)
    if name == (Run, "external_id"):
        return sql.SQL("{c} || '-' || copies.number").format(c=column)
    return column


def _new_digest(column: sql.Composable) -> sql.Composable:
    return sql.SQL("'sha256:' || encode(sha256(({c} || '-' || copies.number)::bytea), 'hex')").format(c=column)


def _copy_documents(cursor: Any, subjects: Sequence[Subject], numbers: tuple[int, int]) -> None:
    """The assessment documents, so that each copy reads one of its own."""
    digests = list(Assessment.objects.filter(subject__in=subjects).values_list("assessment_digest", flat=True).distinct())
    cursor.execute(
        "INSERT INTO evaluations_document (digest, kind, content, stored_at) "
        "SELECT 'sha256:' || encode(sha256((d.digest || '-' || copies.number)::bytea), 'hex'), d.kind, d.content, d.stored_at "
        "FROM evaluations_document d, generate_series(%s, %s) AS copies(number) WHERE d.digest = ANY(%s)",
        [*numbers, digests],
    )
