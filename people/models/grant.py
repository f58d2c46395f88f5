"""What a person may do, from when until when: roles, competences, clearances."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Case, F, Func, IntegerField, Q, Value, When

from people.models.person import Person
from people.words import Area, Level, Role


class _Period(Func):
    """From when until when, as PostgreSQL's range: the end is not part of it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class GrantQuerySet(models.QuerySet["Grant"]):
    def in_force(self, at: datetime) -> GrantQuerySet:
        """Confirmed by then, begun, not over. A grant keeps its dates for ever, so any past moment can be asked about."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), confirmed_at__lte=at, from_at__lte=at)

    def waiting(self) -> GrantQuerySet:
        """Proposed, neither confirmed nor withdrawn."""
        return self.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True)


class Grant(models.Model):
    """Something a person may do, from when until when, proposed by one other person and confirmed by a second."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="%(class)ss")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    end_proposed_at = models.DateTimeField(null=True, blank=True)
    end_proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    end_confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects: ClassVar[models.Manager[Grant]] = models.Manager.from_queryset(GrantQuerySet)()

    class Meta:
        abstract = True
        constraints = [
            # Nobody gives power alone, and nobody gives it to themselves.
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("granted_by")), name="a_%(class)s_is_confirmed_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(person=F("granted_by")) & (Q(confirmed_by__isnull=True) | ~Q(person=F("confirmed_by"))),
                name="nobody_gives_themselves_a_%(class)s",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, confirmed_at__gte=F("granted_at")),
                name="a_confirmed_%(class)s_says_by_whom_and_when",
            ),
            # What was confirmed is ended, with a date; only a proposal can be withdrawn.
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, confirmed_at__isnull=True),
                name="only_a_proposed_%(class)s_is_withdrawn",
            ),
            # Taking somebody off the board changes a quorum as much as putting them on: two people again.
            models.CheckConstraint(
                condition=Q(end_confirmed_by__isnull=True)
                | (Q(end_proposed_by__isnull=False, until_at__isnull=False) & ~Q(end_confirmed_by=F("end_proposed_by"))),
                name="the_end_of_a_%(class)s_is_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")), name="a_%(class)s_ends_after_it_begins"
            ),
        ]


class RoleGrant(Grant):
    role = models.CharField(max_length=32, choices=Role)

    class Meta(Grant.Meta):
        ordering = ["role", "from_at", "id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_proposal_per_person_and_role",
            ),
            ExclusionConstraint(
                name="a_role_is_held_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (_Period("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(confirmed_at__isnull=False),
            ),
            # Whoever runs the machine decides nothing: an administrator has no other role at the same time.
            ExclusionConstraint(
                name="administrators_hold_no_other_role",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (
                        Case(When(role=Role.ADMINISTRATOR, then=Value(1)), default=Value(0), output_field=IntegerField()),
                        RangeOperators.NOT_EQUAL,
                    ),
                    (_Period("from_at", "until_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a_role_is_one_we_know"),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class Competence(Grant):
    area = models.CharField(max_length=32, choices=Area)

    class Meta(Grant.Meta):
        ordering = ["area", "from_at", "id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "area"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_proposal_per_person_and_area",
            ),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="an_area_is_one_we_know"),
        ]

    def __str__(self) -> str:
        return self.get_area_display()


class Clearance(Grant):
    level = models.CharField(max_length=32, choices=Level, default=Level.HAZARD)

    class Meta(Grant.Meta):
        ordering = ["level", "from_at", "id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "level"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_proposal_per_person_and_level",
            ),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="a_level_is_one_we_know"),
        ]

    def __str__(self) -> str:
        return self.get_level_display()
