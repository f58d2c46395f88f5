"""Tags that draw the portal's components. `{% load look %}`; the parameters of each are told here or in `templates/components/`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast

from django import template
from django.template.context import Context, RequestContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from asl_portal.look import formats
from asl_portal.look.drawn import drawn_state, drawn_tiers
from asl_portal.look.glossary import BY_SLUG
from asl_portal.look.marks import mark as draw_mark
from asl_portal.look.states import State
from asl_portal.look.states import state as find_state
from frameworks import leaf_words as leaves
from frameworks.finding_words import group_sentence

register = template.Library()

for name in ("number", "significant", "percent", "short_digest", "size"):
    register.filter(name, getattr(formats, name))


@register.simple_tag
def mark(name: str) -> SafeString:
    return draw_mark(name)


@register.simple_block_tag
def crumbs(content: str) -> SafeString:
    """Where a page stands, the page itself not among it: `{% crumbs %}{% crumb "Cases" 'reviews:case-list' %}{% endcrumbs %}`, or an `<li>` of one's own."""
    return format_html('<nav class="crumbs" aria-label="Breadcrumbs"><ol>{}</ol></nav>', content)


@register.simple_tag
def crumb(title: object, name: str, *args: object) -> SafeString:
    return format_html('<li><a href="{}">{}</a></li>', reverse(name, args=args), title)


@register.simple_tag
def state(
    family: str, code: str, *, word: str = "", note: object = "", compact: bool = False, loud: bool = False, struck: bool = False
) -> SafeString:
    """A state's mark, word and colour: `{% state "finding" code %}`. Families: those of `asl_portal.look.states`.

    `note` is the quiet remark behind it ("was Ruled out until 3 Nov").
    """
    return drawn_state(family, code, word=word, note=note, compact=compact, loud=loud, struck=struck)


@register.simple_tag
def state_of(family: str, code: str) -> State:
    """The bare state (word, mark, tone), for a component that draws it in its own way: `{% state_of "finding" code as s %}`."""
    return find_state(family, code)


@register.simple_tag
def tiers(
    items: Iterable[Any],
    *,
    compact: bool = False,
    provisional: bool = False,
    at_least: bool = False,
    incomplete: bool = False,
    in_force: bool = True,
) -> SafeString:
    """Both axes, always. `items`: objects or dicts with axis ("Deployment"), letter ("D"), label ("ASL-3"), and where known provisional, in_force, defined.

    `in_force=False` leaves out what is in force, where the page has a column for it.
    """
    drawn = [_drawn_tier(item, provisional=provisional) for item in items]
    lower = [tier for tier in drawn if in_force and tier["in_force"] and tier["in_force"] != tier["label"]]
    return drawn_tiers(drawn, lower, compact=compact, at_least=at_least, incomplete=incomplete)


def _drawn_tier(item: Any, *, provisional: bool) -> dict[str, object]:
    def read(name: str, default: object = "") -> Any:
        return item.get(name, default) if isinstance(item, dict) else getattr(item, name, default)

    label, letter = str(read("label")), str(read("letter"))
    return {
        "axis": read("axis"),
        "label": label,
        "short": short_tier(letter, label),
        "in_force": read("in_force"),
        "short_in_force": short_tier(letter, str(read("in_force"))),
        "provisional": bool(read("provisional", False)) or provisional,
        "defined": bool(read("defined", True)),
    }


def short_tier(letter: str, label: str) -> str:
    """`D3` for ASL-3 on the deployment axis; `D High` where the label has no number."""
    digits = label[len(label.rstrip("0123456789")) :]
    return f"{letter}{digits}" if digits else f"{letter} {label}"


@register.simple_tag
def digest(value: object, *, whole: bool = False) -> SafeString:
    if not value:
        return SafeString(formats.ABSENT)
    if whole:
        return format_html('<code class="digest" data-copy="{}">{}</code>', value, value)
    return format_html('<code class="digest short" title="{}" data-whole="{}">{}</code>', value, value, formats.short_digest(value))


@register.simple_tag
def moment(value: datetime | None, absent: str = formats.ABSENT) -> SafeString | str:
    if value is None:
        return absent
    return format_html('<time datetime="{}" title="{}">{}</time>', formats.iso(value), formats.moment_in_full(value), formats.moment(value))


@register.simple_tag
def day(value: date | None, absent: str = formats.ABSENT) -> SafeString | str:
    """A day. One taken from a time is the UTC day, and says the exact time on hover."""
    if value is None:
        return absent
    if isinstance(value, datetime):
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            formats.iso(value),
            formats.moment_in_full(value),
            formats.moment(value).split(",")[0],
        )
    return format_html('<time datetime="{}" title="until the end of that day, UTC">{}</time>', value.isoformat(), formats.day(value))


@register.simple_tag
def ago(value: datetime | None, now: datetime | None = None, absent: str = formats.ABSENT) -> SafeString | str:
    """`3 days ago` or `in 3 days`, with the exact time on hover. Pass `now` where the page has one; it says the same thing twice."""
    if value is None:
        return absent
    at = now or timezone.now()
    apart = formats.span(value, at)
    said = f"in {apart}" if value > at else f"{apart} ago"
    return format_html('<time datetime="{}" title="{}">{}</time>', formats.iso(value), formats.moment_in_full(value), said)


