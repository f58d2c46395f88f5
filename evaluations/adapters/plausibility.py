"""Does a number hang together with its name, its spread and its n? Whatever does not is said, and holds."""

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext

from evaluations.adapters.figures import Figure, implied_n
from evaluations.adapters.types import Warning
from frameworks.engine.noise import NOISE

# Metrics that are by definition a share of items: 0 or 1 each, unless the scorer gives partial credit.
_SHARES = frozenset({"exact_match", "em", "pass_rate", "success_rate", "pct_stereotype"})
_SHARE_WORDS = frozenset({"accuracy", "acc"})
# Metrics that lie between 0 and 1 by definition without being a count of hits.
_WITHIN_ONE = frozenset({"f1", "micro_f1", "macro_f1", "precision", "recall", "coverage", "auc", "auroc", "roc_auc", "brier_score"})
# Words in a metric's name that tell of a unit of its own, so that values beyond 1 are no surprise.
_OPEN_ENDED = frozenset(
    [
        "ppl",
        "perplexity",
        "bits",
        "nll",
        "loss",
        "mae",
        "mse",
        "rmse",
        "bleu",
        "chrf",
        "ter",
        "rouge",
        "rouge1",
        "rouge2",
        "rougel",
        "difference",
        "std",
        "var",
        "minute",
        "minutes",
        "hour",
        "hours",
        "second",
        "seconds",
        "time",
        "duration",
        "horizon",
        "ratio",
        "uplift",
        "factor",
        "odds",
        "count",
        "total",
        "num",
        "tokens",
        "cost",
        "steps",
        "elo",
        "rank",
        "likelihood",
        "logprob",
        "log",
        "length",
    ]
)
_WORD_BREAK = re.compile("[^a-z0-9]+")
_TROUBLES = {
    "not-a-number": "The value is NaN or infinite: it measures nothing.",
    "out-of-range": "The value lies outside what can be stored (beyond 10^15, or finer than 40 places).",
    "wrong-type": "The value is not a number; nothing is converted.",
    "absent": "There is no value here.",
}
_TOLERANCE, _TIGHT, _LOOSE = Decimal("1.01"), Decimal("0.05"), Decimal("0.5")


def is_share(metric: str) -> bool:
    """Whether the metric's name says: share of items."""
    name = metric.rsplit("/", maxsplit=1)[-1].lower()
    if name in _SHARES or name.startswith(("pass@", "pass_at_")):
        return True
    return "acc" in name and not _SHARE_WORDS.isdisjoint(_WORD_BREAK.split(name))


def _is_within_one(value: str) -> bool:
    """Whether a value, as canonical decimal text, lies between 0 and 1, both included."""
    return value.startswith("0.") or value in ("0", "1")


def value_warnings(metric: str, found: Figure, where: str, scale: tuple[str | None, str | None] = (None, None)) -> list[Warning]:
    """What is wrong with the value itself: no number, or off the scale its name or the file gives it."""
    if found.trouble or found.value is None:
        trouble = found.trouble or "absent"
        return [Warning(f"value-{trouble}", _TROUBLES[trouble], where, "holds")]
    low, high = scale
    if low is not None or high is not None:
        value = Decimal(found.value)
        if (low is not None and value < Decimal(low)) or (high is not None and value > Decimal(high)):
            return [Warning("off-scale", f"The value {found.value} lies off the scale the file declares for it.", where, "holds")]
        return []
    if _is_within_one(found.value):
        return []
    name = metric.rsplit("/", maxsplit=1)[-1].lower()
    if is_share(metric) or name in _WITHIN_ONE:
        message = f"A metric named {metric[:60]} lies between 0 and 1; here it is {found.value}. Nothing is rescaled."
        return [Warning("off-scale", message, where, "holds")]
    if not _OPEN_ENDED.isdisjoint(_WORD_BREAK.split(name)):
        return []
    message = f"The value {found.value} lies outside 0 to 1 and the file declares no scale. No verdict until somebody says which it is."
    return [Warning("scale-undeclared", message, where, "holds")]


