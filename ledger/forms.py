from datetime import UTC, date, datetime, time, timedelta

from django import forms

from ledger.queries import Filters
from ledger.sentences import described_kinds

ROOM_WORDS = {
    "asl_portal": "The portal",
    "evaluations": "Evidence",
    "frameworks": "Frameworks",
    "ledger": "The record itself",
    "people": "People",
    "reviews": "The board",
}


def _kinds() -> list[tuple[str, object]]:
    """Every kind in words, under the part of the portal it belongs to."""
    rooms: dict[str, list[tuple[str, str]]] = {}
    for kind in described_kinds():
        rooms.setdefault(ROOM_WORDS.get(kind.partition(":")[0], "Other"), []).append((kind, kind_words(kind)))
    return [("", "All kinds"), *((room, sorted(kinds, key=lambda each: each[1])) for room, kinds in sorted(rooms.items()))]


def kind_words(kind: str) -> str:
    """`reviews:named-set:proposed` as a reader says it: "Named set proposed"."""
    return kind.partition(":")[2].replace(":", " ").replace("-", " ").replace("_", " ").capitalize()


class FilterForm(forms.Form):
    """What a reader of the list asks for; all of it stands in the address. Dates are days in UTC, both included."""

    kind = forms.ChoiceField(label="Kind", choices=_kinds, required=False)
    thing = forms.CharField(label="Thing", max_length=200, required=False, widget=forms.TextInput(attrs={"placeholder": "subject:…"}))
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    sort = forms.ChoiceField(
        choices=[("", "Newest first"), ("number", "Oldest first"), ("-number", "Newest first")], required=False, widget=forms.HiddenInput
    )
    actor = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    @property
    def oldest_first(self) -> bool:
        return bool(self.cleaned_data["sort"] == "number")

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
