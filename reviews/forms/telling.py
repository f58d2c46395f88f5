"""Feeds, outlets, and who is told what."""

import calendar
from typing import Any
from zoneinfo import available_timezones

from django import forms

from people.forms import CONFIRMING, ConfirmationForm
from reviews.models.outlet import Topic
from reviews.models.preference import ByMail
from reviews.notices.preferences import KIND_WORDS, OPTIONAL


class FeedForm(ConfirmationForm):
    act = "feed"


class RotateForm(ConfirmationForm):
    act = "rotate"


class OutletForm(ConfirmationForm):
    act = "outlet"
    label = forms.CharField(label="What it is for", max_length=80, help_text="Shown in lists; the address is not.")
    topics = forms.MultipleChoiceField(label="Told of", choices=Topic.choices, widget=forms.CheckboxSelectMultiple)
    address = forms.CharField(
        label="Address", max_length=2000, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    field_order = ("label", "address", "topics", *CONFIRMING)


class WebhookForm(OutletForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].help_text = "https://host/path. It is kept sealed and not shown again; the list names its host."


class ChannelForm(OutletForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "address"
        ].help_text = (
            "As apprise writes it: slack://…, msteams://…, matrixs://…, pagerduty://…, ntfys://…. It is kept sealed and not shown again."
        )


class TellingForm(forms.Form):
    """A row a kind: the inbox where it may be left out, and how by mail; then when digests come."""

    zone = forms.ChoiceField(label="Time zone", choices=lambda: [(zone, zone) for zone in sorted(available_timezones())])
    hour = forms.TypedChoiceField(label="Hour", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)])
    weekday = forms.TypedChoiceField(label="Weekly digest on", coerce=int, choices=list(enumerate(calendar.day_name)))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for kind, words in KIND_WORDS.items():
            if kind in OPTIONAL:
                self.fields[f"inbox_{kind}"] = forms.BooleanField(label=f"{words}: in the inbox", required=False)
            self.fields[f"mail_{kind}"] = forms.ChoiceField(label=f"{words}: by mail", choices=ByMail.choices)

    def rows(self) -> list[tuple[str, forms.BoundField | None, forms.BoundField]]:
        """Each kind in words, its inbox box (None: it always stands there) and its choice of mail."""
        return [(words, self[f"inbox_{kind}"] if kind in OPTIONAL else None, self[f"mail_{kind}"]) for kind, words in KIND_WORDS.items()]

    def choices(self) -> dict[str, tuple[bool, str]]:
        said = self.cleaned_data
        return {kind: (said.get(f"inbox_{kind}", True), said[f"mail_{kind}"]) for kind in KIND_WORDS}