def usable_stderr(found: Figure, value: str | None, n: int | None, where: str) -> tuple[str | None, list[Warning]]:
    """The standard error if it can be one, and why not if it cannot."""
    if found.trouble == "absent":
        return None, []
    if found.value is None:
        return None, [Warning("stderr-not-a-number", "The standard error is not a number.", where, "holds")]
    error = Decimal(found.value)
    if error < 0:
        return None, [Warning("stderr-negative", "The standard error is negative.", where, "holds")]
    if error <= NOISE and value is not None and 0 < Decimal(value) < 1 and (n is None or n > 1):
        message = "A standard error of 0, or of no more than the rounding of the machine, cannot be right for this value."
        return None, [Warning("stderr-zero", message, where, "holds")]
    return found.value, []


def n_warnings(
    metric: str, found: str, stderr: str | None, n: int | None, where: str, *, grains: tuple[int, ...] = (1, 2), is_loose: bool = False
) -> list[Warning]:
    """Whether value, standard error and the claimed n can be right together.

    `grains`: an item's score is a multiple of 1/grain for one of them (2: partial credit of a half; the epochs, after a mean); empty: not known.
    `is_loose`: the standard error is clustered or bootstrapped; then only a gross misfit with a share of 0/1 items counts.
    """
    if n is None or n < 1 or not _is_within_one(found):
        return []
    if stderr is None and not (grains and is_share(metric)):
        return []
    value = _Value(Decimal(found), n, _rounding(found))
    if stderr is None:
        if not any(value.is_multiple_of(grain) for grain in grains):
            return [
                Warning(
                    "value-and-n-disagree",
                    f"{found[:12]} is no share of {n} items, so the n or the value is of something else.",
                    where,
                    "holds",
                )
            ]
        return []
    implied = implied_n(found, stderr)
    if implied is None or n < 2:
        return []
    if not value.is_multiple_of(1) and (is_loose or not grains or not is_share(metric)):
        return []  # a mean of graded scores: its spread says nothing of n
    all_or_nothing = value.is_multiple_of(1) and abs(implied - n) <= max(_TOLERANCE, n * (_LOOSE if is_loose else _TIGHT))
    fits = all_or_nothing or any(value.fits_partial_credit(Decimal(stderr), grain) for grain in grains if grain > 1)
    if fits:
        return []
    about = str(int(implied.to_integral_value())) if implied < 10**12 else "more than 10^12"
    return [Warning("n-and-stderr-disagree", f"The file claims n = {n}; value and standard error imply about {about}.", where, "holds")]


def _rounding(found: str) -> Decimal:
    """Half a unit of the last place of a value that may have been rounded for print."""
    places = len(found.partition(".")[2])
    return Decimal(5).scaleb(-places - 1) if 0 < places < 12 else Decimal(0)


@dataclass(frozen=True, slots=True)
class _Value:
    """A share together with the n it claims to be a share of."""

    p: Decimal
    n: int
    rounding: Decimal

    def is_multiple_of(self, grain: int) -> bool:
        """Whether n scores that are multiples of 1/grain can have this mean."""
        total = self.p * self.n * grain
        return abs(total - total.to_integral_value()) <= max(Decimal("0.001"), self.rounding * self.n * grain)

    def fits_partial_credit(self, error: Decimal, grain: int) -> bool:
        """Whether such scores can have this standard error as well: between all-or-nothing and the finest spread over the items."""
        if not self.is_multiple_of(grain):
            return False
        total = self.p * self.n
        with localcontext() as context:
            context.prec = 40
            squares = error * error * self.n * (self.n - 1) + self.n * self.p * self.p
            slack = Decimal("0.02") * total
            return total / grain - slack <= squares <= total + slack
