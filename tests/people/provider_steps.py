"""What a browser does around the sign-in provider, without a browser."""

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from people import services
from people.models import Person
from people.trips import Found
from tests.makers import CONFIRMED, NOON
from tests.processes import SignInProvider

SIGN_IN = "/accounts/provider/"


def setting_out(client: Client, path: str = SIGN_IN, **form: Any) -> str:
    """The provider's address, off the page that leads there."""
    page = client.post(path, form)
    assert page.status_code == 200, page.content.decode()
    [address] = re.findall(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    return html.unescape(address)


def asked(address: str) -> dict[str, str]:
    """What the provider is asked by an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def back(client: Client, address: str) -> Any:
    """Follows the provider back to the portal."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def there_and_back(client: Client, provider: SignInProvider, subject: str, path: str = SIGN_IN, **form: Any) -> Any:
    return back(client, provider.answer(setting_out(client, path, **form), subject))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def give_identity(person: Person, provider: SignInProvider, subject: str | None = None, *, at: Any = NOON) -> None:
    """Links somebody who has a password to who they are at the provider."""
    found = Found(provider.issuer, subject or f"{person.name.lower()}-at-id")
    services.link_identity(user=person.user, found=found, confirmation=CONFIRMED, at=at)


def leave_the_provider_alone(person: Person) -> None:
    """As after a link through which somebody chose the provider: no password any more."""
    person.user.set_unusable_password()
    person.user.save(update_fields=["password"])
