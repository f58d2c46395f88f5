"""How a row stood before it was changed: what a page needs that looks back at an earlier moment."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class PastState(models.Model):
    """The values of one row as they stood until `until_at`. Written once, beside the change that ends them; never edited.

    Nothing is decided from it: the gate and every decision read the rows themselves.
    """

    id = models.BigAutoField(primary_key=True)  # of two changes in one moment, the lower number is the earlier
    row = models.UUIDField(default=uuid.uuid4)
    until_at = models.DateTimeField()
    stood = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["row", "until_at", "id"]
        indexes = [models.Index(fields=["row", "until_at", "id"], name="past_states_of_a_row")]

    def __str__(self) -> str:
        return f"{self.row} until {self.until_at:%Y-%m-%d}"
