"""The headers that every answer carries, whoever asks and whatever the answer is."""

from typing import Any

ALWAYS = {
    "X-Content-Type-Options": {"nosniff"},
    "X-Frame-Options": {"DENY"},
    # A feed and a badge are asked for under an address that is a secret: they name nobody.
    "Referrer-Policy": {"same-origin", "no-referrer"},
    "Cross-Origin-Opener-Policy": {"same-origin"},
    # A badge is there to be shown by pages of others, and is the only one.
    "Cross-Origin-Resource-Policy": {"same-origin", "cross-origin"},
}
# What somebody brought and takes away again may do nothing at all.
SANDBOX = {"default-src 'none'", "sandbox"}
POLICY = {"default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"}


def unprotected(answer: Any, *, signed_in: bool = False) -> list[str]:
    """What is missing from an answer, in words; nothing where all is there."""
    missing = [f"{name}: {answer.headers.get(name)}" for name, good in ALWAYS.items() if answer.headers.get(name) not in good]
    said = {part.strip() for part in answer.headers.get("Content-Security-Policy", "").split(";")}
    missing += [f"no {part} in the policy" for part in sorted(POLICY - said) if not said >= SANDBOX]
    if "camera=()" not in answer.headers.get("Permissions-Policy", ""):
        missing.append("no Permissions-Policy")
    if signed_in and answer.status_code == 200 and "private" not in answer.headers.get("Cache-Control", ""):
        missing.append(f"Cache-Control: {answer.headers.get('Cache-Control')}")
    return missing
