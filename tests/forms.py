"""The forms of a page as a browser sends them: where to, with which fields, by which button."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

# What a field is filled with.
AS_IT_STANDS, EMPTY, NONSENSE = "as it stands", "empty", "nonsense"
FILLINGS = (AS_IT_STANDS, EMPTY, NONSENSE)
TICKED = frozenset({"checkbox", "radio"})
SENDS = frozenset({"submit", "image"})


@dataclass
class Field:
    name: str
    kind: str
    values: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One button of one form: what it sends where."""

    action: str
    fields: list[Field] = field(default_factory=list)

    def sent(self, filling: str) -> dict[str, list[str]]:
        """What is hidden or belongs to the button is sent as it stands; nobody types it."""
        told: dict[str, list[str]] = {}
        for each in self.fields:
            if each.kind == "hidden" or filling == AS_IT_STANDS:
                told.setdefault(each.name, []).extend(each.values)
            elif filling == NONSENSE and each.kind != "file":
                told[each.name] = ["nonsense"]
            elif each.kind not in TICKED | {"file"}:
                told[each.name] = [""]
        return told


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str | None]] = {}
        self.fields: list[tuple[str, Field]] = []
        self.buttons: list[tuple[str, dict[str, str | None]]] = []
        self.inside, self.choice, self.text = "", None, None  # type: str, Field | None, Field | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.inside = told.get("id") or f"form {len(self.forms)}"
            self.forms[self.inside] = told
        elif tag == "option" and self.choice is not None:
            if "selected" in told:
                self.choice.values.append(told.get("value") or "")
        elif tag == "button" or (tag == "input" and told.get("type") in SENDS):
            if told.get("type", "submit") == "submit":
                self.buttons.append((told.get("form") or self.inside, told))
        elif tag in {"input", "select", "textarea"} and told.get("name") and "disabled" not in told:
            self._take(tag, told)

    def _take(self, tag: str, told: dict[str, str | None]) -> None:
        kind = told.get("type") or "text" if tag == "input" else tag
        one = Field(told["name"] or "", kind)
        if tag == "select":
            self.choice = one
        elif tag == "textarea":
            self.text = one
        elif kind in TICKED:
            one.values = [told.get("value") or "on"] if "checked" in told else []
        elif kind != "file":
            one.values = [told.get("value") or ""]
        self.fields.append((told.get("form") or self.inside, one))

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.values = ["".join([*self.text.values, data])]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = ""
        elif tag == "select":
            self.choice = None
        elif tag == "textarea":
            self.text = None


def forms_of(page: str, here: str) -> Iterator[Form]:
    """Each way of sending a form of the page that changes something: one for each of its buttons."""
    reader = _Reader()
    reader.feed(page)
    for belongs, button in reader.buttons:
        form = reader.forms.get(belongs, {})
        if (button.get("formmethod") or form.get("method") or "get").lower() != "post":
            continue
        action = urldefrag(urljoin(here, button.get("formaction") or form.get("action") or here)).url
        fields = [each for place, each in reader.fields if place == belongs]
        if button.get("name"):
            fields.append(Field(button["name"] or "", "hidden", [button.get("value") or ""]))
        yield Form(action, fields)
