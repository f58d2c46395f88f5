"""The API's description: to what each operation says of itself, the refusals that every operation may answer are added from one place."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.types import DictStrAny

from ledger.refusals import NotValid, Refusal
from people.api_auth import TokenAuth
from people.api_text import KeyRepeated, once

PROBLEM = "application/problem+json"
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What was refused, in the shape of RFC 9457. `code` is stable; the sentences are for people and may change.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "what_to_do": {"type": "string"},
    },
}
_EVERYWHERE = {
    400: "What was sent cannot be read as a request at all.",
    401: "No valid token came with the request.",
    403: "The token, or the person it acts as, may not do this.",
    404: "There is nothing of that name that this person may know of.",
    405: "The address answers other methods than this one.",
    409: "It cannot be done in the present state.",
    422: "The request is not as described here, or does not hold together.",
    429: "Too many requests in this minute; `Retry-After` says how many seconds to wait. It answers nothing: at the gate it is not a yes.",
}
_OF_BODIES = {411: "The body came in pieces, without saying how long it is.", 413: "More bytes than the portal takes."}


class ParameterUnknown(NotValid):
    """A misspelt `as_of` must not be answered as of now."""

    code = "parameter_unknown"
    what_to_do = "Send the parameters that the API's description names."


class ParameterRepeated(NotValid):
    """Which of two is meant nobody knows, and what stands between asker and portal may have looked at the other."""

    code = "parameter_repeated"
    what_to_do = "Send each parameter once."


class BodyNotJson(Refusal):
    status: ClassVar[int] = 400
    code = "body_not_json"
    sentence = "The body of the request is not JSON, so nothing was done."
    what_to_do = "Send one JSON object as UTF-8, with Content-Type: application/json."


class JsonParser(Parser):
    """JSON that means one thing."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """Raises KeyRepeated, BodyNotJson."""
        try:
            return cast(DictStrAny, json.loads(request.body.decode("utf-8-sig"), object_pairs_hook=once))
        except KeyRepeated:
            raise
        except (ValueError, RecursionError) as error:
            raise BodyNotJson from error


class DescribedAPI(NinjaAPI):
    """A NinjaAPI whose description names every answer it may give, and which takes no parameter that stands not in it, and none twice."""

    def __init__(self, **choices: Any) -> None:
        super().__init__(parser=JsonParser(), **choices)
        self._names: dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = {}
        self.add_decorator(self._only_described)

    def get_openapi_schema(self, **asked: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**asked)
        schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        scopes = self._scopes()
        for operations in schema["paths"].values():
            for operation in operations.values():
                # Since 3.1 a bearer token's requirement may name what it must hold.
                operation["security"] = [{"TokenAuth": [scopes[operation["operationId"]]]}]
                refusals = _EVERYWHERE | (_OF_BODIES if "requestBody" in operation else {})
                for status, meaning in refusals.items():
                    operation["responses"].setdefault(status, _problem(status, meaning))
        return schema

    def _scopes(self) -> dict[str, str]:
        """The scope each operation asks for, by the operation's name in the description."""
        places = (place for router in self._get_bound_routers() for place in router.path_operations.values())
        calls = [call for place in places for call in place.operations]
        return {call.operation_id or self.get_openapi_operation_id(call): cast(TokenAuth, call.auth_callbacks[0]).scope for call in calls}

    def _only_described(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(operation)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            query, form = self._described(request)
            _require_described(request.GET, query)
            if form:
                _require_described(MultiValueDict([*request.POST.lists(), *request.FILES.lists()]), form)
            return operation(request, *args, **kwargs)

        return run

    def _described(self, request: HttpRequest) -> tuple[frozenset[str], frozenset[str]]:
        """The parameters of the operation that answers this request: those of its address and those of its form, if it takes one."""
        if not self._names:
            paths = self.get_openapi_schema()["paths"]
            self._names = {
                (path, method): (_query_names(one), _form_names(one)) for path, methods in paths.items() for method, one in methods.items()
            }
        route = request.resolver_match.route if request.resolver_match else ""
        return self._names[f"/{route}".replace("<", "{").replace(">", "}"), (request.method or "").lower()]


def _require_described(told: MultiValueDict[str, Any], names: frozenset[str]) -> None:
    unknown = sorted(told.keys() - names)
    if unknown:
        raise ParameterUnknown(f"There is no parameter {unknown[0][:40]!r} here.")
    twice = next((name for name, several in told.lists() if len(several) > 1), None)
    if twice is not None:
        raise ParameterRepeated(f"The parameter {twice!r} stands twice.")


def _problem(status: int, meaning: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": meaning, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True}}
    return answer


def _query_names(operation: dict[str, Any]) -> frozenset[str]:
    return frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")


def _form_names(operation: dict[str, Any]) -> frozenset[str]:
    form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {})
    return frozenset(form.get("schema", {}).get("properties", ()))
