"""What several forms of the board ask for: a reason in words, and a signature."""

from django import forms

from people.forms import ConfirmationForm

RATIONALE_HELP = "What you read and why it decides the question for you. It stands in the record beside your name."


def in_words(label: str = "Rationale", help_text: str = RATIONALE_HELP) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 5}), max_length=10_000, help_text=help_text)


class SigningForm(ConfirmationForm):
    """What every signature asks for: the digest of what was shown, and who signs, confirmed once more."""

    seen_digest = forms.CharField(widget=forms.HiddenInput, max_length=80)


class ReasonForm(forms.Form):
    reason = in_words("Reason", "One or two sentences. They stand in the record.")
