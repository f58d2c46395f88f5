#!/usr/bin/env python
"""Django's command line for the portal. People use `./portal manage`, which makes the environment first."""

import os
import sys

# These change the schema or the roles; everything else works as the application's role, which cannot touch the ledger.
OWNER_COMMANDS = {"migrate", "prepare", "grant_app_role", "backup", "restore"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")
    if OWNER_COMMANDS & set(sys.argv[1:2]):
        os.environ.setdefault("ASL_AS_OWNER", "true")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings are named
    from django.db import OperationalError  # noqa: PLC0415

    from asl_portal.env import WrongSetting  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except WrongSetting as error:
        sys.exit(f"{error} `./portal manage` sets what the portal needs.")
    except OperationalError as error:
        sys.exit(f"The database does not answer: {str(error).strip()}\nIs the portal running? ./portal up")


if __name__ == "__main__":
    main()
