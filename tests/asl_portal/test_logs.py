"""Logs: one JSON object a line, one id from the page to the task, and nothing in them that must stay inside."""

import io
import json
import logging
from typing import Any

import structlog
from django.test import Client

from asl_portal.logs import HEADER, RequestLog, _send_along, _take_up


def _records(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_request_is_one_line_with_its_id_and_without_its_query(client: Client, lines: io.StringIO) -> None:
    answer = client.get("/healthz?token=secret")
    [record] = [record for record in _records(lines) if record["event"] == "request"]
    assert (record["request_id"], record["route"], record["status"]) == (answer["X-Request-Id"], "healthz", 200)
    assert "secret" not in lines.getvalue()


def test_a_task_carries_on_the_id_of_the_request_that_sent_it() -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    headers: dict[str, Any] = {}
    _send_along(headers=headers)
    assert headers == {HEADER: "r-1"}
    structlog.contextvars.clear_contextvars()
    request = type("Request", (), {HEADER: "r-1"})
    _take_up(task_id="t-1", task=type("Task", (), {"name": "ledger.deliver", "request": request}))
    assert structlog.contextvars.get_contextvars() == {"task": "ledger.deliver", "task_id": "t-1", "request_id": "r-1"}


def test_one_request_never_wears_the_id_of_the_last(rf: Any) -> None:
    seen: list[str] = []

    def view(request: Any) -> Any:
        seen.append(structlog.contextvars.get_contextvars()["request_id"])
        return {}

    middleware = RequestLog(lambda request: type("Response", (dict,), {"status_code": 200})(view(request)))
    for _ in range(2):
        request = rf.get("/")
        request.resolver_match = None
        middleware(request)
    assert len(set(seen)) == 2


def test_an_exception_is_logged_with_its_place_and_never_with_its_values(lines: io.StringIO) -> None:
    def refuse(password: str) -> None:
        error = ValueError(f"{password!r} will not do")
        error.add_note(f"it was {password}")
        raise error

    try:
        refuse("a long and quiet river")
    except ValueError:
        logging.getLogger("test").exception("it failed")
    record = _records(lines)[-1]
    assert record["exception"][0]["frames"][-1]["name"] == "refuse"
    assert "river" not in lines.getvalue()


def test_a_refused_request_is_logged_without_its_path_which_may_hold_a_secret(client: Client, db: None, lines: io.StringIO) -> None:
    client.get("/accounts/link/a-river-of-secrets/")
    client.post("/no/such/page/of-a-river/")
    assert [record["status"] for record in _records(lines) if record["event"] == "request"] == [404, 404]
    assert "Not Found" in [record["event"] for record in _records(lines)]
    assert "river" not in lines.getvalue()
