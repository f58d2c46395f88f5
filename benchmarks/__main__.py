"""`python -m benchmarks [--only NAME …] [--quick]`: each measure in a process and on a copy of the world of its own, then the page.

Started by `./portal bench`, which brings the servers. A quick run uses small worlds and few rounds, and writes no page.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.measuring import Line

ROOT = Path(__file__).resolve().parent.parent
# In the order of the page. Those without a world need no database.
MEASURES = {"reader": False, "big_file": True, "history": True, "pages": True, "upload": True, "gate": True, "exports": True}
BASE = "bench_base"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal bench", description="What must stay fast, each against its baseline.")
    parser.add_argument(
        "--only", action="append", choices=list(MEASURES), metavar="MEASURE", help=f"one of {', '.join(MEASURES)}; may be said again"
    )
    parser.add_argument("--quick", action="store_true", help="small worlds and few rounds, to see that it runs")
    chosen = parser.parse_args()
    wanted = chosen.only or list(MEASURES)
    if any(MEASURES[name] for name in wanted):
        _make_base()
    told = {name: _measured(name, quick=chosen.quick) for name in wanted}
    if not chosen.quick and not chosen.only and all(told.values()):
        from benchmarks.page import write  # noqa: PLC0415 - it reads the measures, which need Django

        _django()
        write({name: lines or [] for name, lines in told.items()}, ROOT / "docs" / "benchmarks.md")
        print("docs/benchmarks.md is written.")
    return 0 if all(told.values()) else 1


def _measured(name: str, *, quick: bool) -> list[Line] | None:
    """The lines of one measure, printed as they come; None where it broke."""
    environment = _world_of(name) if MEASURES[name] else dict(os.environ)
    print(f"\n{name}", flush=True)
    command = [sys.executable, "-m", "benchmarks.one", name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"  {name} broke; its words are above.", flush=True)
        return None
    documents: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    lines = [Line(**document) for document in documents]
    for line in lines:
        mark = "met" if line.met else f"missed by {line.missed_by:.1f}×"
        print(
            f"  {line.what}: {line.measured:.3g} {line.unit} ({line.wanted}, {mark}){' noisy' if line.noisy else ''}\n      {line.detail}",
            flush=True,
        )
    return lines


def _make_base() -> None:
    """The demonstration's world, made once; every measure works on a copy."""
    print("Making the world", flush=True)
    _fresh(BASE)
    for command in (["collectstatic", "--noinput"], ["migrate"], ["seed_demo"]):
        subprocess.run(
            [sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, env=_environment(BASE), stdout=subprocess.DEVNULL, check=True
        )


def _world_of(name: str) -> Mapping[str, str]:
    _fresh(f"bench_{name}", template=BASE)
    return _environment(f"bench_{name}")


def _fresh(name: str, template: str = "template0") -> None:
    with psycopg.connect(_environment("postgres")["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def _environment(database: str) -> dict[str, str]:
    url = urlsplit(os.environ["DATABASE_URL"])
    return dict(os.environ) | {
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{database}")),
        "ASL_LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "asl_portal.settings",
    }


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")
    importlib.import_module("django").setup()


if __name__ == "__main__":
    sys.exit(main())