@register.simple_tag
def interval(low: object, high: object) -> SafeString:
    """`0.21 to 0.41`, rounded outwards, with every digit on hover."""
    return format_html('<span class="number" title="{}">{}</span>', formats.whole_interval(low, high), formats.interval(low, high))


@register.simple_tag
def figure(value: object) -> SafeString | str:
    """A value at the significance it was given with; one that was computed at four digits, with all of them on hover."""
    shown, whole = formats.figure(value), formats.number(value)
    return shown if shown == whole else format_html('<span title="{}">{}</span>', whole, shown)


@register.simple_tag
def person(someone: Any, *, role: str = "") -> SafeString:
    """A person's name, with the role they act in. Nobody is the portal itself."""
    name = getattr(someone, "name", None) or "the portal"
    return format_html(
        '<span class="person">{}{}</span>', name, format_html(' <span class="role">{}</span>', role.replace("_", " ")) if role else ""
    )


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: RequestContext, field: str, title: str, *, number: bool = False, parameter: str = "sort") -> dict[str, object]:
    sorted_by = context["request"].GET.get(parameter, "")
    up, down = sorted_by == field, sorted_by == f"-{field}"
    query = context["request"].GET.copy()
    query[parameter] = f"-{field}" if up else field
    # Where a page began says nothing in another order.
    for place in ("page", "before"):
        query.pop(place, None)
    return {"title": title, "number": number, "query": query.urlencode(), "direction": "ascending" if up else "descending" if down else ""}


_NODE_WORDS = {
    "all_of": "all of these must rule out",
    "any_of": "any one of these may rule out",
    "judgement": "recorded judgement",
    "inherits": "inherited from a parent; may only raise",
    "equivalent_to": "equivalent to another subject; may only raise",
}


@register.simple_tag
def node_words(node: dict[str, Any]) -> str:
    """What kind of rule a node of a reason tree is, or which indicator or threshold it names."""
    kind = node["kind"]
    if kind == "k_of_n":
        return f"{node['k']} of {node['n']} lines met would raise this; {node['met']} met, {node['unknown']} unknown"
    if kind == "threshold":
        return f"by the finding of {node['threshold']}"
    return str(node.get("title") or node.get("indicator") or _NODE_WORDS.get(kind, kind))


@register.simple_tag
def margin_words(node: dict[str, Any]) -> str:
    """The margin a leaf adds to its bound, as what it does: `+ 0.05`, `÷ 1.2`; nothing where it moves nothing."""
    margin = formats.as_decimal(node.get("margin"))
    ratio, riskier_up = node.get("margin_scale") == "ratio", node.get("direction") != "lower"
    if margin is None or margin == (1 if ratio else 0):
        return ""
    return f"{('×' if riskier_up else '÷') if ratio else ('+' if riskier_up else '−')} {formats.number(margin)}"


@register.simple_tag(takes_context=True)
def term(context: Context, slug: str, said: str = "") -> SafeString:
    """A word of the glossary, with its meaning one press away: `{% term "tier" %}`, `{% term "tier" "Tiers" %}`. A slug that is not there is a fault."""
    found = BY_SLUG[slug]
    # Counted on the page's own render: each place needs an id of its own.
    # A sheet is fetched into a page that has explained some words already.
    sheet = "sheet-" if getattr(context.get("request"), "htmx", False) else ""
    # The page of all words asks for an account: nobody is led to a door they cannot open.
    user = getattr(context.get("request"), "user", None)
    more = (
        SafeString("")
        if user is not None and not user.is_authenticated
        else format_html(' <a href="{}#{}">Glossary</a>', reverse("glossary"), slug)
    )
    whole_page = cast(dict[str, int], context.render_context.dicts[0])
    count = whole_page["terms"] = whole_page.get("terms", 0) + 1
    return format_html(
        '<button type="button" class="term" popovertarget="{6}term-{0}-{1}">{2}</button><span popover id="{6}term-{0}-{1}" class="meaning" role="note">'
        "<strong>{3}</strong> {4}{5}</span>",
        found.slug,
        count,
        said or found.word,
        found.word,
        found.meaning,
        more,
        sheet,
    )


@register.simple_tag(takes_context=True)
def words(context: Context, *slugs: str) -> SafeString:
    """The words a part of a page leans on where none of its sentences can hold them, each with its meaning one press away: `{% words "stale" "coverage" %}`."""
    told = format_html_join(", ", "{}", ((term(context, slug),) for slug in slugs))
    return format_html('<p class="small quiet">Words used here: {}</p>', told)


@register.filter
def spaced(code: object) -> str:
    """A code as words: `trusted_users` reads "trusted users"."""
    return str(code).replace("_", " ").replace("-", " ")


@register.simple_tag
def leaf_words(node: dict[str, Any]) -> leaves.LeafWords:
    """One indicator of a reason tree in words: the one reason for its verdict, what else holds it back, its lines and its measurements."""
    return leaves.leaf_words(node)


@register.simple_tag
def group_words(node: dict[str, Any]) -> str:
    """What the parts of a node come to, with those that may only raise counted apart."""
    return group_sentence(node)


@register.filter
def entry(mapping: dict[Any, Any] | None, key: Any) -> Any:
    """The value under a key that is itself a variable; nothing where it is absent."""
    return (mapping or {}).get(key, "")
