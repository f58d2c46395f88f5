"""How a person wants to be told: a choice a kind, and when their digests come."""

import uuid

from django.db import models
from django.db.models import Q

from people.models import Person


class ByMail(models.TextChoices):
    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "In a daily digest"
    WEEKLY = "weekly", "In a weekly digest"
    NEVER = "never", "Not by mail"


class NoticePreference(models.Model):
    """A person's choice for one kind of notice. Without one: in the inbox, and by mail at once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notice_preferences")
    kind = models.CharField(max_length=80)
    inbox = models.BooleanField(default=True)
    by_mail = models.CharField(max_length=10, choices=ByMail, default=ByMail.AT_ONCE)

    class Meta:
        ordering = ["person", "kind"]
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_choice_per_person_and_kind_of_notice")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.by_mail}"


class DigestTime(models.Model):
    """When a person's digests come, by their own clock. Without one: at eight in UTC, the weekly one on Monday."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="digest_time")
    zone = models.CharField(max_length=64, default="UTC")
    hour = models.PositiveSmallIntegerField(default=8)
    weekday = models.PositiveSmallIntegerField(default=0)  # Monday is 0

    class Meta:
        ordering = ["person"]
        constraints = [models.CheckConstraint(condition=Q(hour__lte=23, weekday__lte=6), name="a_digest_comes_at_an_hour_there_is")]

    def __str__(self) -> str:
        return f"{self.hour}:00 {self.zone}"
