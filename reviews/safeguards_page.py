"""The safeguards list: every safeguard of the framework, with what is built for it. A safeguard nobody has built is a row too."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms

from frameworks.engine.types import Safeguard
from frameworks.models import FrameworkVersion
from reviews.models import SafeguardImplementation, SignOff

EXPIRING_WITHIN = timedelta(days=30)


class SafeguardListForm(forms.Form):
    q = forms.CharField(label="Safeguard", required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search"}))
    tier = forms.ChoiceField(label="Tier", required=False)
    axis = forms.ChoiceField(label="Axis", required=False)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("", "Any state"),
            ("unsigned", "Not signed off"),
            ("signed", "Signed off"),
            ("expiring", "Expiring"),
            ("not_built", "Not built"),
        ],
    )
    sort = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)


@dataclass(frozen=True)
class SafeguardRow:
    """`state`: signed, expiring, reworded, expired, revoked, outdated, unsigned, not_built."""

    safeguard: Safeguard
    tier: str
    implementation: SafeguardImplementation | None
    state: str
    signoff: SignOff | None
    evidence: int


def safeguard_rows(
    version: FrameworkVersion, implementations: Iterable[SafeguardImplementation], form: SafeguardListForm, at: datetime
) -> Sequence[SafeguardRow]:
    """All rows that the address asks for, in the framework's order."""
    document = version.document
    offer(form, version)
    values = form.cleaned_data if form.is_valid() else {}
    built: dict[str, list[SafeguardImplementation]] = {}
    for each in implementations:
        if each.retired_at is None:
            built.setdefault(each.safeguard, []).append(each)
    rows = [
        row
        for safeguard in document.safeguards
        for row in _rows(safeguard, version, built.get(safeguard.slug, []), at)
        if _fits(row, values)
    ]
    return _in_order(rows, str(values.get("sort") or ""))


# What a column is put in order by; rows that are alike in it keep the framework's order.
ORDERS: Mapping[str, Callable[[SafeguardRow], Any]] = {
    "safeguard": lambda row: row.safeguard.title.casefold(),
    "tier": lambda row: row.tier,
    "axis": lambda row: row.safeguard.axis,
    "state": lambda row: row.state,
    "owner": lambda row: row.implementation.owner.name.casefold() if row.implementation else "",
    "evidence": lambda row: row.evidence,
    "until": lambda row: row.signoff.expires_at.isoformat() if row.signoff else "",
}


def _in_order(rows: list[SafeguardRow], sort: str) -> list[SafeguardRow]:
    """An order that makes no sense is the framework's own."""
    order = ORDERS.get(sort.removeprefix("-"))
    return rows if order is None else sorted(rows, key=order, reverse=sort.startswith("-"))


def offer(form: SafeguardListForm, version: FrameworkVersion) -> None:
    """The tiers and axes that may be asked for are the framework's."""
    document = version.document
    tiers = sorted({(safeguard.tier, document.tier(safeguard.axis, safeguard.tier).label) for safeguard in document.safeguards})
    form.fields["tier"].choices = [("", "Any tier"), *tiers]  # type: ignore[attr-defined]
    form.fields["axis"].choices = [("", "Any axis"), *((axis.slug, axis.title) for axis in document.axes)]  # type: ignore[attr-defined]


def _rows(
    safeguard: Safeguard, version: FrameworkVersion, built: Sequence[SafeguardImplementation], at: datetime
) -> Iterator[SafeguardRow]:
    tier = version.document.tier(safeguard.axis, safeguard.tier).label
    for implementation in built:
        state, signoff = _state(implementation, version, at)
        evidence = sum(1 for each in implementation.evidence.all() if each.withdrawn_at is None)
        yield SafeguardRow(safeguard, tier, implementation, state, signoff, evidence)
    if not built:
        yield SafeguardRow(safeguard, tier, None, "not_built", None, 0)


def _state(implementation: SafeguardImplementation, version: FrameworkVersion, at: datetime) -> tuple[str, SignOff | None]:
    given = sorted(implementation.signoffs.all(), key=lambda each: each.given_at, reverse=True)
    held = [each for each in given if each.holds(at, version)]
    if held:
        last = max(held, key=lambda each: each.expires_at)
        return ("expiring" if last.expires_at - at <= EXPIRING_WITHIN else "signed"), last
    if not given:
        return "unsigned", None
    if standing := [each for each in given if each.stands(at)]:
        return "reworded", standing[0]
    if given[0].revoked_at is not None:
        return "revoked", given[0]
    return ("expired" if given[0].expires_at <= at else "outdated"), given[0]


def _fits(row: SafeguardRow, values: dict[str, str]) -> bool:
    words = str(values.get("q") or "").lower()
    if (
        words
        and words not in f"{row.safeguard.slug} {row.safeguard.title} {row.implementation.title if row.implementation else ''}".lower()
    ):
        return False
    if values.get("tier") and row.safeguard.tier != values["tier"]:
        return False
    if values.get("axis") and row.safeguard.axis != values["axis"]:
        return False
    wanted = values.get("state")
    if wanted == "unsigned":
        return row.state not in {"signed", "expiring"}
    if wanted == "signed":
        return row.state in {"signed", "expiring"}
    return not wanted or row.state == wanted
