"""A finding on the pages: its level is said, its count agrees with its chart, and what decides is shown where it is said."""

from copy import deepcopy
from datetime import date
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.models import Run
from reviews.finding_charts import FindingCharts, measurement_ids
from reviews.status import subject_status
from tests.makers import client_of
from tests.reviews.conftest import Board


@pytest.fixture
def client(board: Board) -> Client:
    found = client_of(board.cast.ben)
    return found


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def text_of(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    return " ".join(" ".join(reader.words).split())


def test_a_models_page_says_once_what_its_bounds_are_and_draws_each_chart_for_a_phone_too(board: Board, client: Client) -> None:
    board.rise()
    page = client.get(reverse("reviews:subject-detail", args=[board.subject.slug])).content.decode()
    assert page.count('class="chart-svg"') == page.count('class="chart-svg narrow"') > 0
    assert "one-sided 95 % bounds (Clopper–Pearson)" in page and "Bounds: one-sided 95 %, rounded outwards." in page
    assert "interval 0.361 to 0.639, each end one-sided 95 %, n = 40" in text_of(page)


def test_one_bound_is_written_the_same_way_in_interval_comparison_and_table(board: Board, client: Client) -> None:
    board.rise()
    page = text_of(client.get(reverse("reviews:subject-detail", args=[board.subject.slug])).content.decode())
    assert "The upper bound 0.639 is not below 0.5." in page and "0.361 to 0.639" in page
    assert "0.6389" not in page and "The value itself" not in page


def test_a_runs_page_gives_one_reason_level_and_method(board: Board, client: Client) -> None:
    board.measure("bio_protocols", right=31)
    page = text_of(client.get(reverse("evaluations:run", args=[Run.objects.get().pk])).content.decode())
    assert ", each end one-sided 95 %, n = 40 (Clopper–Pearson, 31 of 40)" in page
    assert page.count("The upper bound 0.8773 is not below 0.5.") == 1 and "The value itself" not in page


def test_a_computed_value_is_short_on_the_page_and_whole_on_hover(board: Board, client: Client) -> None:
    board.measure("bio_protocols", right=15, n=33)
    page = client.get(reverse("evaluations:run", args=[Run.objects.get().pk])).content.decode()
    assert "0.4545" in text_of(page) and "0.454545454545" not in text_of(page)
    assert 'title="0.454545454545' in page


def test_what_shows_the_same_is_drawn_once_and_what_shows_another_day_is_not(board: Board) -> None:
    board.rise()
    document, findings = board.version.document, subject_status(board.subject, board.version, board.now()).facts.findings
    once = FindingCharts(document, findings, {}).of("bio-3")
    again = FindingCharts(document, deepcopy(findings), {}).of("bio-3")
    later = FindingCharts(document, findings, dict.fromkeys(measurement_ids(findings), date(2026, 5, 22))).of("bio-3")
    assert once and again and later and once.chart is again.chart
    assert later.chart != once.chart
