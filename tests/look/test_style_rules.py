"""What the pages may not hold, so that a strict content policy and the layers of one stylesheet stay true."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html"))
CSS = (ROOT / "static" / "css" / "portal.css").read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_holds_no_inline_style_script_or_handler(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|<script(?![^>]*\ssrc=)", text, re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_template_draws_breadcrumbs_by_hand(path: Path) -> None:
    assert 'class="crumbs"' not in path.read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_callout_that_is_a_paragraph_holds_words_alone(path: Path) -> None:
    """It lays out what it holds one beneath the other, so a name or a link in its sentence would stand on a line of its own."""
    said = re.findall(r'<p class="callout.*?</p>', path.read_text(), re.DOTALL)
    assert not [each for each in said if re.search(r"<(?!p |/p>)|{% (person|moment|day|term|digest|state|include) ", each)]


def test_what_changes_by_itself_says_what_changed() -> None:
    """`portal.js` reads it out in the polite live region of the frame, once it is another than before; by its id it knows which was before."""
    asking = re.compile(r'<(?:{%.*?%}|[^<>])*hx-trigger="(?:every|load)(?:{%.*?%}|[^<>])*>')
    regions = [tag for path in TEMPLATES for tag in asking.findall(path.read_text())]
    assert len(regions) > 1
    assert not [tag for tag in regions if ' data-said="' not in tag or ' id="' not in tag]


def test_every_colour_stands_among_the_tokens_for_both_themes() -> None:
    tokens, _, rest = CSS.partition("@layer base {")
    screen = rest.partition("@layer print {")[0]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", screen)) == set()
    for name, value in re.findall(r"(--[a-z-]+): (#[0-9a-f]+|light-dark\([^;]+)", tokens):
        assert value.startswith("light-dark("), f"{name} has one theme only"


def test_the_stylesheet_stays_readable() -> None:
    assert len(CSS.splitlines()) < 900


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def token(name: str, theme: int) -> str:
    found = re.search(rf"--{name}: light-dark\((#[0-9a-f]{{6}}), (#[0-9a-f]{{6}})\)", CSS)
    assert found, name
    return found.group(theme + 1)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("ink", ["ground", "raised", "sunken", "past", "hatch", "calm-ground", "caution-ground", "danger-ground"]),
        ("ink-quiet", ["ground", "raised", "sunken", "past", "danger-ground"]),
        ("accent", ["ground", "raised", "sunken", "past"]),
        ("calm", ["ground", "raised", "past", "calm-ground"]),
        ("caution", ["ground", "raised", "past", "caution-ground"]),
        ("danger", ["ground", "raised", "past", "danger-ground"]),
        ("absent", ["ground", "raised", "past", "hatch"]),
        ("on-primary", ["primary"]),
    ],
)
def test_text_has_a_contrast_of_four_and_a_half(text: str, grounds: list[str], theme: int) -> None:
    for ground in grounds:
        assert contrast(token(text, theme), token(ground, theme)) >= 4.5, f"{text} on {ground}"


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_edges_of_controls_have_a_contrast_of_three(theme: int) -> None:
    assert all(contrast(token("line-strong", theme), token(ground, theme)) >= 3 for ground in ("ground", "raised", "sunken"))
