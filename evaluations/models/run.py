"""One evaluation run as a file tells it, and each metric of it. Written once by the reading; never edited."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from evaluations.models.subject import Snapshot, Subject
from evaluations.models.upload import ParseAttempt, Upload


class Run(models.Model):
    """One run found in an upload.

    A run is known by its harness and the id the harness gave it. The first telling of it is the run; each later one (the same run as `.eval`
    and as `.json`, or read again by a newer reader) is a twin: shown, never counted. A twin that tells something else is a conflict.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="runs")
    reading = models.ForeignKey(ParseAttempt, models.PROTECT, related_name="runs")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="runs")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, blank=True, related_name="runs")
    position = models.PositiveIntegerField(default=0)

    harness = models.CharField(max_length=60)
    harness_version = models.TextField(blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    external_ids = models.JSONField(default=list)
    twin_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="twins")
    content_digest = models.CharField(max_length=71)
    conflicts = models.BooleanField(default=False)
    claimed_elsewhere = models.BooleanField(default=False)

    model = models.TextField(blank=True)
    model_key = models.TextField(blank=True)
    model_roles = models.JSONField(default=list)
    task = models.TextField(blank=True)
    task_version = models.TextField(blank=True)
    status = models.CharField(max_length=20)
    created_raw = models.TextField(blank=True)
    created = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    epochs = models.PositiveIntegerField(null=True, blank=True)
    selection = models.TextField(blank=True)
    dataset = models.TextField(blank=True)
    total = models.BigIntegerField(null=True, blank=True)
    completed = models.BigIntegerField(null=True, blank=True)
    scored = models.BigIntegerField(null=True, blank=True)
    errored = models.BigIntegerField(null=True, blank=True)
    invalidated_count = models.BigIntegerField(null=True, blank=True)
    invalidated = models.BooleanField(default=False)
    revision = models.TextField(blank=True)
    revision_looks_real = models.BooleanField(default=False)
    dirty = models.BooleanField(null=True, blank=True)
    facts = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    where = models.TextField(blank=True)

    class Meta:
        ordering = ["reading__seq", "position", "id"]
        constraints = [
            # A run counts once, whoever sends it and in whatever form.
            models.UniqueConstraint(
                fields=["harness", "external_id"], condition=Q(twin_of=None) & ~Q(external_id=""), name="one_run_per_harness_and_run_id"
            ),
            models.UniqueConstraint(fields=["reading", "position"], name="one_run_per_place_in_a_reading"),
            models.CheckConstraint(condition=~Q(twin_of=models.F("id")), name="a_run_is_not_its_own_twin"),
        ]
        indexes = [
            models.Index(fields=["subject", "reading"], name="runs_of_a_subject"),
            # An assessment reads the runs that some indicator hears of, however many others there are.
            models.Index(fields=["subject", "task"], name="runs_of_a_subject_by_task"),
            models.Index(fields=["subject"], condition=Q(twin_of__isnull=False), name="runs_told_more_than_once"),
            models.Index(fields=["harness", "external_id"], name="runs_by_their_own_id"),
        ]

    def __str__(self) -> str:
        return f"{self.task} ({self.external_id or self.id})"


class Measurement(models.Model):
    """One metric of a run: the value as the file wrote it, its spread, its n, and the place in the file each came from."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    run = models.ForeignKey(Run, models.PROTECT, related_name="measurements")
    position = models.PositiveIntegerField(default=0)
    scorer = models.TextField(blank=True)
    metric = models.TextField()
    filter = models.TextField(blank=True)
    reducer = models.TextField(blank=True)
    group = models.TextField(blank=True)
    value_raw = models.TextField()
    value = models.TextField(null=True, blank=True)  # what the file does not say is absent, not empty
    stderr_raw = models.TextField(null=True, blank=True)
    stderr = models.TextField(null=True, blank=True)
    stderr_method = models.TextField(blank=True)
    std = models.TextField(null=True, blank=True)
    n = models.BigIntegerField(null=True, blank=True)
    n_source = models.CharField(max_length=20, blank=True)
    implied_n = models.BigIntegerField(null=True, blank=True)
    low = models.TextField(null=True, blank=True)
    high = models.TextField(null=True, blank=True)
    level = models.TextField(null=True, blank=True)
    method = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    scale_low = models.TextField(null=True, blank=True)
    scale_high = models.TextField(null=True, blank=True)
    higher_is_better = models.BooleanField(null=True, blank=True)
    is_derived = models.BooleanField(default=False)
    is_headline = models.BooleanField(default=False)
    where = models.TextField(blank=True)
    warnings = models.JSONField(default=list)

    class Meta:
        ordering = ["run_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_measurement_per_place_in_a_run")]

    def __str__(self) -> str:
        return " · ".join(part for part in (self.scorer, self.metric, self.filter, self.reducer, self.group) if part)


class AnnouncedRun(models.Model):
    """A run somebody said would come, before its result was known. Until it arrives or is signed away its threshold is not ruled out."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="announced_runs")
    indicator = models.CharField(max_length=120)
    harness = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    announced_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    announced_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "harness", "external_id"], name="a_run_is_announced_once"),
            models.CheckConstraint(condition=~Q(external_id=""), name="an_announced_run_has_an_id"),
        ]

    def __str__(self) -> str:
        return f"{self.harness} {self.external_id}"
