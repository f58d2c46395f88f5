"""Giving a ratio its two arms, so that it is judged by Fieller's interval. Nothing is worked out that nobody stated: mean, standard error and n of each
arm stand in the run or in the dossier, and they have to give the ratio that was reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation, localcontext

from django.db import IntegrityError, transaction

from evaluations import entries
from evaluations.models import Arms, Measurement
from evaluations.policies import may_confirm, may_propose_correction, may_set_aside
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of

NUMBERS = ("treatment_mean", "treatment_stderr", "control_mean", "control_stderr")


class ArmsNotValid(NotValid):
    code = "arms_not_valid"


class ArmsKnown(NotNow):
    code = "arms_known"
    sentence = "The arms of this result are confirmed already."
    what_to_do = "If they are wrong, have the result superseded and sent again."


@transaction.atomic
def propose(*, measurement: Measurement, told: Mapping[str, object], actor: Person, at: datetime) -> Arms:
    """One person says what the arms were. `told` names `treatment` and `control` (measurements of the same run with mean, standard error and n), or the
    six numbers with `dossier_digest` and `dossier_place`. Raises NotAllowed, ArmsNotValid, ArmsKnown."""
    require(may_propose_correction(actor_of(actor, at)))
    _check_open(measurement)
    arms = Arms(measurement=measurement, proposed_by=actor, proposed_at=at, **_from_run(measurement, told), **_from_dossier(told))
    _check(arms, measurement)
    arms.save(force_insert=True)
    arms.proposed_seq = entries.arms_proposed(arms, actor=actor, at=at).seq
    arms.save(update_fields=["proposed_seq"])
    return arms


@transaction.atomic
def confirm(*, arms: Arms, actor: Person, at: datetime) -> Arms:
    """A reviewer or the chair, who neither said so nor sent the result, vouches for them; from here on they decide the interval.

    Raises NotAllowed, ArmsKnown."""
    arms = Arms.objects.select_for_update(of=("self",)).select_related("measurement__run__upload__uploader", "proposed_by").get(pk=arms.pk)
    signer = actor_of(actor, at)
    require(may_confirm(signer, entered_by=arms.proposed_by))
    require(may_set_aside(signer, uploader=arms.measurement.run.upload.uploader))
    require(may_sign_evidence(signer))
    _check_open(arms.measurement)
    arms.confirmed_by, arms.confirmed_at = actor, at
    arms.confirmed_seq = entries.arms_confirmed(arms, actor=actor, at=at).seq
    try:
        with transaction.atomic():
            arms.save(update_fields=["confirmed_by", "confirmed_at", "confirmed_seq"])
    except IntegrityError as error:
        raise ArmsKnown from error
    return arms


def _check_open(measurement: Measurement) -> None:
    if Arms.objects.filter(measurement=measurement, confirmed_seq__isnull=False).exists():
        raise ArmsKnown


def _from_run(measurement: Measurement, told: Mapping[str, object]) -> dict[str, object]:
    """The numbers as the file wrote them, of two metrics of the same run."""
    treatment, control = told.get("treatment"), told.get("control")
    if treatment is None and control is None:
        return {}
    if not isinstance(treatment, Measurement) or not isinstance(control, Measurement) or treatment.pk == control.pk:
        raise ArmsNotValid("Name one metric of the run for each arm.", code="two_arms")
    if {treatment.run_id, control.run_id} != {measurement.run_id} or measurement.pk in (treatment.pk, control.pk):
        raise ArmsNotValid("Both arms are metrics of the same run as their ratio.", code="another_run")
    found: dict[str, object] = {"treatment": treatment, "control": control}
    for name, arm in (("treatment", treatment), ("control", control)):
        if arm.value is None or arm.stderr is None or arm.n is None:
            raise ArmsNotValid(f"The file states no mean, standard error or n for {arm}.", code="arm_incomplete")
        found |= {f"{name}_mean": arm.value, f"{name}_stderr": arm.stderr, f"{name}_n": arm.n}
    return found


def _from_dossier(told: Mapping[str, object]) -> dict[str, object]:
    if told.get("treatment") is not None or told.get("control") is not None:
        return {}
    wanted = (*NUMBERS, "treatment_n", "control_n", "dossier_digest", "dossier_place")
    if any(told.get(name) in (None, "") for name in wanted):
        raise ArmsNotValid(
            "Name two metrics of the run, or all six numbers with the digest of the dossier they stand in and the place.",
            code="arm_incomplete",
        )
    return {name: told[name] for name in wanted}


def _check(arms: Arms, measurement: Measurement) -> None:
    """What does not give the ratio that was reported, or the number of people, speaks of another trial."""
    numbers = {name: _number(getattr(arms, name)) for name in NUMBERS}
    if numbers["treatment_stderr"] <= 0 or numbers["control_stderr"] <= 0 or arms.treatment_n < 2 or arms.control_n < 2:
        raise ArmsNotValid(
            "Each arm has at least two people and a standard error above zero; without one nothing bounds the ratio.", code="arm_not_usable"
        )
    if numbers["control_mean"] <= 0 or numbers["treatment_mean"] < 0:
        raise ArmsNotValid("A ratio stands over a control above zero.", code="arm_not_usable")
    if measurement.value is None:
        raise ArmsNotValid("This result has no value, so it is no ratio.", code="no_value")
    if measurement.n is not None and measurement.n != arms.treatment_n + arms.control_n:
        raise ArmsNotValid(
            f"The result counts {measurement.n} people and the arms {arms.treatment_n + arms.control_n}; they speak of different things.",
            code="people_do_not_add_up",
        )
    if not _gives(numbers["treatment_mean"], numbers["control_mean"], _number(measurement.value)):
        raise ArmsNotValid(
            f"{arms.treatment_mean} over {arms.control_mean} does not give the ratio {measurement.value} that was reported.",
            code="ratio_differs",
        )


def _gives(treatment: Decimal, control: Decimal, ratio: Decimal) -> bool:
    """Whether the means give the ratio, each within half of its last digit."""
    with localcontext() as exact:
        exact.prec = 40
        low = (treatment - _half(treatment)) / (control + _half(control))
        high = (treatment + _half(treatment)) / (control - _half(control)) if control > _half(control) else None
        return low <= ratio + _half(ratio) and (high is None or high >= ratio - _half(ratio))


def _half(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal((0, (5,), exponent - 1)) if isinstance(exponent, int) else Decimal(0)


def _number(text: object) -> Decimal:
    try:
        number = Decimal(str(text))
    except InvalidOperation as error:
        raise ArmsNotValid("Each number is written as decimal text, such as 0.63.", code="not_a_number") from error
    if not number.is_finite() or abs(number) > Decimal(10) ** 15:
        raise ArmsNotValid("Each number is finite and below 10^15.", code="not_a_number")
    return number
