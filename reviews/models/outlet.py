"""Where news goes that leaves the house to other systems: an outlet an administrator set up, and each delivery to it."""

import json
import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from evaluations.models import Subject
from people.models import Person
from reviews.models.case import Case
from reviews.models.notice import Work


class OutletKind(models.TextChoices):
    WEBHOOK = "webhook", "Signed webhook"
    CHANNEL = "channel", "Chat or paging service"


class Topic(models.TextChoices):
    """What an outlet may be told of."""

    CASES = "cases", "Cases opened, changed and ended"
    DECISIONS = "decisions", "Decisions, and decisions that left force"
    GATE = "gate", "The gate: opened, shut, halted"
    INCIDENTS = "incidents", "Incidents: in service without a valid authorisation"
    SIGNOFFS = "signoffs", "Safeguards signed off and revoked"
    FRAMEWORKS = "frameworks", "Framework versions adopted"


class Outlet(models.Model):
    """One place outside. Its address and secrets are sealed with the portal's own key and are never shown again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=OutletKind)
    label = models.CharField(max_length=80)
    # What may be shown of the address: the host of a webhook, the name of a service.
    place = models.CharField(max_length=255)
    address_sealed = models.TextField()
    secret_sealed = models.TextField(blank=True)
    # After a rotation both secrets sign, until then.
    old_secret_sealed = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    topics = ArrayField(models.CharField(max_length=16, choices=Topic))
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(topics__len__gt=0), name="an_outlet_is_told_something"),
            # A webhook that nobody can verify could be written by anyone.
            models.CheckConstraint(condition=~Q(kind="webhook") | ~Q(secret_sealed=""), name="a_webhook_has_a_secret"),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by=None) | Q(stopped_at__gte=F("made_at"), stopped_by__isnull=False),
                name="a_stopped_outlet_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def is_live(self, at: datetime) -> bool:
        return self.made_at <= at and (self.stopped_at is None or at < self.stopped_at)


class Delivery(Work):
    """One piece of news to one outlet. `body` is what goes out, the same at every attempt; its id is how a receiver tells it is one."""

    outlet = models.ForeignKey(Outlet, on_delete=models.PROTECT, related_name="deliveries")
    entry_seq = models.BigIntegerField()
    kind = models.CharField(max_length=40)  # "case_opened", "gate_changed", "test" …
    title = models.CharField(max_length=300)
    body = models.TextField()  # canonical JSON of ids, codes, one sentence and an address: never prose, never hazardous detail
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # what a webhook's receiver answered last

    class Meta:
        ordering = ["-made_at", "id"]
        verbose_name_plural = "deliveries"
        constraints = [
            # A consumer that runs twice tells once.
            models.UniqueConstraint(fields=["outlet", "entry_seq"], name="one_delivery_per_outlet_and_entry"),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state__in=["waiting", "working"]), name="deliveries_to_make"),
            models.Index(fields=["outlet", "-made_at"], name="deliveries_of_an_outlet"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.outlet_id}"

    @property
    def message_id(self) -> str:
        return f"msg_{self.pk.hex}"

    @property
    def address(self) -> str:
        """Where in the portal it leads to."""
        return str(json.loads(self.body)["data"]["address"])
