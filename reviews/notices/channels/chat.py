"""Chat and paging services by apprise: Slack, Teams, Matrix, PagerDuty, ntfy and a hundred more. The address is the secret: it is never logged or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from ledger.late import Late
from people.sealing import opened
from reviews.models import Delivery
from reviews.notices.reaching import EACH_STEP_SECONDS, AddressNotAllowed, NotReached, judged, reaching_outside_only

if TYPE_CHECKING:
    import apprise
    from apprise.plugins import NotifyBase
else:
    apprise = Late("apprise")

# These speak to the machine the portal runs on, not to anybody outside.
LOCAL = frozenset({"syslog", "dbus", "qt", "kde", "glib", "gio", "gnome", "macosx", "windows", "blink1"})


def service_of(address: str) -> NotifyBase:
    """The one service an address names, made safe to send through. Raises AddressNotAllowed."""
    asset = apprise.AppriseAsset(http_redirects=False, secure_logging=True)
    service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    if not isinstance(service, apprise.plugins.NotifyBase):
        raise AddressNotAllowed(
            "No chat or paging service has such an address.", what_to_do="The apprise project lists the address of each."
        )
    scheme = urlsplit(address).scheme.lower()
    if scheme in LOCAL:
        raise AddressNotAllowed("This service speaks to the portal's own machine, not to anybody outside.")
    # An address may ask for less care than the portal takes; it does not get it.
    service.redirects, service.verify_certificate = False, True
    service.socket_connect_timeout = service.socket_read_timeout = float(EACH_STEP_SECONDS)
    _judge(service, scheme)
    return service


def name_of(address: str) -> str:
    """The service's own name, which may be shown. Raises AddressNotAllowed."""
    return str(service_of(address).service_name)


def send(delivery: Delivery) -> int | None:
    """Hand the sentence and its address over; a service gives no status. Raises NotReached, AddressNotAllowed, SealDoesNotOpen."""
    service = service_of(opened(delivery.outlet.address_sealed, purpose="outlets"))
    with reaching_outside_only():
        taken = service.notify(body=f"{delivery.title}\n{delivery.address}", title="ASL portal", body_format=apprise.NotifyFormat.TEXT)
    if not taken:
        raise NotReached("The service did not take it.")
    return None


def _judge(service: NotifyBase, scheme: str) -> None:
    """Where an address names a host of its own, it is judged like a webhook's. Of a fixed service the host part is a key: no resolver hears of it."""
    host = str(getattr(service, "smtp_host", "") or getattr(service, "host", "") or "")
    if not host or not any("{host}" in template or "{domain}" in template for template in cast(tuple[str, ...], service.templates)):
        return
    try:
        address = judged(host, int(getattr(service, "port", None) or 443))
    except NotReached:
        return
    if scheme in _plain(service) and not address.startswith("127.") and address != "::1":
        raise AddressNotAllowed(
            "This service would send in the clear; take its encrypted form (usually with an s at the end of the scheme)."
        )


def _plain(service: NotifyBase) -> set[str]:
    """The schemes by which this service speaks unencrypted."""
    named = getattr(service, "protocol", None) or ()
    return {named} if isinstance(named, str) else set(named)
