"""A board and who sits on it. Cases pin the roster when they open; a later change of seats touches no open case."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from people.models import Person


class Board(models.Model):
    """The board that judges under one framework (by name, so that it outlives a version)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    framework_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            # Two boards for one framework would each answer the same question.
            models.UniqueConstraint(fields=["framework_name"], name="one_board_per_framework"),
        ]

    def __str__(self) -> str:
        return self.name


class SeatRole(models.TextChoices):
    REVIEWER = "reviewer", "Reviewer"
    CHAIR = "chair", "Chair"
    EXECUTIVE = "executive", "Executive"
    OBSERVER = "board_observer", "Observer"


class SeatQuerySet(models.QuerySet["BoardSeat"]):
    def taken(self, at: datetime) -> "SeatQuerySet":
        """Seats that count at this moment: confirmed by a second person and not left."""
        return self.filter(confirmed_at__lte=at).filter(Q(left_at=None) | Q(left_at__gt=at))


class BoardSeat(models.Model):
    """One person on one board, proposed by one person and confirmed by another; only a confirmed seat counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="seats")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="board_seats")
    role = models.CharField(max_length=20, choices=SeatRole)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["board", "role", "proposed_at", "id"]
        constraints = [
            # One person fills one seat of a board at a time.
            models.UniqueConstraint(fields=["board", "person"], condition=Q(left_at=None), name="one_seat_per_person_and_board"),
            # Membership needs two people, and nobody lets themselves in.
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | (~Q(confirmed_by=F("proposed_by")) & ~Q(confirmed_by=F("person"))),
                name="a_seat_is_confirmed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} on {self.board_id}"
