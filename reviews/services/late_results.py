"""Late results before the board: which may be put to it, and that they count once the motion is carried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluations.models import Measurement
from evaluations.services import results
from ledger.refusals import NotValid
from reviews import late_results
from reviews.facts import collect_one
from reviews.models import Motion
from reviews.models.motion import MotionKind
from reviews.tally import Quorum


class SetNotValid(NotValid):
    code = "late_results_not_valid"


@dataclass(frozen=True)
class LateResults:
    """That exactly these results count under this indicator."""

    indicator: str
    measurements: Sequence[Measurement]

    kind = MotionKind.LATE_RESULTS

    def put_into(self, motion: Motion, at: datetime) -> None:
        """Raises SetNotValid."""
        document = motion.framework_version.document
        named = sorted(str(each.pk) for each in self.measurements)
        late = late_results.late_results(collect_one(motion.subject, motion.framework_version, at))
        known = {str(one.measurement.pk) for each in late if each.slug == self.indicator for one in each.results}
        if not named or not set(named) <= known:
            raise SetNotValid("A motion names results of this model that arrived before their indicator or its binding.", code="not_late")
        motion.matter = document.indicator(self.indicator).digest
        motion.asked = {"indicator": self.indicator, "indicator_digest": motion.matter, "measurements": named}
        motion.requires = late_results.requires_of(document, self.indicator)

    def quorum(self, motion: Motion) -> Quorum:
        """Raises ValueError where the framework has none for this."""
        return late_results.quorum_for(motion.framework_version.document, motion.requires)


def admit(motion: Motion, at: datetime) -> bool:
    """They count from here on."""
    for measurement in late_results.measurements_of(motion.asked["measurements"]).values():
        results.admit(measurement=measurement, indicator_digest=motion.matter, decision=motion.pk, actor=None, at=at)
    return True
