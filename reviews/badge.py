"""A badge that says how a model stands, in a word: what it requires and whether the gate lets it out. Never more than its page."""

from html import escape

from frameworks.charts.svg import element, width_of
from reviews.status import SubjectStatus

CONTENT_TYPE = "image/svg+xml"
SCOPE = "external"
LABEL = "ASL"
HEIGHT, SIZE, PADDING = 20.0, 11.0, 8.0
# The word says it; the ground only repeats it. White on each of these is 4.5 to 1 or more.
GROUNDS = {"open": "#0a6660", "shut": "#8a5200", "halted": "#ae1f17"}
UNKNOWN, DARK = "#5a5d5f", "#191b1d"


def words_of(status: SubjectStatus) -> str:
    """`D3 S3 · external shut`; without an assessment nothing is claimed but the least that holds."""
    scope = status.scope(SCOPE)
    return f"{status.label} · {SCOPE} {scope.state}" if scope else status.label


def badge_svg(status: SubjectStatus) -> str:
    """The drawing: an image with a name, that works without a stylesheet."""
    words, scope = words_of(status), status.scope(SCOPE)
    ground = GROUNDS.get(scope.state, UNKNOWN) if scope and status.assessment else UNKNOWN
    left, right = width_of(LABEL, SIZE) + 2 * PADDING, width_of(words, SIZE) + 2 * PADDING
    content = "".join(
        [
            element("title", escape(f"{status.subject.name}: {words}")),
            element("rect", width=left, height=HEIGHT, fill=DARK),
            element("rect", x=left, width=right, height=HEIGHT, fill=ground),
            _text(LABEL, left / 2, width_of(LABEL, SIZE)),
            _text(words, left + right / 2, width_of(words, SIZE)),
        ]
    )
    name = f"{status.subject.name}: {words}"
    return element("svg", content, xmlns="http://www.w3.org/2000/svg", width=left + right, height=HEIGHT, role="img", aria_label=name)


def _text(words: str, middle: float, width: float) -> str:
    told = {"text_anchor": "middle", "font_family": "Inter, Verdana, sans-serif", "font_size": SIZE, "fill": "#ffffff", "textLength": width}
    return element("text", escape(words), x=middle, y=14.0, **told)
