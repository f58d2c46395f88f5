"""The two arms of a trial whose result is a ratio: mean, standard error and number of people of each, as two people vouch for them."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from evaluations.models.run import Measurement


class Arms(models.Model):
    """The arms of one ratio: of metrics of the same run (`treatment`, `control`), or of a dossier named by its digest.

    From `confirmed_seq` on the ratio is judged by the interval of its arms; before that it is the bare ratio it was. Written once, never edited.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    measurement = models.ForeignKey(Measurement, models.PROTECT, related_name="arms")
    treatment_mean = models.TextField()
    treatment_stderr = models.TextField()
    treatment_n = models.PositiveBigIntegerField()
    control_mean = models.TextField()
    control_stderr = models.TextField()
    control_n = models.PositiveBigIntegerField()
    treatment = models.ForeignKey(Measurement, models.PROTECT, null=True, blank=True, related_name="+")
    control = models.ForeignKey(Measurement, models.PROTECT, null=True, blank=True, related_name="+")
    dossier_digest = models.CharField(max_length=71, blank=True)
    dossier_place = models.CharField(max_length=500, blank=True)
    proposed_by = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    proposed_seq = models.BigIntegerField(null=True)
    confirmed_by = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["proposed_seq", "id"]
        constraints = [
            # A result has one pair of arms; another pair is another result.
            models.UniqueConstraint(
                fields=["measurement"], condition=Q(confirmed_seq__isnull=False), name="one_confirmed_pair_of_arms_per_measurement"
            ),
            models.CheckConstraint(
                condition=Q(treatment__isnull=False, control__isnull=False, dossier_digest="")
                | (Q(treatment=None, control=None, dossier_digest__regex=r"^sha256:[0-9a-f]{64}$") & ~Q(dossier_place="")),
                name="arms_come_from_the_run_or_from_a_dossier",
            ),
            models.CheckConstraint(condition=~Q(treatment=F("control")), name="the_arms_of_a_trial_are_two"),
            models.CheckConstraint(condition=Q(treatment_n__gte=2, control_n__gte=2), name="an_arm_has_at_least_two_people"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")), name="arms_are_confirmed_by_another_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.treatment_mean} ± {self.treatment_stderr} (n {self.treatment_n}) over {self.control_mean} ± {self.control_stderr} (n {self.control_n})"
