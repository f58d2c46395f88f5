"""`write_api_reference`: docs/api.md from the API's own description, so that neither says what the other does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from asl_portal.api import api

HEAD = """# The API

Made by `./portal manage write_api_reference` from the description at `/api/v1/openapi.json` (OpenAPI 3.1); a test keeps the two alike.

{about}

    TOKEN=$(./portal manage create_token ada@northbridge.example --scope evaluations:write --scope evaluations:read --days 30)
    curl -H "Authorization: Bearer $TOKEN" -F subject=heron-3 -F snapshot="release candidate" -F file=@run.eval "$PORTAL/api/v1/evaluations"

## Refusals

Every refusal is a problem document: `title` is a sentence for people, `code` is stable, `what_to_do` says how to go on.

| status | meaning |
|---|---|
{refusals}

A parameter that is not described is refused (422, `parameter_unknown`), never ignored, and so is one that stands twice (`parameter_repeated`), a field of a
body that is not described (`request_not_valid`), and a key that stands twice in an object (`key_repeated`). Lists are paged: `limit` bounds a page, and `next` of the
answer is the `cursor` of the following one, null at the end.
"""


class Command(BaseCommand):
    help = "Write docs/api.md from the API's description."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR / "docs" / "api.md")

    def handle(self, *args: Any, **options: Any) -> None:
        options["into"].write_text(reference())


def reference() -> str:
    """The whole page."""
    schema = api.get_openapi_schema()
    operations = [(path, method, one) for path, methods in schema["paths"].items() for method, one in methods.items()]
    refusals: dict[int, str] = {}
    for _, _, one in operations:
        refusals |= {int(status): answer["description"] for status, answer in one["responses"].items() if int(status) >= 400}
    rows = "\n".join(f"| {status} | {meaning} |" for status, meaning in sorted(refusals.items()))
    parts = [HEAD.format(about=schema["info"]["description"], refusals=rows)]
    for tag in sorted({one["tags"][0] for _, _, one in operations}):
        parts.append(f"## {tag.capitalize()}\n")
        parts += ["\n".join(_operation(path, method, one)) for path, method, one in operations if one["tags"][0] == tag]
    parts.append("## What comes back\n")
    shown = {name: one for name, one in schema["components"]["schemas"].items() if one.get("type") == "object" and "properties" in one}
    parts += ["\n".join(_object(name, one)) for name, one in sorted(shown.items())]
    return "\n".join(parts).rstrip() + "\n"


def _operation(path: str, method: str, one: dict[str, Any]) -> Iterator[str]:
    [scope] = one["security"][0]["TokenAuth"]
    yield f"### `{method.upper()} {path}`\n\n{one['summary'].rstrip('?.')}. Scope `{scope}`.\n"
    if one.get("description"):
        yield " ".join(one["description"].split()) + "\n"
    fields = [(given["name"], given["in"], given["required"], given["schema"]) for given in one.get("parameters", ())]
    for kind, body in one.get("requestBody", {}).get("content", {}).items():
        if "properties" in body["schema"]:
            wanted = body["schema"].get("required", ())
            fields += [(name, "form", name in wanted, field) for name, field in body["schema"]["properties"].items()]
        else:
            yield f"The body is {_type(body['schema'])} as `{kind}`.\n"
    if fields:
        yield "| field | in | holds |\n|---|---|---|"
        yield "\n".join(
            f"| `{name}`{' (required)' if wanted else ''} | {place} | {_type(field)} |" for name, place, wanted, field in fields
        )
        yield ""
    for status, answer in sorted(one["responses"].items()):
        if int(status) < 400:
            content: tuple[str, dict[str, Any]] = next(iter(answer.get("content", {}).items()), ("", {}))
            what = _type(content[1]["schema"]) if "schema" in content[1] else f"`{content[0]}`" if content[0] else "no body"
            yield f"{status}: {what}."
    yield ""


def _object(name: str, one: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if one.get("description"):
        yield " ".join(one["description"].split()) + "\n"
    yield "| field | holds |\n|---|---|"
    for field, held in one["properties"].items():
        said = f"{_type(held)}. {held['description']}" if held.get("description") else _type(held)
        yield f"| `{field}` | {said} |"
    yield ""


def _type(held: dict[str, Any]) -> str:
    """A schema in a few words; another object by a link to its table."""
    if "$ref" in held:
        name = held["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in held:
        return " or ".join(dict.fromkeys(_type(one) for one in held["anyOf"]))
    if "enum" in held:
        return "one of " + ", ".join(f"`{value}`" for value in held["enum"])
    if "const" in held:
        return f"`{held['const']}`"
    if held.get("type") == "array":
        return f"list of {_type(held.get('items', {}))}"
    words = [held.get("format") or held.get("type", "anything")]
    words += [f"{said} {held[key]}" for key, said in _BOUNDS.items() if held.get(key, "") != ""]
    if "pattern" in held and held["pattern"] != _WITHOUT_NUL:
        words.append(f"`{held['pattern']}`".replace("|", "\\|"))
    return ", ".join(words)


_BOUNDS = {
    "minimum": "from",
    "maximum": "to",
    "exclusiveMinimum": "above",
    "maxLength": "at most",
    "maxItems": "at most",
    "default": "else",
}
_WITHOUT_NUL = r"^[^\x00]*$"
