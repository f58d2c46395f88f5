"""Who is told what: outlets, their deliveries, what people chose, and work that is tried again."""

from datetime import datetime

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person
from reviews.entries.writing import append_by
from reviews.models import Delivery, Outlet


def outlet_added(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return append_by(
        "reviews:outlet:added", f"outlet:{outlet.pk}", actor, at, {"outlet_kind": outlet.kind, "topics": sorted(outlet.topics)}
    )


def outlet_rotated(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:outlet:rotated", f"outlet:{outlet.pk}", actor, at, {"old_until": outlet.old_secret_until})


def outlet_stopped(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:outlet:stopped", f"outlet:{outlet.pk}", actor, at, {"outlet_kind": outlet.kind})


def outlet_tested(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:outlet:tested", f"outlet:{outlet.pk}", actor, at, {"outlet_kind": outlet.kind})


def delivery_resent(delivery: Delivery, *, actor: Person, at: datetime) -> Entry:
    fields = {"outlet": delivery.outlet_id, "entry": delivery.entry_seq}
    return append_by("reviews:delivery:resent", f"delivery:{delivery.pk}", actor, at, fields)


def work_retried(kind: str, row_id: str, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:work:retried", f"{kind}:{row_id}", actor, at, {"work": kind})


def notices_chosen(person: Person, choices: dict[str, list[object]], *, at: datetime) -> Entry:
    return append_by("reviews:notices:chosen", f"person:{person.pk}", person, at, {"choices": choices})


describe("reviews:work:retried", "{actor} asked for the {thing}, which had been given up, to be tried again.")
describe("reviews:outlet:added", "{actor} set up an outlet ({outlet_kind}), told of {topics}.")
describe("reviews:outlet:rotated", "{actor} gave a webhook a new secret; the old one signs until {old_until:day}.")
describe("reviews:outlet:stopped", "{actor} stopped an outlet ({outlet_kind}).")
describe("reviews:outlet:tested", "{actor} sent a test to an outlet ({outlet_kind}).")
describe("reviews:delivery:resent", "{actor} had entry {entry} sent to an outlet once more.")
describe("reviews:notices:chosen", "{actor} chose how to be told what.")
