"""What several forms of the board ask for: a reason in words, and a signature."""

from django import forms

from people.forms import ConfirmationForm

RATIONALE_HELP = "What you read and why it decides the question for you. It stands in the record beside your name."


# Of what has no mark beside it that would keep it from people who are not cleared.
READ_BY_ALL = "Everyone who sees the record reads it: put no hazardous detail into it."


def in_words(label: str = "Rationale", help_text: str = RATIONALE_HELP, *, marked: bool = False) -> forms.CharField:
    """`marked`: a field beside it says whether it holds hazardous detail."""
    told = help_text if marked else f"{help_text} {READ_BY_ALL}"
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 5}), max_length=10_000, help_text=told)


def holds_hazard() -> forms.BooleanField:
    """Whether what is written beside it goes to cleared people only."""
    return forms.BooleanField(
        label="It holds hazardous detail",
        required=False,
        help_text="Then only cleared people read it; to others, and wherever it leaves the portal, it is told that something is withheld.",
    )


class SigningForm(ConfirmationForm):
    """What every signature asks for: the digest of what was shown, and who signs, confirmed once more."""

    seen_digest = forms.CharField(widget=forms.HiddenInput, max_length=80)


class ReasonForm(forms.Form):
    reason = in_words("Reason", "One or two sentences. They stand in the record.")
