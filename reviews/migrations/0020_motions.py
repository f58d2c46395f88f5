"""Named sets of late results and observed scopes become motions. No released version kept either, so none is carried over: a row of the one would stand
in the ledger as the other. What was admitted by then goes on counting, and what is observed ends on its day."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0010_attestations"),
        ("frameworks", "0002_documents_do_not_change"),
        ("people", "0007_links_wait_to_be_mailed"),
        ("reviews", "0019_sign_offs_bind_the_wording"),
    ]

    operations = [
        migrations.DeleteModel(name="NamedSetVote"),
        migrations.DeleteModel(name="NamedSet"),
        migrations.DeleteModel(name="ObservingVote"),
        migrations.DeleteModel(name="Observing"),
        migrations.CreateModel(
            name="Motion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("late_results", "Late results"), ("observed_scope", "Observed scope")], max_length=20)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("asked", models.JSONField(default=dict)),
                ("matter", models.CharField(max_length=120)),
                ("content_digest", models.CharField(max_length=71)),
                ("reason", models.TextField()),
                ("roster", models.JSONField(default=list)),
                ("quorum", models.JSONField(default=dict)),
                ("requires", models.JSONField(default=dict)),
                ("proposed_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("carried", models.BooleanField(default=False)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "framework_version",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="frameworks.frameworkversion"),
                ),
                ("proposed", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.signature")),
                ("proposed_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person")),
                (
                    "snapshot",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="evaluations.snapshot"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="motions", to="evaluations.subject"),
                ),
            ],
            options={
                "ordering": [models.OrderBy(models.F("settled_at"), descending=True, nulls_first=True), "-proposed_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="MotionVote",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("choice", models.CharField(choices=[("approve", "Approve"), ("reject", "Reject")], max_length=20)),
                ("rationale", models.TextField()),
                ("at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
                ("motion", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="reviews.motion")),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person")),
                ("signature", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.signature")),
            ],
            options={
                "ordering": ["motion", "at", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="motion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("settled_at", None)),
                fields=("subject", "kind", "matter"),
                name="one_open_motion_per_subject_and_matter",
            ),
        ),
        migrations.AddConstraint(
            model_name="motion",
            constraint=models.CheckConstraint(
                condition=models.Q(("carried", False), ("settled_at__isnull", False), _connector="OR"),
                name="a_motion_is_carried_when_it_is_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="motion",
            constraint=models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="a_motion_has_a_reason"),
        ),
        migrations.AddConstraint(
            model_name="motion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "observed_scope"), _negated=True),
                    models.Q(("snapshot__isnull", False), ("until__gt", models.F("proposed_at")), ("until__isnull", False)),
                    _connector="OR",
                ),
                name="an_observed_scope_has_weights_and_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="motionvote",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at", None)), fields=("motion", "person"), name="one_live_vote_per_person_and_motion"
            ),
        ),
        migrations.AddConstraint(
            model_name="motionvote",
            constraint=models.CheckConstraint(
                condition=models.Q(("rationale", ""), _negated=True), name="a_vote_on_a_motion_has_a_rationale"
            ),
        ),
    ]
