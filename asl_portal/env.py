"""Typed reads of the environment. A wrong value stops the start with a sentence that names the variable."""

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

# A browser that is told one of these stays on the machine it runs on.
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class WrongSetting(Exception):
    """An environment variable is missing or holds something we cannot read."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name} {why}")


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise WrongSetting(name, "is not set.")
    return value


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise WrongSetting(name, f"is {value!r}; write true or false.")


def number(name: str, default: int, *, least: int = 0) -> int:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    try:
        found = int(value)
    except ValueError:
        raise WrongSetting(name, f"is {value!r}; write a whole number.") from None
    if found < least:
        raise WrongSetting(name, f"is {value!r}; write {least} or more.")
    return found


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    value = os.environ.get(name)
    if value is None:
        return list(default)
    return [word.strip() for word in value.split(",") if word.strip()]


def networks(name: str) -> list[str]:
    """Networks as `10.1.0.0/16`. A misspelt one would stop what is sent, not the start."""
    for word in (found := words(name)):
        try:
            ip_network(word)
        except ValueError as error:
            raise WrongSetting(name, f"names {word!r}, which is no network ({error}); write one as 10.1.0.0/16.") from None
    return found


def folder(name: str, default: Path) -> Path:
    return Path(os.environ.get(name) or default).expanduser().resolve()


def secret(name: str, default: str | None = None) -> str:
    """A secret, from NAME or from the file that NAME_FILE names; the file wins, so that secrets can stay out of the environment."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise WrongSetting(f"{name}_FILE", f"cannot be read: {error.strerror}.") from None
    return text(name, default)


def issuer(name: str) -> str:
    """The issuer of an OpenID Connect provider, letter for letter as it writes itself; empty where there is none. By https, but for this machine."""
    value = text(name, "")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongSetting(name, f"is {value!r}, which is no address.") from None
    if not value:
        return value
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password or parts.query or parts.fragment:
        raise WrongSetting(name, f"is {value!r}; write the issuer as the provider does, such as https://login.example.org.")
    if parts.scheme == "http" and host not in THIS_MACHINE:
        raise WrongSetting(name, f"is {value!r}; whoever stands between could let anybody in, so it has to be https.")
    return value


def all_or_none(**given: str) -> None:
    """Of settings that mean something only together, half is a mistake."""
    missing = sorted(name for name, value in given.items() if not value)
    if missing and len(missing) < len(given):
        there = sorted(given.keys() - set(missing))
        raise WrongSetting(missing[0], f"is not set, but {' and '.join(there)} is: set all of {', '.join(sorted(given))}, or none.")


def database(name: str, default: str | None = None) -> dict[str, object]:
    """A `postgresql://user:password@host:port/name` address as Django wants it; `?host=/folder` names the folder of a socket."""
    parts = urlsplit(secret(name, default))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise WrongSetting(name, f"starts with {parts.scheme!r}; the portal runs on PostgreSQL only.")
    # What it holds is not repeated: a password stands in it.
    try:
        port = parts.port
    except ValueError:
        raise WrongSetting(name, "names a port that is none.") from None
    if not parts.path.strip("/"):
        raise WrongSetting(name, "names no database; it ends in /NAME.")
    query = parse_qs(parts.query)
    host = query.pop("host", [unquote(parts.hostname or "")])[0]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # What else the address asks for (sslmode, sslrootcert …) is the driver's to understand.
        "OPTIONS": {"connect_timeout": 5, "application_name": "asl-portal"} | {key: values[0] for key, values in query.items()},
    }


def redis(name: str, default: str | None = None) -> str:
    """The address of a Redis or Valkey server; one that is empty is not set."""
    value = secret(name, default) or default or ""
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise WrongSetting(name, "is no address of a Redis server; write redis://HOST:PORT/NUMBER, or rediss:// for one by TLS.")
    return value
