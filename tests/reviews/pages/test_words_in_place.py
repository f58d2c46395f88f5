"""The words the portal was designed in are explained on the very pages that use them."""

import re

import pytest

from asl_portal.look.glossary import BY_SLUG
from tests.makers import client_of
from tests.reviews.conftest import Board

# page → the words a reader meets there. Every word of the design stands beside at least one page.
MET = {
    "/inbox/": ["vote", "sign-off", "applicability", "case-kind", "gate-state"],
    "/portfolio/": ["in-force", "gate", "provisional"],
    "/subjects/heron/": [
        *["finding", "determination", "snapshot", "case", "assessment", "gate", "gate-state", "stale", "point-only", "coverage", "lineage"],
        *["required-paper", "safeguard", "line", "elicitation"],
    ],
    "/cases/1/": ["case-kind", "vote", "quorum", "declaration", "recusal", "required", "applicability"],
    "/cases/1/questions/{question}/vote/": ["vote", "determination", "digest"],
    "/gate/?subject=heron&scope=external": ["subject", "artefact", "scope", "gate-state", "serving-stack"],
    "/uploads/{upload}/": ["run", "measurement", "indicator", "binding", "point-only"],
    "/uploads/": ["upload"],
    "/ledger/": ["ledger", "checkpoint"],
    "/frameworks/": ["framework", "framework-version"],
    "/frameworks/board/1/": ["threshold", "domain", "indicator", "quorum"],
    "/subjects/heron/cases/open/": ["case-kind", "threshold-kind"],
    "/cases/1/recuse/": ["recusal", "dissent"],
    "/safeguards/": ["safeguard", "safeguard-implementation", "sign-off", "tier", "axis"],
}
DESIGNED = [
    *[
        "framework",
        "framework-version",
        "domain",
        "axis",
        "tier",
        "safeguard",
        "threshold",
        "threshold-kind",
        "indicator",
        "binding",
        "subject",
    ],
    *["lineage", "snapshot", "artefact", "upload", "run", "measurement", "finding", "assessment", "determination", "case", "case-kind"],
    *[
        "safeguard-implementation",
        "applicability",
        "sign-off",
        "vote",
        "gate",
        "gate-state",
        "scope",
        "ledger",
        "coverage",
        "stale",
        "provisional",
    ],
]


def test_every_word_of_the_design_is_met_on_some_page() -> None:
    assert set(DESIGNED) <= {slug for slugs in MET.values() for slug in slugs} <= set(BY_SLUG)


@pytest.mark.parametrize("address", MET)
def test_a_page_explains_the_words_it_uses(board: Board, address: str) -> None:
    upload = board.measure("bio_protocols", right=20)
    board.build("asl-3-security-1")
    board.work()
    question = board.question(threshold="bio-3")
    client = client_of(board.cast.ben)
    answer = client.get(address.format(question=question.pk, upload=upload.pk))
    assert answer.status_code == 200, address
    explained = set(re.findall(r'popovertarget="(?:sheet-)?term-([a-z-]+)-\d+"', answer.text))
    assert set(MET[address]) <= explained, sorted(set(MET[address]) - explained)
