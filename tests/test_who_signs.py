"""Wherever somebody puts their name to something, the second factor is asked about beside it: found by reading the code, so that nobody forgets."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("asl_portal", "reviews", "evaluations", "frameworks", "people", "ledger")
POLICIES = {"may_sign_about", "may_sign_evidence", "may_sign_framework", "may_sign_motion"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def imported(tree: ast.AST) -> dict[str, str]:
    """What each name of a file stands for: `sign` for `people.signing.sign`."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def calls(function: ast.AST, names: dict[str, str]) -> Iterator[tuple[str, ast.Call]]:
    """Each call by its full name, as far as imports tell it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            first, *rest = ast.unparse(node.func).split(".")
            yield ".".join([names.get(first, first), *rest]), node


def signers(source: str) -> Iterator[tuple[Function, dict[str, str]]]:
    tree = ast.parse(source)
    names = imported(tree)
    for function in ast.walk(tree):
        if isinstance(function, Function) and any(name == "people.signing.sign" for name, _ in calls(function, names)):
            yield function, names


def asks(function: ast.AST, names: dict[str, str]) -> bool:
    """Whether it requires one of the policies, itself or in the verb that it hands the signature to."""
    for name, call in calls(function, names):
        if name == "people.policies.require" and any(asked.rpartition(".")[2] in POLICIES for asked, _ in calls(call, names)):
            return True
        if any(told.arg == "signature" for told in call.keywords) and verb_asks(name):
            return True
    return False


def verb_asks(name: str) -> bool:
    module, _, verb = name.rpartition(".")
    path = ROOT / f"{module.replace('.', '/')}.py"
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text())
    return any(isinstance(node, Function) and node.name == verb and asks(node, imported(tree)) for node in tree.body)


SIGNERS = {
    f"{path.relative_to(ROOT)}: {function.name}": asks(function, names)
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    for function, names in signers(path.read_text())
}


def test_everybody_who_signs_is_found() -> None:
    assert {name.partition(":")[0] for name in SIGNERS} == {
        "evaluations/views/attesting.py",
        "evaluations/views/correcting.py",
        "evaluations/views/setting_aside.py",
        "reviews/services/adoptions.py",
        "reviews/services/applicability.py",
        "reviews/services/decisions.py",
        "reviews/services/imports.py",
        "reviews/services/motions.py",
        "reviews/services/signoffs.py",
        "reviews/services/votes.py",
    }


@pytest.mark.parametrize("who", SIGNERS)
def test_whoever_signs_is_asked_for_what_the_framework_asks_for(who: str) -> None:
    assert SIGNERS[who], f"{who} calls people.signing.sign and requires none of {', '.join(sorted(POLICIES))}"


@pytest.mark.parametrize(
    "said",
    [
        "from people.signing import sign\ndef approve():\n    sign(person=ben)",
        "from people.signing import sign as put\ndef approve():\n    put(person=ben)",
        "from people import signing\ndef approve():\n    signing.sign(person=ben)",
        "import people.signing\ndef approve():\n    people.signing.sign(person=ben)",
        "from people.signing import sign\ndef approve():\n    may_sign_evidence(ben)\n    sign(person=ben)",
    ],
)
def test_one_who_does_not_ask_would_be_seen(said: str) -> None:
    ((function, names),) = signers(said)
    assert not asks(function, names)
