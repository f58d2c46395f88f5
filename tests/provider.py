"""An OpenID Connect provider in a process of its own: `oidc-provider-mock`, which holds its clients to PKCE here, and lies when it is told to.

Run as `python tests/provider.py PORT FOLDER`. It keeps what the token endpoint was asked in `requests.jsonl`, and reads its lie from `lie.json`:
`{"at": PATH, "status": N}` or `{"at": PATH, "drip": true}` or `{"at": PATH, "say": {…}}` for one address; `{"claims": {…}, "from_now": {NAME: SECONDS}, "without": […]}` for a token
signed as it should be that says something else; `{"signed": "by another" | "by nobody" | "by the secret"}` for one that is not; `{"issuer": …}` for its own name.
"""

import base64
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import make_server

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from oidc_provider_mock import app as provider

FOLDER = Path(sys.argv[2])
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CHALLENGES: dict[str, str] = {}


def lie() -> dict[str, Any]:
    kept = FOLDER / "lie.json"
    return dict(json.loads(kept.read_text())) if kept.exists() else {}


def before() -> Any:
    told = lie()
    if flask.request.path == "/oauth2/token":
        form = flask.request.form.to_dict()
        with (FOLDER / "requests.jsonl").open("a") as file:
            file.write(json.dumps({"form": form, "authorization": flask.request.headers.get("Authorization", "")}) + "\n")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(verifier).decode().rstrip("=") != CHALLENGES.get(form.get("code", "")):
            return flask.jsonify({"error": "invalid_grant"}), 400
    if told.get("at") != flask.request.path:
        return None
    if told.get("drip"):
        return flask.Response(dripping(), 200)
    return flask.jsonify(told.get("say", {"error": "a secret of the provider's"})), told.get("status", 200)


def dripping() -> Iterator[bytes]:
    for _ in range(60):
        yield b" "
        time.sleep(0.2)


def after(response: flask.Response) -> flask.Response:
    told, path = lie(), flask.request.path
    if path == "/oauth2/authorize" and "Location" in response.headers:
        code = parse_qs(urlsplit(response.headers["Location"]).query).get("code", [""])[0]
        CHALLENGES[code] = flask.request.args.get("code_challenge", "")
    if path == "/.well-known/openid-configuration" and "issuer" in told:
        response.set_data(json.dumps(response.get_json() | {"issuer": told["issuer"]}))
    if path == "/jwks" and "claims" in told:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        response.set_data(json.dumps({"keys": [key | {"kid": "mine", "use": "sig"}]}))
    if path == "/oauth2/token" and response.status_code == 200 and ("claims" in told or "signed" in told):
        said = response.get_json()
        response.set_data(json.dumps(said | {"id_token": instead(said["id_token"], told)}))
    return response


def instead(token: str, told: dict[str, Any]) -> str:
    claims = jwt.decode(token, options={"verify_signature": False}) | told.get("claims", {})
    claims |= {name: int(time.time()) + seconds for name, seconds in told.get("from_now", {}).items()}
    for each in told.get("without", []):
        claims.pop(each, None)
    match told.get("signed"):
        case "by nobody":
            return jwt.encode(claims, None, algorithm="none")
        case "by the secret":
            # What an asymmetric key's holder publishes, taken for a shared secret.
            return jwt.encode(claims, told["secret"], algorithm="HS256")
        case _:
            return jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "mine"} if "claims" in told else None)


if __name__ == "__main__":
    served = provider(require_client_registration=True, require_nonce=True)
    served.before_request(before)
    served.after_request(after)
    make_server("127.0.0.1", int(sys.argv[1]), served, threaded=True).serve_forever()
