"""A decision from before the portal went live."""

from typing import Any

from django import forms

from frameworks.engine.types import FrameworkDocument
from people.forms import CONFIRMING, ConfirmationForm
from reviews.forms.fields import in_words


class ImportForm(ConfirmationForm):
    """A decision from before the portal went live, as a document tells it."""

    threshold = forms.ChoiceField(label="Threshold")
    verdict = forms.ChoiceField(
        label="What was decided",
        choices=[("crossed", "Crossed"), ("treated_as_crossed", "Treated as crossed"), ("not_crossed", "Not crossed")],
    )
    true_at = forms.DateField(label="Decided on", widget=forms.DateInput(attrs={"type": "date"}))
    expires_at = forms.DateField(
        label="Holds until", widget=forms.DateInput(attrs={"type": "date"}), help_text="An imported record always has an end."
    )
    source_digest = forms.RegexField(
        r"^sha256:[0-9a-f]{64}$", label="Digest of the source", help_text="sha256: and 64 digits, of the document it stands in."
    )
    source_place = forms.CharField(label="Where it stands", max_length=500)
    note = in_words("What you compared", "It stands in the record beside your name.")
    field_order = ("threshold", "verdict", "true_at", "expires_at", "source_digest", "source_place", "note", *CONFIRMING)

    def __init__(self, *args: Any, document: FrameworkDocument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gating = [(each.slug, each.title) for each in document.thresholds if each.kind == "threshold"]
        self.fields["threshold"].choices = gating  # type: ignore[attr-defined]
