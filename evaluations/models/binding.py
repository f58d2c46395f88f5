"""Which measurements reach which indicator, and the signed acts by which a result leaves the evidence."""

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from evaluations.models.run import AnnouncedRun, Measurement, Run
from evaluations.models.upload import Upload


class Binding(models.Model):
    """`family, task, version, scorer, metric, reducer, filter, group → indicator`: proposed by one person, confirmed by another, never changed.

    An empty `task_version` means any version. What was received before the confirmation may raise, never rule out.
    """

    SELECTOR: ClassVar = ("family", "task", "task_version", "scorer", "metric", "reducer", "filter", "group")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    indicator = models.CharField(max_length=120)
    family = models.CharField(max_length=60)
    task = models.TextField()
    task_version = models.CharField(max_length=120, blank=True)
    scorer = models.CharField(max_length=200, blank=True)
    metric = models.CharField(max_length=200)
    reducer = models.CharField(max_length=120, blank=True)
    filter = models.CharField(max_length=120, blank=True)
    group = models.CharField(max_length=200, blank=True)
    proposed_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    proposed_seq = models.BigIntegerField(null=True)
    confirmed_by = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["indicator", "proposed_seq", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "family", "task", "task_version", "scorer", "metric", "reducer", "filter", "group"],
                name="one_binding_per_indicator_and_selector",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")), name="a_binding_is_confirmed_by_another_person"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None, confirmed_seq=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, confirmed_seq__isnull=False),
                name="a_binding_confirmation_is_whole_or_absent",
            ),
        ]
        indexes = [models.Index(fields=["family", "metric"], name="bindings_by_family_and_metric")]

    def __str__(self) -> str:
        return f"{self.task} {self.metric} → {self.indicator}"


class Supersession(models.Model):
    """A signed statement that a result no longer speaks: replaced by a better one, or set aside with a reason.

    One superseded without a valid replacement goes on blocking rule-out; a run set aside (unbound, or announced and never arrived) stops blocking,
    and so does a file that was refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    measurement = models.ForeignKey(Measurement, models.PROTECT, null=True, blank=True, related_name="supersessions")
    run = models.ForeignKey(Run, models.PROTECT, null=True, blank=True, related_name="set_aside")
    announced_run = models.ForeignKey(AnnouncedRun, models.PROTECT, null=True, blank=True, related_name="set_aside")
    upload = models.ForeignKey(Upload, models.PROTECT, null=True, blank=True, related_name="set_aside")
    replacement = models.ForeignKey(Measurement, models.PROTECT, null=True, blank=True, related_name="replaces")
    reason = models.TextField()
    signature = models.OneToOneField("people.Signature", models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["measurement"], condition=Q(measurement__isnull=False), name="a_measurement_is_superseded_once"
            ),
            models.UniqueConstraint(fields=["run"], condition=Q(run__isnull=False), name="a_run_is_set_aside_once"),
            models.UniqueConstraint(
                fields=["announced_run"], condition=Q(announced_run__isnull=False), name="an_announced_run_is_set_aside_once"
            ),
            models.UniqueConstraint(fields=["upload"], condition=Q(upload__isnull=False), name="an_upload_is_set_aside_once"),
            models.CheckConstraint(
                condition=Q(measurement__isnull=False, run=None, announced_run=None, upload=None)
                | Q(measurement=None, run__isnull=False, announced_run=None, upload=None, replacement=None)
                | Q(measurement=None, run=None, announced_run__isnull=False, upload=None, replacement=None)
                | Q(measurement=None, run=None, announced_run=None, upload__isnull=False, replacement=None),
                name="a_supersession_is_about_one_thing",
            ),
            models.CheckConstraint(condition=~Q(replacement=F("measurement")), name="a_measurement_does_not_replace_itself"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_supersession_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.reason[:60]


class Admission(models.Model):
    """A quorum's decision, written downwards: this one result counts under this indicator version although the indicator came later."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    measurement = models.ForeignKey(Measurement, models.PROTECT, related_name="admissions")
    indicator_digest = models.CharField(max_length=71)
    decision = models.UUIDField()
    recorded_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["measurement", "indicator_digest"], name="a_measurement_is_admitted_once_per_indicator")
        ]

    def __str__(self) -> str:
        return f"{self.measurement_id} under {self.indicator_digest[:19]}"
