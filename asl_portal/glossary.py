"""The page of words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from asl_portal.look.glossary import BY_SLUG, TERMS


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """Every word the pages use for something of their own, in alphabetical order."""
    terms = [(term, [BY_SLUG[slug] for slug in term.see]) for term in sorted(TERMS, key=lambda term: term.word.lower())]
    return render(request, "glossary.html", {"terms": terms})
