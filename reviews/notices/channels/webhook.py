"""A signed webhook, as Standard Webhooks 1.0 has it: `docs/webhooks.md` says how a receiver verifies one."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from people.sealing import opened
from reviews.models import Delivery
from reviews.notices.reaching import NotReached, post

PREFIX = "whsec_"


def new_secret() -> str:
    """A secret of 256 bits in the form receivers' libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body`: who holds the secret sent it, then, and only once under this id."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def headers(delivery: Delivery, *, secrets_in_use: Sequence[str], at: datetime) -> dict[str, str]:
    """The id stays the same at every attempt, the timestamp is the attempt's: a receiver refuses what is old, and takes an id once."""
    timestamp, body = int(at.timestamp()), delivery.body.encode()
    signatures = [signature(secret, message_id=delivery.message_id, timestamp=timestamp, body=body) for secret in secrets_in_use]
    return {
        "content-type": "application/json",
        "user-agent": "asl-portal",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def send(delivery: Delivery, *, at: datetime) -> int:
    """Deliver and give the receiver's status. Raises NotReached (its `status` where one was answered), AddressNotAllowed, SealDoesNotOpen."""
    outlet = delivery.outlet
    in_use = [opened(outlet.secret_sealed, purpose="outlets")]
    if outlet.old_secret_sealed and outlet.old_secret_until and at < outlet.old_secret_until:
        in_use.append(opened(outlet.old_secret_sealed, purpose="outlets"))
    status = post(opened(outlet.address_sealed, purpose="outlets"), delivery.body.encode(), headers(delivery, secrets_in_use=in_use, at=at))
    if not 200 <= status < 300:
        raise NotReached(f"The receiver answered {status}.", status)
    return status
