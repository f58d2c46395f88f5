"""The forms of this room. They read what was typed; whether it may be done is asked of the verbs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms

from people import factors
from people.confirming import Confirmation
from people.models import User
from people.services.tokens import LONGEST_DAYS
from people.words import Area, Level, Role, Scope

CONFIRMING = ("password", "code")


class ConfirmationForm(forms.Form):
    """Who acts, confirmed for this one act: it asks for what the account has, a password, a second factor or both."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Confirms that it is you. It counts for this one act.",
    )
    code = forms.CharField(
        label="Code from your authenticator app",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text="Six digits. Each code counts once.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.has_usable_password():
            del self.fields["password"]
        if not factors.has_second_factor(user):
            del self.fields["code"]

    def signed(self) -> dict[str, Any]:
        """Everything that was filled in, what confirms as one `confirmation`."""
        told = dict(self.cleaned_data)
        confirming = {name: told.pop(name) for name in CONFIRMING if name in told}
        return told | {"confirmation": Confirmation(**confirming)}


class ChoosePasswordForm(forms.Form):
    password = forms.CharField(
        label="New password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. A few words of your own are easier to keep than signs.",
    )
    again = forms.CharField(label="New password, again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        if "password" in values and "again" in values and values["password"] != values["again"]:
            self.add_error("again", "The two do not match.")
        return values


class AppForm(ConfirmationForm):
    """A new authenticator app shows that it knows the secret."""

    first_code = forms.CharField(
        label="Code the app shows now",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text="Six digits. They show that the app has the secret and your clock is right.",
    )
    field_order = ("first_code", *CONFIRMING)


class PersonForm(forms.Form):
    name = forms.CharField(label="Name", max_length=200)
    affiliation = forms.CharField(label="Affiliation", max_length=200, required=False)
    email = forms.EmailField(label="E-mail", help_text="They sign in with it, and it is where their sign-in link goes.")


class TokenForm(forms.Form):
    label = forms.CharField(label="What will use it", max_length=100)
    scopes = forms.MultipleChoiceField(label="What it may do", choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label="For how many days", min_value=1, max_value=LONGEST_DAYS, initial=90)


class GrantForm(forms.Form):
    """One list for everything a person may hold: `role:reviewer`, `competence:biology`, `clearance:hazard`."""

    what = forms.ChoiceField(
        label="What",
        choices=[
            ("Role", [(f"role:{value}", label) for value, label in Role.choices]),
            ("Competence", [(f"competence:{value}", label) for value, label in Area.choices]),
            ("Clearance", [(f"clearance:{value}", label) for value, label in Level.choices]),
        ],
    )
    until = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day, in UTC. Empty: until it is ended.",
    )

    def until_at(self) -> datetime | None:
        """A bare date means the end of that UTC day."""
        day = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC) if day else None

    def kind_and_word(self) -> tuple[str, str]:
        kind, _, word = self.cleaned_data["what"].partition(":")
        return kind, word
