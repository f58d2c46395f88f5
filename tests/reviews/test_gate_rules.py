"""The gate's rules without a database: everything settled allows, and each thing taken away denies with its own reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frameworks.documents import read
from ledger.canonical import canonical, parse
from reviews.gate_rules import answer, status_digest
from tests.makers import NOON
from tests.reviews.conftest import FRAMEWORK

DOCUMENT = read(FRAMEWORK)
WEIGHTS, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
LATER = NOON + timedelta(days=30)
BASELINE = {"deployment": "asl-2", "security": "asl-2"}


def settled() -> dict[str, Any]:
    """Inputs that stand against nothing."""
    inputs: dict[str, Any] = {
        "format": "asl-gate-inputs/2",
        "at": NOON,
        "artefact": WEIGHTS,
        "scope": "external",
        "stack": None,
        "for_record": False,
        "ledger": {"sound": True, "size": 9},
        "subject": {"id": "s", "slug": "heron"},
        "snapshot": {"id": "w", "digest": WEIGHTS, "confirmed": True},
        "framework": {"digest": DOCUMENT.digest, "name": "board"},
        "assessment": {
            "id": "a",
            "digest": "sha256:a",
            "framework_digest": DOCUMENT.digest,
            "valid_until": LATER,
            "due": False,
        },
        "findings": {
            slug: {"outcome": "ruled_out", "digest": "sha256:f", "requires": {}, "snapshots": ["w"]} for slug in ("bio-3", "bio-4")
        },
        "held": [],
        "inherited": [],
        "pending": {"uploads": 0, "dead": 0, "refused": 0},
        "determinations": {
            slug: {"id": slug, "verdict": "not_crossed", "finding_digest": "sha256:f", "valid_until": LATER, "requires": {}, "covers": None}
            for slug in ("bio-3", "bio-4")
        },
        "raised": [],
        "case": None,
        "adequacy": {axis: adequacy(axis) for axis in ("deployment", "security")},
        "signed": {safeguard.slug: "in_force" for safeguard in DOCUMENT.safeguards},
        "release": None,
        "released_otherwise": False,
        "halted": None,
    }
    inputs["release"] = {"id": "r", "artefact": WEIGHTS, "status_digest": digest_of(inputs), "valid_until": LATER}
    return inputs


def adequacy(axis: str, tier: str = "asl-2") -> dict[str, Any]:
    lines = [
        {
            "safeguard": safeguard.slug,
            "signoff": safeguard.slug,
            "in_force": True,
            "expires_at": LATER,
            "place": safeguard.placed_in,
            "place_name": "",
        }
        for safeguard in DOCUMENT.safeguards_for(axis, tier)
    ]
    served = {"stack": "", "stack_digest": "", "environment": ""}
    statement = {"id": "st", "snapshot": "w", "scopes": ["external", "internal"], **served, "lines": lines}
    return {"id": axis, "tier": tier, "valid_until": LATER, "content_digest": f"sha256:{axis}", "statement": statement}


def digest_of(inputs: dict[str, Any], required: dict[str, str] | None = None) -> str:
    return status_digest(DOCUMENT, inputs, required or BASELINE, DOCUMENT.scopes["external"])


def codes(inputs: dict[str, Any], framework: bytes = DOCUMENT.canonical) -> list[str]:
    said = parse(answer(framework, canonical(inputs)))
    assert isinstance(said, dict)
    assert said["allowed"] is (not said["reasons"])
    for reason in said["reasons"]:
        assert reason["sentence"].endswith(".") and reason["what_to_do"] and reason["who"]
    return [reason["code"] for reason in said["reasons"]]


def test_nothing_against_it_allows_and_for_a_quarter_of_an_hour_at_most() -> None:
    said = parse(answer(DOCUMENT.canonical, canonical(settled())))
    assert said["allowed"] is True and said["required"] == BASELINE
    assert said["expires_at"] == parse(canonical({"t": NOON + timedelta(minutes=15)}))["t"]


def test_an_answer_ends_with_the_first_thing_it_rests_on() -> None:
    inputs = settled()
    inputs["assessment"]["valid_until"] = NOON + timedelta(minutes=2)
    said = parse(answer(DOCUMENT.canonical, canonical(inputs)))
    assert said["allowed"] is True and said["expires_at"] == parse(canonical({"t": NOON + timedelta(minutes=2)}))["t"]


def change(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def apply(inputs: dict[str, Any]) -> None:
        place = inputs
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return apply


TAKEN_AWAY = [
    (change("ledger", "sound", to=False), "ledger_broken"),
    (change("snapshot", to=None), "unknown_artefact"),
    (change("scope", to="the moon"), "unknown_scope"),
    (change("snapshot", "confirmed", to=False), "snapshot_unconfirmed"),
    (change("pending", "uploads", to=1), "evidence_pending"),
    (change("pending", "dead", to=1), "evidence_unreadable"),
    (change("pending", "refused", to=1), "evidence_refused"),
    (change("pending", "refused_beneath", to=1), "evidence_refused_beneath"),
    (change("assessment", to=None), "no_assessment"),
    (change("assessment", "due", to=True), "assessment_outdated"),
    (change("assessment", "valid_until", to=NOON), "assessment_outdated"),
    (change("assessment", "framework_digest", to=OTHER), "assessment_outdated"),
    (change("findings", "bio-3", "snapshots", to=[]), "artefact_not_assessed"),
    (change("determinations", "bio-3", "valid_until", to=NOON), "finding_not_answered"),
    (change("findings", "bio-3", "outcome", to="not_assessed"), "finding_not_assessed"),
    (change("case", to={"id": "c", "number": 3}), "open_case"),
    (change("signed", "asl-2-security-1", to="none"), "safeguards_unsigned"),
    (change("signed", "asl-2-security-1", to="expired"), "signoff_expired"),
    (change("signed", "asl-2-security-1", to="earlier_wording"), "signoff_of_earlier_wording"),
    (change("adequacy", "security", "valid_until", to=NOON), "safeguards_not_adequate"),
    (change("adequacy", "security", "statement", "snapshot", to="other"), "no_applicability"),
    (change("adequacy", "security", "statement", "scopes", to=["internal"]), "no_applicability"),
    (change("adequacy", "security", "statement", "lines", to=[]), "no_applicability"),
    (change("release", to=None), "no_release"),
    (change("release", "artefact", to=OTHER), "artefact_mismatch"),
    (change("release", "valid_until", to=NOON), "release_expired"),
    (change("release", "status_digest", to=OTHER), "release_outdated"),
    (change("halted", to={"at": NOON}), "scope_halted"),
]


@pytest.mark.parametrize(("taken", "code"), TAKEN_AWAY, ids=[f"{code}-{number}" for number, (_, code) in enumerate(TAKEN_AWAY)])
def test_each_thing_taken_away_denies_and_says_which(taken: Callable[[dict[str, Any]], None], code: str) -> None:
    inputs = settled()
    assert codes(inputs) == []
    taken(inputs)
    assert code in codes(inputs)


def test_no_framework_in_force_denies() -> None:
    assert codes(settled() | {"framework": None}, b"") == ["no_framework"]


def test_other_weights_released_is_told_apart_from_nothing_released() -> None:
    assert codes(settled() | {"release": None, "released_otherwise": True}) == ["artefact_mismatch"]


@pytest.mark.parametrize("threshold", ["bio-3", "bio-4"])
def test_a_threshold_nobody_decided_denies_however_clean_the_findings(threshold: str) -> None:
    inputs = settled()
    del inputs["determinations"][threshold]
    assert "finding_not_answered" in codes(inputs)


def test_a_higher_requirement_needs_its_own_safeguards_and_its_own_release() -> None:
    inputs = settled()
    inputs["determinations"]["bio-3"]["verdict"] = "treated_as_crossed"
    found = codes(inputs)
    assert {"safeguards_not_adequate", "release_outdated"} == set(found)
    inputs["adequacy"] = {axis: adequacy(axis, "asl-3") for axis in ("deployment", "security")}
    inputs["release"]["status_digest"] = digest_of(inputs, {"deployment": "asl-3", "security": "asl-3"})
    assert codes(inputs) == []


def test_a_tier_nobody_defined_shuts_the_gate_whatever_is_signed() -> None:
    inputs = settled()
    inputs["determinations"]["bio-4"]["verdict"] = "crossed"
    assert "tier_undefined" in codes(inputs)


def test_a_tier_only_an_earlier_version_knew_shuts_the_gate_and_says_what_to_do() -> None:
    inputs = settled()
    inputs["determinations"]["gone"] = inputs["determinations"]["bio-3"] | {"verdict": "crossed", "requires": {"security": "sl-5"}}
    said = parse(answer(DOCUMENT.canonical, canonical(inputs)))
    undefined = next(reason for reason in said["reasons"] if reason["code"] == "tier_undefined")
    assert "sl-5" in undefined["sentence"] and "lowering" in undefined["what_to_do"] and said["required"]["security"] == "sl-5"
    # What was found adequate for a tier nobody knows any more is adequate for nothing.
    inputs["adequacy"]["security"]["tier"] = "sl-9"
    assert "safeguards_not_adequate" in codes(inputs)


def test_a_scope_that_needs_one_axis_asks_for_that_one_only() -> None:
    inputs = settled()
    del inputs["adequacy"]["deployment"]
    assert "safeguards_not_adequate" in codes(inputs)
    inputs["scope"] = "internal"
    inputs["release"]["status_digest"] = status_digest(DOCUMENT, inputs, BASELINE, DOCUMENT.scopes["internal"])
    assert codes(inputs) == []


@given(st.lists(st.sampled_from(range(len(TAKEN_AWAY))), min_size=1, max_size=5))
def test_nothing_taken_away_ever_opens(which: list[int]) -> None:
    inputs = settled()
    for number in which:
        try:
            TAKEN_AWAY[number][0](inputs)
        except TypeError:
            continue  # what it would change is gone already
    assert codes(inputs)


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert answer(DOCUMENT.canonical, canonical(settled())) == answer(DOCUMENT.canonical, canonical(settled()))
