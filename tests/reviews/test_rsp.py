"""The board under the published framework as it ships: what a clearance and an elevation ask there."""

from pathlib import Path

import pytest

from reviews import signing
from reviews.models import Question
from reviews.queries import questions_of
from reviews.services import cases
from reviews.status import subject_status
from tests.makers import adopt_framework, give_app, give_password, later, make_people, make_snapshot, make_subject, work_off

CATALOG = Path(__file__).parents[2] / "frameworks" / "catalog" / "anthropic-rsp-2.2.yaml"


@pytest.mark.django_db
def test_a_clearance_under_rsp_2_2_asks_every_threshold_and_both_axes_of_asl_2() -> None:
    cast = make_people("ada", "ben", "chloe", "dan", "grace")
    version = adopt_framework(cast, CATALOG.read_bytes())
    give_password(cast.ben)
    give_app(cast.ben)
    subject = make_subject(cast)
    make_snapshot(cast, subject, is_release_candidate=True)
    work_off(later(hours=1))
    case = cases.open_case(
        subject=subject, framework_version=version, kind="clearance", reason="Quarterly.", actor=cast.dan, at=later(hours=2)
    )
    asked = questions_of(case)
    assert [question.threshold for question in asked if question.kind == "threshold"] == ["cbrn-3", "cbrn-4", "aird-4", "aird-5"]
    assert {(question.axis, question.tier) for question in asked if question.kind == "safeguards"} == {
        ("deployment", "asl-2"),
        ("security", "asl-2"),
    }
    document = version.document
    cbrn_3, aird_4 = (Question.objects.get(case=case, threshold=slug) for slug in ("cbrn-3", "aird-4"))
    assert signing.question_title(cbrn_3, document) == "Is CBRN-3 crossed?"
    assert signing.effect_of(cbrn_3, "approve", document) == (
        "Approve elevation: treat as crossed, require ASL-3 on deployment and security"
    )
    assert signing.effect_of(cbrn_3, "reject", document) == "Reject elevation: not crossed"
    assert signing.effect_of(aird_4, "approve", document) == "Approve elevation: treat as crossed, require ASL-3 on security"
    status = subject_status(subject, version, later(hours=3))
    assert (status.label, status.safeguards_required) == ("at least D2 S2, incomplete", 10)
