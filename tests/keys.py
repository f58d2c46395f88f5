"""The Tab key through a whole page: what it reaches, and whether each stop shows that it has the focus."""

from playwright.sync_api import Page

# A ring around what has the focus; a mark of a chart has it around the drawing itself.
HAS_RING = """here => {
  const style = getComputedStyle(here);
  const drawn = here.matches(".spot") && [...here.children].some((part) => parseFloat(getComputedStyle(part).strokeWidth) >= 3);
  return here === document.body || drawn || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
}"""
# Whatever a pointer could act on, in sight and not switched off: controls, what opens and closes, what htmx sends at a click, what is made focusable.
_ACTS = """() => [...document.querySelectorAll(
  "a[href], button, input, select, textarea, summary, [role=button], [role=link], [contenteditable], [tabindex]:not([tabindex='-1']),"
  + " [hx-get]:not(form, [hx-trigger]), [hx-post]:not(form, [hx-trigger])"
)].filter((each) => each.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !each.disabled && each.type !== "hidden"
  && !each.closest("[inert]") && (!document.querySelector("dialog[open]") || each.closest("dialog[open]")))"""
_WATCH = f"""() => {{
  const ring = {HAS_RING};
  window.stops = new Map();
  document.activeElement.blur();
  document.addEventListener("focusin", ({{target}}) => window.stops.set(target, ring(target)), true);
  return ({_ACTS})().length;
}}"""
# One of several radio buttons stands for all: the arrow keys go from it to the others.
_TOLD = f"""() => {{
  const told = (each) => each.outerHTML.slice(0, 160);
  const reached = (each) => window.stops.has(each)
    || (each.type === "radio" && [...window.stops.keys()].some((stop) => stop.type === "radio" && stop.name === each.name));
  const complaints = [
    ...({_ACTS})().filter((each) => !reached(each)).map((each) => "not reached: " + told(each)),
    ...[...window.stops].filter(([, ring]) => !ring).map(([each]) => "shows no focus: " + told(each)),
  ];
  document.activeElement.blur();
  return complaints;
}}"""


def missed(page: Page) -> list[str]:
    """What the Tab key does not reach on this page or in its open dialog, and each stop that does not show that it has the focus."""
    # A stop may be more than what acts: a table that scrolls, a field of parts as of a date.
    for _ in range(int(page.evaluate(_WATCH)) * 2 + 10):
        page.keyboard.press("Tab")
    complaints: list[str] = page.evaluate(_TOLD)
    return complaints
