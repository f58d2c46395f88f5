"""The marks that stand beside a word. Each is drawn on a 16 × 16 grid and differs by shape, so it reads without its colour."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_RING = '<circle cx="8" cy="8" r="6"/>'
_SQUARE = '<rect x="2.5" y="2.5" width="11" height="11" rx="1"/>'

MARKS: dict[str, str] = {
    # findings
    "disc": '<circle class="solid" cx="8" cy="8" r="6.9"/>',
    "half": f'{_RING}<path class="solid" d="M8 2a6 6 0 0 1 0 12z"/>',
    "triangle": '<path class="solid" d="M8 1.2 15.4 14.4H.6z"/>',
    "ring": _RING,
    "clock": f'{_RING}<path d="M8 4.6V8l2.4 1.6"/>',
    "dashed": '<circle cx="8" cy="8" r="6" stroke-dasharray="2.4 2.6"/>',
    # gate: an open ring, a bar, a square
    "open-ring": '<path d="M11 2.8a6 6 0 1 0 0 10.4"/><path d="M7 8h8M12.4 5.4 15 8l-2.6 2.6"/>',
    "bar": '<rect class="solid" x="1" y="5.6" width="14" height="4.8" rx="1"/>',
    "square": '<rect class="solid" x="2.2" y="2.2" width="11.6" height="11.6" rx="1"/>',
    # votes and requirements
    "tick": '<path d="m2.6 8.6 3.6 3.8 7.2-8.4"/>',
    "cross": '<path d="m3.2 3.2 9.6 9.6M12.8 3.2l-9.6 9.6"/>',
    "return": '<path d="M6 3 2.5 6.5 6 10"/><path d="M3 6.5h6.5a4 4 0 0 1 0 7.5H8"/>',
    "dash": '<path d="M3 8h10"/>',
    "slash": f'{_RING}<path d="m3.8 12.2 8.4-8.4"/>',
    "history": '<path d="M2.4 8a5.7 5.7 0 1 0 1.9-4.2L2.4 5.6M2.4 2.2v3.4h3.4"/><path d="M8 5v3.2l2 1.3"/>',
    "arrow": '<path d="M2.5 8h11M9 3.5 13.5 8 9 12.5"/>',
    "tick-ring": f'{_RING}<path d="m5.2 8.3 2 2 3.7-4.4"/>',
    "cross-ring": f'{_RING}<path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>',
    "dot-ring": f'{_RING}<circle class="solid" cx="8" cy="8" r="2.4"/>',
    "lock": '<rect x="3" y="7" width="10" height="7" rx="1"/><path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2"/>',
    # work, papers, people
    "tray": '<path d="M2 9.5h3.5l1 2h3l1-2H14V13a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z"/><path d="M8 2v5.5M5.4 5.2 8 7.8l2.6-2.6"/>',
    "turning": '<path d="M13.6 8A5.6 5.6 0 1 1 11 3.3"/><path d="M11 .9v2.7H8.2"/>',
    "page": '<path d="M4 1.8h5.5L12.5 5v9.2h-8.5z"/><path d="M6.2 8h4M6.2 11h4"/>',
    "stamp": f'{_SQUARE}<path d="m5.2 8.3 2 2 3.7-4.4"/>',
    "speech": '<path d="M2.2 3h11.6v8H7.5L4.4 13.6V11H2.2z"/>',
    "pen": '<path d="m2.5 13.5.8-3.2 7.6-7.6 2.4 2.4-7.6 7.6z"/>',
    "person": '<circle cx="8" cy="5" r="2.8"/><path d="M2.6 14a5.4 5.4 0 0 1 10.8 0"/>',
    "warning": '<path d="M8 1.8 15 14H1z"/><path d="M8 6.4v3.4M8 11.9v.1"/>',
    "theme": f'{_RING}<path class="solid" d="M8 2a6 6 0 0 1 0 12z"/>',
    "seal": f'{_RING}<circle cx="8" cy="8" r="2.6"/><path d="M8 2v3.4M8 10.6V14M2 8h3.4M10.6 8H14"/>',
    "question": f'{_RING}<path d="M6.3 6.4a1.8 1.8 0 1 1 2.5 1.7c-.5.3-.8.6-.8 1.1M8 11.4v.1"/>',
}


def mark(name: str) -> SafeString:
    """The drawing of a mark, hidden from screen readers: its word stands beside it. An unknown name draws the question mark."""
    # The drawings above are ours and constant; nothing a person wrote reaches this string.
    drawing = mark_safe(MARKS.get(name, MARKS["question"]))  # noqa: S308
    return format_html('<svg class="mark" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>', drawing)
