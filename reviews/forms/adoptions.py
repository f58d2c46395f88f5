"""The signatures under a framework version."""

from people.forms import CONFIRMING, ConfirmationForm
from reviews.forms.fields import in_words


class AdoptionForm(ConfirmationForm):
    rationale = in_words("Why this version")
    field_order = ("rationale", *CONFIRMING)


class ConfirmForm(ConfirmationForm):
    """An executive's signature under a proposal that is on the page."""
