"""The turns of the clocks a framework sets: what has to be done again by a day, who said that it was done, and when the next one is."""

import uuid

from django.db import models
from django.db.models import Q

from evaluations.models import Subject
from people.models import Person


class ClockTurn(models.Model):
    """One turn of one clock, begun when its day comes near; of one model where the clock runs for each. Answered once, never edited."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework_name = models.CharField(max_length=120)
    clock = models.CharField(max_length=80)
    effect = models.CharField(max_length=20)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="clock_turns", null=True, blank=True)
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    note = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["-due_at", "id"]
        constraints = [
            # One turn at a time: two would be answered by one act and by another.
            models.UniqueConstraint(
                fields=["framework_name", "clock", "subject"],
                condition=Q(answered_at=None),
                name="one_open_turn_per_clock_and_subject",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | (Q(answered_at__isnull=False) & ~Q(note="")), name="who_answers_a_clock_says_what_was_done"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock} by {self.due_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.answered_at is None
