"""What the board is asked outside a case, and the answer to it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, cast

from django import forms

from evaluations.models import Measurement, Snapshot
from people.forms import CONFIRMING, ConfirmationForm
from reviews.forms.fields import SigningForm, in_words
from reviews.late_results import LateOf
from reviews.services.late_results import LateResults
from reviews.services.observing import ObservedScope


class LateResultsForm(ConfirmationForm):
    """Which of the late results of one indicator shall count, and why."""

    measurements = forms.ModelMultipleChoiceField(label="Results", queryset=Measurement.objects.none(), widget=forms.CheckboxSelectMultiple)
    reason = in_words("Why they may count although they came first", "It stands in the record with the motion.")
    field_order = ("measurements", "reason", *CONFIRMING)

    def __init__(self, *args: Any, late: LateOf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.late = late
        told = {each.measurement.pk: each for each in late.results}
        field = cast("forms.ModelMultipleChoiceField", self.fields["measurements"])
        field.queryset = Measurement.objects.filter(pk__in=told).select_related("run")
        field.label_from_instance = lambda obj: f"{obj.run.task}, {obj}: {told[obj.pk].told}"  # type: ignore[method-assign]

    def signed(self) -> dict[str, Any]:
        told = super().signed()
        asks = LateResults(self.late.slug, list(told.pop("measurements")))
        return told | {"asks": asks}


class ObservedScopeForm(ConfirmationForm):
    """Which weights may go on in which scope until which day, and why."""

    snapshot = forms.ModelChoiceField(label="Weights", queryset=Snapshot.objects.none())
    scope = forms.ChoiceField(label="Scope")
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    reason = in_words("Why it may go on meanwhile", "It stands in the record, and on the model's page while it lasts.")
    field_order = ("snapshot", "scope", "until", "reason", *CONFIRMING)

    def __init__(self, *args: Any, snapshots: object, scopes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ").capitalize()) for scope in scopes]  # type: ignore[attr-defined]

    def signed(self) -> dict[str, Any]:
        told = super().signed()
        until = datetime.combine(told.pop("until"), time.min, tzinfo=UTC)
        asks = ObservedScope(told.pop("snapshot"), told.pop("scope"), until)
        return told | {"asks": asks}


class MotionVoteForm(SigningForm):
    choice = forms.ChoiceField(label="Your vote", widget=forms.RadioSelect)
    rationale = in_words()
    field_order = ("choice", "rationale", *CONFIRMING, "seen_digest")

    def __init__(self, *args: Any, effects: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        """`effects`: each choice with what it does."""
        super().__init__(*args, **kwargs)
        self.fields["choice"].choices = list(effects)  # type: ignore[attr-defined]
