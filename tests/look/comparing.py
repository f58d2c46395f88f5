"""Two pictures of one page: do they show the same? Edges drawn by another hand and a colour off by a level are no difference; another word, another
colour, a box that moved are."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Box = tuple[int, int, int, int]

# Another build of the browser draws the edge of a letter or a curve a little otherwise. Softened by so many pixels the two are alike: drawn by another
# rasteriser a page is off by 18 levels of 255 at most, where one digit replaced is off by 30, a button moved by two pixels by 60.
_SOFT = ImageFilter.GaussianBlur(1.5)
_LEVELS = 20
# One digit replaced puts fourteen pixels beyond that, and noise none.
_ALLOWED = 8
# A ground that takes another colour may be off by less than that, but as a whole: over squares of this side no hand is off by so much.
_SQUARE, _SQUARE_LEVELS = 12, 10
# Places that differ are told apart where so much lies between them.
_CELL = 24
_TOLD = 4
_MARK = (214, 40, 120)


@dataclass(frozen=True)
class Difference:
    """Where two pictures differ: white in `mask`; `boxes` are the places, the largest first."""

    mask: Image.Image
    pixels: int
    boxes: tuple[Box, ...]

    @property
    def share(self) -> float:
        return self.pixels / (self.mask.width * self.mask.height)

    def __str__(self) -> str:
        told = "; ".join(
            f"{right - left} × {low - top} pixels, {left} from the left and {top} from the top"
            for left, top, right, low in self.boxes[:_TOLD]
        )
        more = f"; and {len(self.boxes) - _TOLD} more" if len(self.boxes) > _TOLD else ""
        places = f"{len(self.boxes)} place{'s' if len(self.boxes) > 1 else ''}"
        return f"{self.share:.4%} of its pixels ({self.pixels}) differ, in {places}: {told}{more}"


def compare(old: Image.Image, new: Image.Image) -> Difference | None:
    """What differs between two pictures, which may be of different sizes; None where they show the same."""
    size = (max(old.width, new.width), max(old.height, new.height))
    old, new = _laid_on(size, old), _laid_on(size, new)
    sharp = _beyond(_LEVELS, old.filter(_SOFT), new.filter(_SOFT))
    broad = _beyond(_SQUARE_LEVELS, old.reduce(_SQUARE), new.reduce(_SQUARE))
    if sharp.histogram()[255] <= _ALLOWED and broad.getbbox() is None:
        return None
    whole = broad.resize((broad.width * _SQUARE, broad.height * _SQUARE), Image.Resampling.NEAREST).crop((0, 0, *size))
    mask = ImageChops.lighter(sharp, whole)
    boxes = sorted(_places(mask), key=lambda box: (-(box[2] - box[0]) * (box[3] - box[1]), box))
    return Difference(mask, mask.histogram()[255], tuple(boxes))


def side_by_side(old: Image.Image, new: Image.Image, difference: Difference) -> Image.Image:
    """The old picture, the new one, and the new one paled with what differs marked, under their names."""
    size = difference.mask.size
    old, new = _laid_on(size, old), _laid_on(size, new)
    marked = Image.blend(new, Image.new("RGB", size, (255, 255, 255)), 0.7)
    marked.paste(Image.new("RGB", size, _MARK), mask=difference.mask)
    for left, top, right, low in difference.boxes:
        ImageDraw.Draw(marked).rectangle((left - 4, top - 4, right + 3, low + 3), outline=_MARK, width=2)
    gap, head = 16, 24
    sheet = Image.new("RGB", (3 * size[0] + 2 * gap, size[1] + head), (120, 120, 120))
    for place, (name, picture) in enumerate((("stored", old), ("now", new), ("what differs", marked))):
        left = place * (size[0] + gap)
        sheet.paste(picture, (left, head))
        ImageDraw.Draw(sheet).text((left + 4, 4), name, fill=(255, 255, 255), font_size=14)
    return sheet


def in_few_colours(picture: Image.Image) -> Image.Image:
    """The picture with a palette of 256 colours, chosen so that none is off by more than a few levels: a third of the bytes."""
    return picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE)


def _laid_on(size: tuple[int, int], picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB" and picture.size == size:
        return picture
    # What one picture has and the other lacks differs from any page.
    laid = Image.new("RGB", size, _MARK)
    laid.paste(picture.convert("RGB"))
    return laid


def _beyond(levels: int, old: Image.Image, new: Image.Image) -> Image.Image:
    """White where some channel is off by so many levels."""
    red, green, blue = ImageChops.difference(old, new).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point([255 if level >= levels else 0 for level in range(256)])


def _places(mask: Image.Image) -> Iterator[Box]:
    """Boxes round what is white, those of touching cells taken together."""
    waiting = {
        (x, y)
        for x in range(0, mask.width, _CELL)
        for y in range(0, mask.height, _CELL)
        if mask.crop((x, y, min(x + _CELL, mask.width), min(y + _CELL, mask.height))).getbbox()
    }
    while waiting:
        group, edge = set(), {waiting.pop()}
        while edge:
            group |= edge
            around = {(x + right, y + down) for x, y in edge for right in (-_CELL, 0, _CELL) for down in (-_CELL, 0, _CELL)}
            edge = around & waiting
            waiting -= edge
        left, top = min(x for x, _ in group), min(y for _, y in group)
        inside = mask.crop(
            (left, top, min(max(x for x, _ in group) + _CELL, mask.width), min(max(y for _, y in group) + _CELL, mask.height))
        )
        box = inside.getbbox() or (0, 0, 0, 0)
        yield left + box[0], top + box[1], left + box[2], top + box[3]
