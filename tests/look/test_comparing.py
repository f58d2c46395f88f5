"""The comparer of pictures, on made-up ones: what a reader would see is a difference, what no reader could see is none."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from tests.look.comparing import compare, in_few_colours, side_by_side

FONT = Path(__file__).resolve().parents[2] / "reviews" / "reports" / "fonts" / "Inter-Regular.ttf"
GROUND, INK, LINE = "#fcfcfa", "#191b1d", "#e1e1da"
CALM, CAUTION = "#0a6660", "#8a5200"
CALM_GROUND, CAUTION_GROUND = "#e8f3f0", "#fcf1dc"


def page(
    *,
    word: str = "Shut",
    badge: str = CAUTION,
    ground: str = CAUTION_GROUND,
    box: tuple[int, int] = (40, 180),
    digit: str = "8",
    line: bool = True,
    hand: Image.Resampling = Image.Resampling.BOX,
) -> Image.Image:
    """A page of a heading, a sentence, a badge, a box and a hairline, drawn four times as large and brought down: `hand` is how edges come out."""
    drawn = Image.new("RGB", (480 * 4, 280 * 4), GROUND)
    pen = ImageDraw.Draw(drawn)

    def written(at: tuple[int, int], text: str, size: int, colour: str = INK) -> None:
        pen.text((at[0] * 4, at[1] * 4), text, fill=colour, font=ImageFont.truetype(FONT, size * 4))

    def filled(left: int, top: int, right: int, low: int, colour: str, edge: str | None = None) -> None:
        pen.rectangle((left * 4, top * 4, right * 4 - 1, low * 4 - 1), fill=colour, outline=edge, width=4)

    written((20, 20), "Heron 3", 24)
    written((20, 64), f"The gate to external use is {word}: the upper bound is 0.{digit}375.", 14)
    filled(20, 100, 180, 130, ground, badge)
    written((32, 106), "Cannot rule out", 14, badge)
    filled(box[0], box[1], box[0] + 120, box[1] + 32, "#1d2a38")
    if line:
        filled(20, 150, 460, 151, "#85867e")
    return drawn.resize((480, 280), hand)


STORED = page()

CHANGES: dict[str, tuple[Image.Image, tuple[int, int]]] = {
    "a word": (page(word="Open"), (215, 72)),
    "a digit": (page(digit="3"), (400, 72)),
    "a badge's colour": (page(badge=CALM, ground=CALM_GROUND), (100, 115)),
    "a badge's ground alone": (page(ground=CALM_GROUND), (100, 115)),
    "a badge's word and edge alone": (page(badge=CALM), (100, 115)),
    "a box moved by four pixels": (page(box=(44, 180)), (40, 196)),
    "a box moved down by two": (page(box=(40, 182)), (100, 180)),
    "a hairline gone": (page(line=False), (240, 150)),
}


@pytest.mark.parametrize(("changed", "where"), CHANGES.values(), ids=list(CHANGES))
def test_what_a_reader_would_see_is_a_difference(changed: Image.Image, where: tuple[int, int]) -> None:
    found = compare(STORED, changed)
    assert found and 0 < found.share < 0.1
    assert any(left - 24 <= where[0] <= right + 24 and top - 8 <= where[1] <= low + 8 for left, top, right, low in found.boxes)


def noisy(picture: Image.Image) -> Image.Image:
    """Every second pixel off by one level in one channel."""
    speck = Image.new("RGB", picture.size)
    speck.putdata(
        [((at % 3 == 0) * (at % 2), (at % 3 == 1) * (at % 2), (at % 3 == 2) * (at % 2)) for at in range(speck.width * speck.height)]
    )
    return ImageChops.add(picture, speck)


def stored(picture: Image.Image) -> Image.Image:
    """As a file keeps it and gives it back."""
    kept = BytesIO()
    in_few_colours(picture).save(kept, "PNG", optimize=True)
    return Image.open(kept)


SAME: dict[str, Callable[[Image.Image], Image.Image]] = {
    "the same": lambda picture: picture.copy(),
    "a level of noise": noisy,
    "a palette": stored,
    "a palette and noise": lambda picture: noisy(stored(picture).convert("RGB")),
    "another hand at the edges": lambda _: page(hand=Image.Resampling.LANCZOS),
    "a softer hand": lambda _: page(hand=Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("drawn", SAME.values(), ids=list(SAME))
def test_what_no_reader_could_see_is_none(drawn: Callable[[Image.Image], Image.Image]) -> None:
    assert compare(STORED, drawn(STORED)) is None
    assert compare(drawn(STORED), STORED) is None


def test_a_picture_that_grew_differs_where_it_grew() -> None:
    taller = Image.new("RGB", (480, 300), GROUND)
    taller.paste(STORED)
    found = compare(STORED, taller)
    assert found and found.boxes == ((0, 276, 480, 300),)


def test_a_difference_says_its_share_and_where_it_is() -> None:
    one = compare(STORED, page(line=False))
    assert one
    left, top, right, low = one.boxes[0]
    assert str(one) == (
        f"{one.pixels / (480 * 280):.4%} of its pixels ({one.pixels}) differ, in 1 place: "
        f"{right - left} × {low - top} pixels, {left} from the left and {top} from the top"
    )
    assert "in 3 places: " in str(compare(STORED, page(word="Open", box=(44, 180))))


def test_old_new_and_what_differs_stand_side_by_side() -> None:
    changed = page(word="Open")
    found = compare(STORED, changed)
    assert found
    sheet = side_by_side(STORED, changed, found)
    old, new, marked = (sheet.crop((left, 24, left + 480, 304)) for left in (0, 496, 992))
    assert old.tobytes() == STORED.tobytes() and new.tobytes() == changed.tobytes()
    x, y = found.boxes[0][0] - 3, found.boxes[0][1] - 3
    assert marked.getpixel((x, y)) == (214, 40, 120) != new.getpixel((x, y))
