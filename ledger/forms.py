from datetime import UTC, date, datetime, time, timedelta

from django import forms

from ledger.queries import Filters
from ledger.sentences import described_kinds


def _kinds() -> list[tuple[str, str]]:
    return [("", "All kinds"), *((kind, kind.replace(":", " · ")) for kind in described_kinds())]


class FilterForm(forms.Form):
    """What a reader of the list asks for; all of it stands in the address. Dates are days in UTC, both included."""

    kind = forms.ChoiceField(label="Kind", choices=_kinds, required=False)
    thing = forms.CharField(label="Thing", max_length=200, required=False, widget=forms.TextInput(attrs={"placeholder": "subject:…"}))
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    actor = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def filters(self) -> Filters:
        asked = self.cleaned_data
        return Filters(
            kind=asked["kind"],
            thing=asked["thing"],
            actor=asked["actor"],
            since=_day(asked["since"]),
            until=_day(asked["until"], timedelta(days=1, microseconds=-1)),
        )


def _day(day: date | None, later: timedelta = timedelta()) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC) + later
