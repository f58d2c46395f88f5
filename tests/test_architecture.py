"""The shape of the house, held by a few lines of `ast`: who may lean on whom, what stays pure, what never appears."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from asl_portal.celery import app

ROOT = Path(__file__).resolve().parent.parent

# From the roof to the ground; a room leans only on rooms that stand after it.
ROOMS = ["asl_portal", "reviews", "evaluations", "frameworks", "people", "ledger"]
PURE = [
    "frameworks/engine",
    "frameworks/charts",
    "frameworks/documents.py",
    "frameworks/figures.py",
    "frameworks/finding_tree.py",
    "frameworks/finding_words.py",
    "frameworks/leaf_words.py",
    "evaluations/adapters",
    "evaluations/elicitation.py",
    "ledger/canonical.py",
    "ledger/tree.py",
    "ledger/checkpoints.py",
    "ledger/late.py",
    "reviews/rules.py",
    "reviews/gate_rules.py",
    "reviews/places.py",
    "reviews/paper_rules.py",
]
IMPURE = {"django", "celery", "kombu", "psycopg", "redis", "allauth", "ninja", "structlog", "requests", "socket", "subprocess"}
# Oracles of the tests: a product that leans on its own oracle proves nothing.
ORACLES = {"inspect_ai", "scipy", "pymerkle", "rfc8785", "jsonschema", "numpy", "hypothesis", "pytest"}
# Megabytes each, for a page or a task of their own.
NEEDED_BY_FEW = {"apprise", "fido2", "jsonschema_rs", "PIL", "typst", "zstandard"}
# Each with the reason it cannot stand at the top of its file.
LATE_IMPORTS = {
    "manage.py": "Django is imported after the settings are named",
    "asl_portal/apps.py": "checks need loaded apps",
    "asl_portal/celery.py": "this module is loaded before the apps are",
    "asl_portal/embedded/guard.py": "absent on some systems",
}


def _sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def _pure_sources() -> list[Path]:
    return [path for place in PURE for path in ([ROOT / place] if place.endswith(".py") else _sources(place))]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_leans_only_on_rooms_beneath_it(room: str) -> None:
    above = set(ROOMS[: ROOMS.index(room)])
    wrong = [
        f"{_name(path)}:{line} imports {module}"
        for path in _sources(room)
        for line, module in _imports(ast.parse(path.read_text()))
        if module.split(".")[0] in above
    ]
    assert not wrong, "\n".join(wrong)


def test_the_floor_test_would_see_an_import_that_points_up() -> None:
    assert list(_imports(ast.parse("def f():\n    from reviews.models import Case"))) == [(2, "reviews.models")]


@pytest.mark.parametrize("path", _pure_sources(), ids=_name)
def test_a_pure_place_imports_no_framework_driver_or_room_with_tables(path: Path) -> None:
    pure = {_name(source).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for source in _pure_sources()}
    for line, module in _imports(ast.parse(path.read_text())):
        assert module.split(".")[0] not in IMPURE, f"{_name(path)}:{line} imports {module}"
        if module.split(".")[0] in ROOMS:
            assert any(module == name or name.startswith(f"{module}.") or module.startswith(f"{name}.") for name in pure), (
                f"{_name(path)}:{line} imports {module}, which is not pure"
            )


@pytest.mark.parametrize("path", _pure_sources(), ids=_name)
def test_a_pure_place_reads_no_clock(path: Path) -> None:
    clocks = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    for call in calls:
        owner = call.func.value  # type: ignore[attr-defined]
        if isinstance(owner, ast.Name | ast.Attribute) and (owner.id if isinstance(owner, ast.Name) else owner.attr) in {
            "datetime",
            "date",
            "time",
            "timezone",
        }:
            assert call.func.attr not in clocks or call.args, f"{_name(path)}:{call.lineno} reads a clock"  # type: ignore[attr-defined]


def test_pure_places_load_without_django() -> None:
    """What `ast` cannot see, the interpreter does: the pure places load where Django was never set up and is never imported."""
    modules = [_name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in _pure_sources()]
    script = (
        f"import sys; sys.modules['django'] = None; sys.modules['celery'] = None\nimport importlib\n"
        f"sys.path.insert(0, {str(ROOT)!r})\nfor name in {modules!r}: importlib.import_module(name)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_few_pages_need_is_loaded_by_none_that_does_not() -> None:
    """Every room with its pages is loaded, and something named; neither the addresses nor these libraries come along."""
    code = """
import sys, django
django.setup()
import reviews.urls
from evaluations import things
named = things._named("upload", "00000000-0000-0000-0000-000000000001", "heron", "Heron", "heron")
print(*sorted({name.split(".")[0] for name in sys.modules} | {name for name in sys.modules if name.endswith(".urls")}))
print(named.address)
"""
    run = [sys.executable, "-c", code]
    loaded, address = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=True).stdout.splitlines()
    assert address == "/uploads/00000000-0000-0000-0000-000000000001/"
    assert "reviews.urls" in loaded.split() and not {"asl_portal.urls", *NEEDED_BY_FEW} & set(loaded.split())


def test_nothing_is_imported_inside_a_function_to_dodge_a_cycle() -> None:
    late = {
        _name(path)
        for path in [ROOT / "manage.py", *_sources(*ROOMS)]
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    # An AppConfig may import in `ready`: there is no earlier moment at which the apps are loaded.
    assert {path for path in late if not path.endswith("/apps.py")} <= set(LATE_IMPORTS)


def test_the_product_never_leans_on_its_oracles() -> None:
    wrong = [
        f"{_name(path)}:{line} imports {module}"
        for path in _sources(*ROOMS)
        for line, module in _imports(ast.parse(path.read_text()))
        if module.split(".")[0] in ORACLES
    ]
    assert not wrong, "\n".join(wrong)


def test_only_tests_pretend_what_time_it_is() -> None:
    told = subprocess.run(
        ["git", "grep", "-lE", r"pretend(ed)?\b", "--", "*.py", ":!tests/"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["ledger/clock.py"]


def test_no_drawer_holds_what_has_no_name() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
    assert not [_name(path) for path in _sources(*ROOMS, "tests") if path.stem in drawers or path.parent.name in drawers]


def test_no_stub_is_left_behind() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    wrong = [
        f"{_name(path)}:{number}: {line.strip()}"
        for path in _sources(*ROOMS, "tests")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_names_a_machine_it_was_written_on() -> None:
    forbidden = re.compile(r"/(root|home|Users)/[a-z.]")
    allowed = {"tests/test_architecture.py"}
    wrong = []
    for name in subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        path = ROOT / name
        if not name or name in allowed or not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [f"{name}:{number}: {line.strip()[:100]}" for number, line in enumerate(text.splitlines(), 1) if forbidden.search(line)]
    assert not wrong, "\n".join(wrong)


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
    assert all(entry["options"]["expires"] for entry in settings.CELERY_BEAT_SCHEDULE.values())
