"""The API's description: to what each operation says of itself, the refusals that every operation may answer are added from one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from ledger.refusals import NotValid
from people.api_auth import TokenAuth

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
_OF_BODIES = {413: "More bytes than the portal takes."}


class ParameterUnknown(NotValid):
    """A misspelt `as_of` must not be answered as of now."""

    code = "parameter_unknown"
    what_to_do = "Send the parameters that the API's description names."


class DescribedAPI(NinjaAPI):
    """A NinjaAPI whose description names every answer it may give, and which takes no parameter that stands not in it."""

    def __init__(self, **choices: Any) -> None:
        super().__init__(**choices)
        self._names: dict[tuple[str, str], frozenset[str]] = {}
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
            unknown = sorted(request.GET.keys() - self._described(request))
            if unknown:
                raise ParameterUnknown(f"There is no parameter {unknown[0][:40]!r} here.")
            return operation(request, *args, **kwargs)

        return run

    def _described(self, request: HttpRequest) -> frozenset[str]:
        """The query parameters of the operation that answers this request."""
        if not self._names:
            paths = self.get_openapi_schema()["paths"]
            self._names = {(path, method): _query_names(one) for path, methods in paths.items() for method, one in methods.items()}
        route = request.resolver_match.route if request.resolver_match else ""
        return self._names[f"/{route}".replace("<", "{").replace(">", "}"), (request.method or "").lower()]


def _problem(status: int, meaning: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": meaning, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True}}
    return answer


def _query_names(operation: dict[str, Any]) -> frozenset[str]:
    return frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
