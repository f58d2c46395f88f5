"""The gate as a page: every reason stands there in words, with who can resolve it; its code is small, for those who script."""

from typing import Any

from django.test import Client
from django.utils.html import escape

from tests.reviews.conftest import Board


def asked(board: Board, **query: str) -> Any:
    client = Client()
    client.force_login(board.cast.hana.user)
    return client.get("/gate/", {"scope": "external", **query})


def codes(page: Any) -> set[str]:
    """The codes of the reasons shown, having seen that each stands there with its sentence, its roles and what to do."""
    assert not page.context["answer"].allowed and page.context["reasons"]
    for reason in page.context["answer"].reasons:
        assert escape(reason["sentence"]) in page.text, reason
        assert f">{', '.join(role.replace('_', ' ') for role in reason['who'])}</td>" in page.text, reason
        assert escape(reason["what_to_do"]) in page.text and f">{reason['code']}</span>" in page.text, reason
    return {reason["code"] for reason in page.context["answer"].reasons}


def test_each_reason_stands_on_the_page_with_its_sentence_and_who_resolves_it(board: Board) -> None:
    weights = board.snapshot.weights_digest
    seen = codes(asked(board, artefact="sha256:" + "0" * 64)) | codes(asked(board, artefact=weights))
    case = board.rise()
    board.send(b"Bread and milk.")
    seen |= codes(asked(board, artefact=weights)) | codes(asked(board, subject="heron"))
    board.work()
    board.safeguard()
    board.settle_thresholds()
    seen |= codes(asked(board, artefact=weights))
    assert seen >= {"unknown_artefact", "finding_not_answered", "open_case", "safeguards_unsigned", "safeguards_not_adequate", "no_release"}
    assert len(seen) >= 9, sorted(seen)
    assert '<th scope="col">Code</th>' not in asked(board, artefact=weights).text and case.is_open


def test_a_safeguard_is_told_with_its_axis_and_a_missing_applicability_statement_by_name(board: Board) -> None:
    board.rise()
    page = asked(board, artefact=board.snapshot.weights_digest).text
    assert "On security: asl-3-security-1." in page and "On deployment: asl-3-deployment-1." in page
    missing = "Before that, an applicability statement is missing"
    assert missing in page
    board.safeguard()
    board.settle_thresholds()
    board.state(board.case)
    after = asked(board, artefact=board.snapshot.weights_digest)
    assert "safeguards_not_adequate" in codes(after) and missing not in after.text


def test_a_question_that_names_two_things_or_an_unknown_model_is_told_so_beside_what_was_asked(board: Board) -> None:
    weights = board.snapshot.weights_digest
    both = asked(board, artefact=weights, subject="heron-2")
    assert "Ask by digest or by model, and by one of them only." in both.text and "answer" not in both.context
    unknown = asked(board, subject="no such model")
    assert unknown.status_code == 200 and "There is no subject by that name." in unknown.text and 'value="no such model"' in unknown.text
    assert "answer" not in unknown.context


def test_a_digest_is_taken_as_sha256sum_prints_it(board: Board) -> None:
    bare = board.snapshot.weights_digest.removeprefix("sha256:")
    for pasted in (bare, bare.upper(), f" {bare} ", f"sha256:{bare.upper()}"):
        assert asked(board, artefact=pasted).context["answer"].artefact == board.snapshot.weights_digest
    assert "A digest is sha256: and 64 hexadecimal digits" in asked(board, artefact=bare[:-1]).text
