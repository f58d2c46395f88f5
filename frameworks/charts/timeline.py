"""The timeline: the tier required against the tier in force, in steps, an axis a panel; where what is in force is lower, the gap is shaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from frameworks.charts.svg import Skin, element, frame, spoken, text

NARROW = 288.0
_LEFT, _TIER, _HEAD, _FOOT, _EVENTS = 72.0, 26.0, 24.0, 22.0, 20.0


@dataclass(frozen=True, slots=True)
class Step:
    """From this moment on, this tier (by its place in the track's `tiers`, lowest first)."""

    at: datetime
    tier: int


@dataclass(frozen=True, slots=True)
class Track:
    axis: str
    tiers: tuple[str, ...]
    required: tuple[Step, ...]
    in_force: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    label: str


def tier_timeline(
    tracks: Sequence[Track],
    events: Sequence[Event],
    *,
    start: datetime,
    end: datetime,
    title: str,
    desc: str,
    width: float = 640.0,
    skin: Skin = "page",
    narrow: bool = False,
) -> str:
    """The timeline as SVG text; steps are in order of time, those before `start` count from it, those after `end` are left out. `narrow` is for a phone."""
    span = _Span(start, end, NARROW if narrow else width)
    parts, top = [], 0.0
    for track in tracks:
        parts.append(element("g", _track(track, span, skin), class_="track", transform=f"translate(0 {top:.0f})"))
        top += _height(track)
    parts.append(element("g", _events(events, span, skin) + _dates(span), class_="events", transform=f"translate(0 {top:.0f})"))
    return frame("".join(parts), title=title, desc=desc, width=span.width, height=top + _EVENTS + _FOOT, skin=skin, narrow=narrow)


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime
    width: float

    def at(self, moment: datetime) -> float:
        whole = (self.end - self.start).total_seconds() or 1.0
        share = min(max((moment - self.start).total_seconds() / whole, 0.0), 1.0)
        return _LEFT + share * (self.width - _LEFT)


def _height(track: Track) -> float:
    return _HEAD + _TIER * len(track.tiers)


def _level(track: Track, tier: int) -> float:
    return _HEAD + _TIER * (len(track.tiers) - 1 - tier) + _TIER / 2


def _track(track: Track, span: _Span, skin: Skin) -> str:
    parts = [text(track.axis, 0, 14, "name"), text("solid: required, dashed: in force", span.width, 14, "tag quiet", "end")]
    for index, label in enumerate(track.tiers):
        y = _level(track, index)
        parts += [element("line", x1=_LEFT, y1=y, x2=span.width, y2=y, class_="grid"), text(label, 0, y + 4, "tick")]
    required, in_force = _pieces(track.required, span), _pieces(track.in_force, span)
    parts += [_gap(track, span, ours, theirs) for ours in required for theirs in in_force]
    parts += [_path(track, span, in_force, "in-force"), _path(track, span, required, "required")]
    parts += [_stop(track, span, piece, skin) for piece in required]
    return "".join(parts)


_Piece = tuple[datetime, datetime, int]


def _pieces(steps: Sequence[Step], span: _Span) -> list[_Piece]:
    ends = [*(step.at for step in steps[1:]), span.end][: len(steps)]
    return [
        (max(step.at, span.start), min(until, span.end), step.tier)
        for step, until in zip(steps, ends, strict=True)
        if until > span.start and step.at < span.end
    ]


def _path(track: Track, span: _Span, pieces: Sequence[_Piece], class_: str) -> str:
    drawn = "".join(
        f"{'L' if index else 'M'}{span.at(since):.1f} {_level(track, tier):.1f}H{span.at(until):.1f}"
        for index, (since, until, tier) in enumerate(pieces)
    )
    return element("path", d=drawn, class_=class_) if drawn else ""


def _gap(track: Track, span: _Span, required: _Piece, in_force: _Piece) -> str:
    since, until = max(required[0], in_force[0]), min(required[1], in_force[1])
    if since >= until or in_force[2] >= required[2]:
        return ""
    top, bottom = _level(track, required[2]), _level(track, in_force[2])
    return element("rect", x=span.at(since), y=top, width=span.at(until) - span.at(since), height=bottom - top, class_="gap")


def _stop(track: Track, span: _Span, piece: _Piece, skin: Skin) -> str:
    since, _, tier = piece
    words = f"{track.axis}: {track.tiers[tier]} required from {_day(since)}"
    return spoken(words, element("circle", cx=span.at(since), cy=_level(track, tier), r=3.5, class_="value"), skin)


def _events(events: Sequence[Event], span: _Span, skin: Skin) -> str:
    return "".join(
        spoken(
            f"{event.label}, {_day(event.at)}",
            element("path", d=f"M{span.at(event.at):.1f} 4l5 6l-5 6l-5 -6z", class_="diamond"),
            skin,
            "event",
        )
        for event in events
        if span.start <= event.at <= span.end
    )


def _dates(span: _Span) -> str:
    middle = span.start + (span.end - span.start) / 2
    return (
        text(_day(span.start), _LEFT, _EVENTS + 12, "tick")
        + text(_day(middle), span.at(middle), _EVENTS + 12, "tick", "middle")
        + text(_day(span.end), span.width, _EVENTS + 12, "tick", "end")
    )


def _day(moment: datetime) -> str:
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y}"
