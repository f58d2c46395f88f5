"""A list that somebody filtered and named."""

import uuid

from django.db import models

from people.models.person import Person


class SavedView(models.Model):
    """A filtered list under a name of one's own. It holds an address, so it shows what its owner may see when they open it, never more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="saved_views")
    place = models.CharField(max_length=60)
    query = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=60)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["place", "name", "id"]
        constraints = [
            # Two views of one name in one menu could not be told apart.
            models.UniqueConstraint(fields=["person", "place", "name"], name="one_saved_view_per_person_list_and_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        return f"{self.place}?{self.query}" if self.query else self.place
