"""Which measurements reach which indicator: proposed by one person, confirmed by another, never changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from evaluations import entries
from evaluations.models import Binding
from evaluations.policies import may_confirm, may_register
from frameworks.models import IndicatorVersion
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of


class BindingNotValid(NotValid):
    code = "binding_not_valid"


class BindingThere(NotNow):
    code = "binding_there"
    sentence = "These results are bound to this indicator already."


class BindingConfirmed(NotNow):
    code = "binding_confirmed"
    sentence = "This binding has been confirmed already."


@transaction.atomic
def propose(*, indicator: str, selector: Mapping[str, str], actor: Person, at: datetime) -> Binding:
    """Says that results by this selector measure this indicator. `selector` has the keys of `Binding.SELECTOR`; family, task and metric are needed, an
    empty task_version means any version, any other empty part means that the result has none. Until another person confirms it, and for
    what was received before that, the results may raise and never rule out. Raises BindingNotValid, BindingThere.
    """
    require(may_register(actor_of(actor, at)))
    _check(indicator, selector)
    parts = {name: selector.get(name, "") for name in Binding.SELECTOR}
    binding = Binding(indicator=indicator, proposed_by=actor, proposed_at=at, **parts)
    try:
        with transaction.atomic():
            binding.save(force_insert=True)
    except IntegrityError as error:
        if "one_binding_per_indicator_and_selector" in str(error):
            raise BindingThere from None
        raise
    binding.proposed_seq = entries.binding_proposed(binding, actor=actor, at=at).seq
    binding.save(update_fields=["proposed_seq"])
    return binding


@transaction.atomic
def confirm(*, binding: Binding, actor: Person, at: datetime) -> Binding:
    """From this entry on, what is received reaches the indicator with full power. Raises BindingConfirmed."""
    binding = Binding.objects.select_for_update(no_key=True, of=("self",)).select_related("proposed_by").get(pk=binding.pk)
    confirmer = actor_of(actor, at)
    require(may_confirm(confirmer, entered_by=binding.proposed_by))
    require(may_sign_evidence(confirmer))
    if binding.confirmed_seq is not None:
        raise BindingConfirmed
    binding.confirmed_by, binding.confirmed_at = actor, at
    binding.confirmed_seq = entries.binding_confirmed(binding, actor=actor, at=at).seq
    binding.save(update_fields=["confirmed_by", "confirmed_at", "confirmed_seq"])
    return binding


def _check(indicator: str, selector: Mapping[str, str]) -> None:
    unknown = set(selector) - set(Binding.SELECTOR)
    if unknown:
        raise BindingNotValid(
            f"A binding is not told by {', '.join(sorted(unknown))}.", what_to_do=f"It is told by {', '.join(Binding.SELECTOR)}."
        )
    missing = [name for name in ("family", "task", "metric") if not selector.get(name)]
    if missing:
        raise BindingNotValid(f"A binding names its {' and '.join(missing)}.", what_to_do="Copy them from the run's page.")
    if not IndicatorVersion.objects.filter(slug=indicator).exists():
        raise BindingNotValid(f"No framework has an indicator {indicator!r}.", code="indicator_not_known")
