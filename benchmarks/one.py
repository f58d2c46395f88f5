"""`python -m benchmarks.one NAME [--quick]`: one measure in this process, its lines as JSON on the last line of the output."""

import importlib
import json
import os
import sys


def main() -> None:
    name, *options = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")
    import django  # noqa: PLC0415 - set up before anything of the portal is imported

    django.setup()
    lines = importlib.import_module(f"benchmarks.{name}").run("--quick" in options)
    sys.stdout.write(json.dumps([line.document() for line in lines]) + "\n")


if __name__ == "__main__":
    main()
