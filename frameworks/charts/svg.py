"""The little SVG that the charts need: escaped elements, coordinates with one decimal, a frame with title and description."""

import textwrap
from hashlib import sha256
from html import escape
from typing import Literal

Skin = Literal["page", "print"]

# Plain colours for paper. The page's own colours stand in the stylesheet, under the same classes.
_PRINT = """
text{font-family:Inter,sans-serif;font-size:11px;fill:#191b1d}
.quiet,.tick{fill:#5a5d5f}.tick,.tag{font-size:10px}.name{font-weight:600}
.band{fill:#f3f3ef}.zone{fill:#dcefe9}.hatch{stroke:#c9c9c1;stroke-width:1.5;fill:none}.grid{stroke:#e1e1da;stroke-width:1}
.line{stroke:#191b1d;stroke-width:1.5}.line.in{stroke-dasharray:3 2}
.value,.bar,.cap,.arrow,.diamond{fill:#191b1d}.bar{stroke:none}.margin{stroke:#191b1d;stroke-width:1.5;stroke-dasharray:2 2;fill:none}
.hollow{fill:#fff;stroke:#191b1d;stroke-width:2}.earlier{fill:#85867e}
.out .value,.out .bar,.out .arrow,.out .word{fill:#0a6660}.cannot .value,.cannot .bar,.cannot .arrow,.cannot .word{fill:#8a5200}
.in .value,.in .bar,.in .arrow,.in .word{fill:#ae1f17}.absent .value,.absent .bar,.absent .arrow,.absent .word{fill:#5a5d5f}
.out .hollow{stroke:#0a6660}.cannot .hollow{stroke:#8a5200}.in .hollow{stroke:#ae1f17}.absent .hollow{stroke:#5a5d5f}
.out .margin{stroke:#0a6660}.cannot .margin{stroke:#8a5200}.in .margin{stroke:#ae1f17}
.key{font-size:10px;fill:#5a5d5f}.key-value,.key-bar{fill:#5a5d5f}.key-earlier{fill:#85867e}
.key-hollow{fill:#fff;stroke:#5a5d5f;stroke-width:2}.key-margin{stroke:#5a5d5f;stroke-width:1.5;stroke-dasharray:2 2;fill:none}
.required{stroke:#191b1d;stroke-width:2;fill:none}.in-force{stroke:#5a5d5f;stroke-width:2;stroke-dasharray:5 3;fill:none}.gap{fill:#fdebe8}
"""


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element. Attribute names lose a trailing underscore and turn inner ones into hyphens; None leaves the attribute out.
    `content` is markup made by this module; texts go through `text`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(coordinate(value) if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(words: str, x: float, y: float, class_: str = "", anchor: Literal["start", "middle", "end"] = "start") -> str:
    return element("text", escape(words), x=x, y=y, class_=class_ or None, text_anchor=None if anchor == "start" else anchor)


def spoken(words: str, content: str, skin: Skin, class_: str = "") -> str:
    """A group that says its words: on hover, to a screen reader, and on the page when the keyboard reaches it."""
    title = element("title", escape(words))
    if skin == "print":
        return element("g", title + content, class_=class_ or None)
    return element("g", title + content, class_=f"spot {class_}".strip(), tabindex="0", role="img", aria_label=words)


def coordinate(value: float) -> str:
    """One decimal is a tenth of a pixel; more would only make bytes depend on rounding noise."""
    written = f"{value:.1f}"
    return "0.0" if written == "-0.0" else written


def frame(content: str, *, title: str, desc: str, width: float, height: float, skin: Skin, narrow: bool = False) -> str:
    """The whole drawing. Its ids come from its own content, so two charts on a page do not share them."""
    mark = sha256(f"{title}\0{desc}\0{content}".encode()).hexdigest()[:10]
    style = element("style", _PRINT) if skin == "print" else ""
    head = element("title", escape(title) or " ", id=f"t{mark}") + element("desc", escape(desc) or " ", id=f"d{mark}")
    return element(
        "svg",
        head + style + content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        width=coordinate(width) if skin == "print" else None,
        height=coordinate(height) if skin == "print" else None,
        class_="chart-svg narrow" if narrow else "chart-svg",
        role="group",
        aria_labelledby=f"t{mark}",
        aria_describedby=f"d{mark}",
    )


def width_of(words: str, size: float = 11.0) -> float:
    """How wide some words will be, near enough to keep labels apart."""
    return len(words) * size * 0.56


def lines_of(words: str, width: float, size: float = 11.0, most: int = 3) -> list[str]:
    """Some words broken into lines that fit; what is more than `most` lines ends in an ellipsis, and stands whole in the mark's own words."""
    fits = max(int(width / (size * 0.56)), 1)
    lines = textwrap.wrap(words, fits) or [""]
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: fits - 1]}…"]
