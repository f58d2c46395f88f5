"""States and tiers as HTML. A list draws hundreds of them, so they are written here and not by a template each."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from asl_portal.look.marks import mark
from asl_portal.look.states import state as find_state


def drawn_state(
    family: str, code: str, *, word: str = "", note: object = "", compact: bool = False, loud: bool = False, struck: bool = False
) -> SafeString:
    """A state's mark, word and colour; `note` is the quiet remark behind it. `compact` takes the short word and tells the whole one on hover."""
    if not word and not note:
        return _plain_state(family, code, compact, loud, struck)
    found = find_state(family, code)
    return format_html(
        '<span class="state tone-{}{}{}"{}>{}<span class="word">{}</span>{}</span>',
        found.tone,
        " loud" if loud else "",
        " struck" if struck else "",
        format_html(' title="{}"', found.word) if compact else "",
        mark(found.mark),
        word or (found.brief if compact else found.word),
        format_html(' <span class="note">{}</span>', note) if note else "",
    )


# By type as well: a text that is marked safe equals one that is not, and must not be drawn in its place.
@lru_cache(maxsize=512, typed=True)
def _plain_state(family: str, code: str, compact: bool, loud: bool, struck: bool) -> SafeString:
    word = find_state(family, code)
    return drawn_state(family, code, word=word.brief if compact else word.word, compact=compact, loud=loud, struck=struck)


def drawn_tiers(
    tiers: Sequence[Mapping[str, object]], lower: Sequence[Mapping[str, object]], *, compact: bool, at_least: bool, incomplete: bool
) -> SafeString:
    """Both axes, always; `lower` are those of which something lower is in force."""
    return format_html(
        '<span class="tiers{}">{}{}{}{}{}</span>',
        " compact" if compact else "",
        _AT_LEAST if at_least else "",
        format_html_join("", "{}", ((_tier(tier, compact),) for tier in tiers)),
        _PROVISIONAL if any(tier["provisional"] for tier in tiers) else "",
        _INCOMPLETE if incomplete else "",
        _in_force(lower, compact) if lower else "",
    )


_AT_LEAST = format_html('<span class="quiet">{}</span>', "at least")
_PROVISIONAL = format_html('<span class="badge tone-caution">{}</span>', "provisional")
_INCOMPLETE = format_html('<span class="badge tone-absent">{}</span>', "incomplete")


def _tier(tier: Mapping[str, object], compact: bool) -> SafeString:
    return format_html(
        '<span class="tier{}{}" title="{} {}{}{}">{}</span>',
        " provisional" if tier["provisional"] else "",
        "" if tier["defined"] else " undefined",
        tier["axis"],
        tier["label"],
        ", provisional" if tier["provisional"] else "",
        "" if tier["defined"] else ", named but not defined yet",
        tier["short"] if compact else format_html('<span class="axis">{}</span> {}', tier["axis"], tier["label"]),
    )


def _in_force(lower: Sequence[Mapping[str, object]], compact: bool) -> SafeString:
    words = [(tier["short_in_force"],) if compact else (format_html("{} {}", tier["axis"], tier["in_force"]),) for tier in lower]
    return format_html('<span class="in-force">in force {}</span>', format_html_join(" · ", "{}", words))
