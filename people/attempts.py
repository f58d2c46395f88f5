"""Grave acts that were refused are on record too: who tried what, and why it was refused. Never what they typed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from django.db import transaction
from django.db.models import Model

from ledger.models import Entry
from ledger.refusals import Refusal
from ledger.services import append
from people.models import Person

log = logging.getLogger(__name__)

Given = ParamSpec("Given")
Made = TypeVar("Made")

# Somebody who tries on and on is on record with the first of these, and does not fill the ledger with the rest.
WITHIN, MOST = timedelta(hours=1), 20


def refusals_entered(kind: str, *, about: str) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """For a verb that takes `actor` and `at`: a refusal of it is entered in the ledger as `kind`, about the row in its argument `about`.

    It stands outside the verb's own transaction, which the refusal rolls back.
    """

    def wrap(verb: Callable[Given, Made]) -> Callable[Given, Made]:
        @wraps(verb)
        def tried(*args: Given.args, **told: Given.kwargs) -> Made:
            thing = cast("Model", told[about])
            with entering_refusals(kind, thing=thing, actor=cast("Person", told["actor"]), at=cast("datetime", told["at"])):
                return verb(*args, **told)

        return tried

    return wrap


@contextmanager
def entering_refusals(kind: str, *, thing: Model, actor: Person, at: datetime) -> Iterator[None]:
    """The same around a few lines; the refusal goes on to whoever asked."""
    try:
        yield
    except Refusal as refusal:
        enter_refusal(refusal, kind=kind, thing=f"{thing._meta.model_name}:{thing.pk}", actor=actor, at=at)
        raise


def enter_refusal(refusal: Refusal, *, kind: str, thing: str, actor: Person, at: datetime) -> None:
    """Enters it once, in a transaction of its own."""
    if not refusal.is_attempt or "entered" in refusal.data:
        return
    refusal.data["entered"] = kind
    code = refusal.code
    try:
        with transaction.atomic():
            tried = Entry.objects.filter(actor=actor.pk, kind__endswith=":refused", recorded_at__gt=at - WITHIN)
            if tried[:MOST].count() < MOST:
                append(kind=kind, thing=thing, actor=actor.pk, at=at, fields={"code": code})
    except Refusal as unrecorded:
        # The ledger itself says no; the act was refused all the same, and that is what the person has to hear.
        log.warning("A refused attempt (%s, %s) could not be entered: %s", kind, code, unrecorded.code)
