"""Lists that filter, sort and page through the address."""

from typing import Any

import django_filters
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from reviews.models import Case
from reviews.models.case import CaseKind, CaseState


class Paged(django_filters.FilterSet):
    """A filter set that also gives one page of itself. An address that makes no sense shows the first page, never an error."""

    def page(self, number: str | None, size: int) -> Page:
        rows: QuerySet[Any] = self.qs if self.is_valid() else self.queryset
        return Paginator(rows, size).get_page(number)


class CaseFilter(Paged):
    state = django_filters.ChoiceFilter(label="State", choices=CaseState.choices, empty_label="Any state")
    kind = django_filters.ChoiceFilter(label="Kind", choices=CaseKind.choices, empty_label="Any kind")
    subject = django_filters.CharFilter(label="Model", field_name="subject__slug", lookup_expr="icontains")
    sort = django_filters.OrderingFilter(
        label="Order",
        empty_label="Newest first",
        fields=(
            ("number", "number"),
            ("opened_at", "opened"),
            ("subject__slug", "subject"),
            ("kind", "kind"),
            ("state", "state"),
            ("due_at", "due"),
        ),
    )

    class Meta:
        model = Case
        fields: tuple[str, ...] = ()
