"""The files under deploy/ name only what the portal has: commands, settings, addresses; and no role gets more than it needs."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from tests.deployment import DEPLOY, commands

SETTINGS = (DEPLOY.parent / "docs/settings.md").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = [one for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
ROLES = ("backup", "migrate", "scheduler", "signer", "web", "worker")
OURS = {name: COMPOSE["services"][name] for name in ROLES}


def _known(variable: str) -> bool:
    """A setting of the portal; with _FILE only where the setting is marked as a secret."""
    if f"`{variable}`" in SETTINGS:
        return True
    secret = variable.removesuffix("_FILE")
    return variable.endswith("_FILE") and f"`{secret}` ●" in SETTINGS


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in MANIFESTS:
        if one["kind"] in {"Deployment", "Job", "CronJob"}:
            yield one["metadata"]["name"], _template(one)["spec"]


def _template(one: dict[str, Any]) -> dict[str, Any]:
    spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
    return dict(spec["template"])


def _container(name: str) -> dict[str, Any]:
    [container] = dict(_pods())[name]["containers"]
    return dict(container)


def test_each_role_has_an_image_whose_command_the_portal_has() -> None:
    found = commands()
    assert sorted(found) == sorted(ROLES) == sorted(name for name, _ in _pods())
    assert found["web"][:2] == ["gunicorn", "asl_portal.wsgi"]
    assert (found["worker"][:4], found["scheduler"][:4]) == (
        ["celery", "-A", "asl_portal", "worker"],
        ["celery", "-A", "asl_portal", "beat"],
    )
    for role in ("backup", "migrate", "signer"):
        assert found[role][:2] == ["python", "manage.py"] and found[role][2] in get_commands()


def test_every_variable_named_is_a_setting() -> None:
    config = next(one for one in MANIFESTS if one["kind"] == "ConfigMap")["data"]
    named = {*config, *(one["name"] for name, _ in _pods() for one in _container(name).get("env", []))}
    named |= {name for service in OURS.values() for name in service["environment"]}
    assert not [name for name in named if not _known(name)]
    assert not _known("ASL_PUBLIC_URL_FILE") and not _known("ASL_NO_SUCH_THING")


def test_the_owner_of_the_tables_is_known_to_migration_and_backup_alone_and_the_key_to_the_signer_alone() -> None:
    owners = {"migrate", "backup"}
    for wanted, roles in (("DATABASE_OWNER_URL_FILE", owners), ("ASL_CHECKPOINT_KEY_FILE", {"signer"})):
        assert {name for name, service in OURS.items() if wanted in service["environment"]} == roles
        assert {name for name, _ in _pods() if wanted in {one["name"] for one in _container(name).get("env", [])}} == roles
    assert {name for name, service in OURS.items() if "database_owner_url" in service["secrets"]} == owners


def test_the_backup_has_the_tools_of_the_servers_own_version_and_reads_what_it_backs_up() -> None:
    stage = (DEPLOY / "Dockerfile").read_text().split("AS backup")[1].split("FROM ")[0]
    service = OURS["backup"]
    major = service["build"]["args"]["POSTGRES_MAJOR"]
    assert '"postgresql-client-${POSTGRES_MAJOR}"' in stage and re.search(r"^ARG POSTGRES_MAJOR=15$", stage, re.MULTILINE)
    assert stage.rstrip().splitlines()[-2:] == ["USER 10001:10001", 'CMD ["python", "manage.py", "backup", "/backups"]']
    assert major == "${POSTGRES_MAJOR:-15}" and COMPOSE["services"]["postgres"]["image"] == "${POSTGRES_IMAGE:-postgres:15}"
    assert service["volumes"] == ["blobs:/data:ro", "backups:/backups"] and service["profiles"] == ["backup"]
    [cron] = [one for one in MANIFESTS if one["kind"] == "CronJob"]
    assert (cron["spec"]["schedule"], cron["spec"]["concurrencyPolicy"]) == ("15 1 * * *", "Forbid")
    mounts = {each["mountPath"]: each.get("readOnly", False) for each in _container("backup")["volumeMounts"]}
    assert mounts["/data"] and not mounts["/backups"]
    claims = {one["metadata"]["name"] for one in MANIFESTS if one["kind"] == "PersistentVolumeClaim"}
    assert claims == {"blobs", "keys", "backups"}


@pytest.mark.parametrize("role", ROLES)
def test_nothing_runs_as_root_writes_into_its_image_or_gains_a_right(role: str) -> None:
    pod, container = dict(_pods())[role], _container(role)
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    service = OURS[role]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert container["resources"]["limits"]["memory"] and service["build"]["target"] == role


def test_the_image_is_built_without_secrets_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^ARG (\w+)", text, re.MULTILINE) == ["BASE", "POSTGRES_MAJOR"]
    assert "USER 10001:10001" in text and text.index("USER 10001:10001") < text.index("AS migrate")
    assert "--require-hashes" in text
    ignored = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*" and not {"!data", "!.git", "!deploy", "!tests"} & set(ignored)


def test_probes_ask_addresses_the_portal_has_under_a_name_it_answers_to() -> None:
    config = next(one for one in MANIFESTS if one["kind"] == "ConfigMap")["data"]
    web = _container("web")
    probes = {kind: web[kind]["httpGet"] for kind in ("startupProbe", "readinessProbe", "livenessProbe")}
    for probe in probes.values():
        assert resolve(probe["path"]).url_name in {"healthz", "readyz"}
        assert {"name": "Host", "value": config["ASL_ALLOWED_HOSTS"]} in probe["httpHeaders"]
        assert probe["port"] == web["ports"][0]["containerPort"] == 8000
    assert probes["startupProbe"]["path"] == "/readyz"
    assert "http://localhost:8000/healthz" in OURS["web"]["healthcheck"]["test"][-1]
    assert OURS["web"]["environment"]["ASL_ALLOWED_HOSTS"].startswith("localhost,")


def test_there_are_several_of_what_may_be_several_and_one_of_what_signs() -> None:
    replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in MANIFESTS if one["kind"] == "Deployment"}
    assert replicas == {"web": 3, "worker": 3, "scheduler": 1, "signer": 1}
    kept = {one["metadata"]["name"]: one["spec"]["minAvailable"] for one in MANIFESTS if one["kind"] == "PodDisruptionBudget"}
    assert kept == {"web": 2, "worker": 2}
    [service] = [one for one in MANIFESTS if one["kind"] == "Service"]
    assert service["spec"]["selector"] == {"app": "asl-portal", "role": "web"}


def test_nothing_may_speak_unless_a_policy_says_so() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in MANIFESTS if one["kind"] == "NetworkPolicy"}
    assert policies["nothing-by-default"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert all(port["port"] != 443 for port in policies["names-and-servers"]["egress"][1]["ports"])
    assert policies["pages-from-the-ingress"]["podSelector"]["matchLabels"]["role"] == "web"
    assert policies["webhooks"]["podSelector"]["matchLabels"] == {"app": "asl-portal", "role": "worker"}


def test_whoever_mails_may_reach_the_mail_server() -> None:
    """Web mails sign-in links, workers everything else; nobody else mails."""
    policies = {one["metadata"]["name"]: one["spec"] for one in MANIFESTS if one["kind"] == "NetworkPolicy"}
    [reached] = policies["mail"]["podSelector"]["matchExpressions"]
    assert (reached["key"], reached["operator"], reached["values"]) == ("role", "In", ["web", "worker"])
    assert {port["port"] for port in policies["mail"]["egress"][0]["ports"]} == {25, 465, 587}


def test_the_sign_in_provider_is_known_to_the_web_alone_and_asked_by_no_pod_that_was_not_told_to() -> None:
    assert {name for name, service in OURS.items() if any(each.startswith("ASL_OIDC_") for each in service["environment"])} == {"web"}
    policies = {one["metadata"]["name"]: one["spec"] for one in MANIFESTS if one["kind"] == "NetworkPolicy"}
    wanted = policies["sign-in-provider"]["podSelector"]["matchLabels"].items()
    labels = [_template(one)["metadata"]["labels"].items() for one in MANIFESTS if one["kind"] in {"Deployment", "Job", "CronJob"}]
    assert len(labels) == len(ROLES) and not [each for each in labels if wanted <= each]


def test_every_file_is_part_of_the_whole() -> None:
    kustomization = next(one for one in MANIFESTS if one["kind"] == "Kustomization")
    there = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == there
    assert {one["name"].removeprefix("asl-portal-") for one in kustomization["images"]} == set(ROLES)


def test_secrets_are_made_once_and_readable_through_a_closed_folder_alone(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((DEPLOY / "make-secrets.sh").read_bytes())
    made = []
    for _ in range(2):
        subprocess.run(["sh", script], check=True)
        made.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert {Path(one["file"]).name for one in COMPOSE["secrets"].values()} == made[0].keys()
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert len({made[0][name] for name in ("postgres_password", "owner_password", "app_password", "secret_key")}) == 4
    assert made[0]["database_url"] == f"postgresql://asl_app:{made[0]['app_password']}@postgres/asl"
    used = {name for service in COMPOSE["services"].values() for name in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])


def test_every_manifest_is_what_the_published_schemas_ask_for() -> None:
    for one in MANIFESTS:
        if one["kind"] != "Kustomization":
            assert kubernetes_validate.validate(one, "1.37", strict=True) == "1.37"
    misspelt = deepcopy(next(one for one in MANIFESTS if one["kind"] == "Deployment"))
    misspelt["spec"]["template"]["spec"]["securityContexts"] = misspelt["spec"]["template"]["spec"].pop("securityContext")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, "1.37", strict=True)


def test_the_compose_file_is_what_its_published_schema_asks_for(tmp_path: Path) -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    (tmp_path / "misspelt.yaml").write_text(text.replace("healthcheck:", "healthchecks:"))
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    checked = [
        subprocess.run([*command, file], capture_output=True, check=False).returncode
        for file in (DEPLOY / "compose.yaml", tmp_path / "misspelt.yaml")
    ]
    assert checked == [0, 1]


def test_every_container_says_what_it_needs_and_may_take_and_mounts_what_is_there() -> None:
    for name, pod in _pods():
        resources = _container(name)["resources"]
        assert resources["requests"].keys() == {"cpu", "memory"} and "memory" in resources["limits"], name
        mounted = {mount["name"] for mount in _container(name)["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}, name


def test_a_disruption_budget_is_of_pods_that_are_there_and_leaves_one_to_be_moved() -> None:
    deployments = {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == "Deployment"}
    for budget in (one for one in MANIFESTS if one["kind"] == "PodDisruptionBudget"):
        deployment = deployments[budget["metadata"]["name"]]
        assert budget["spec"]["selector"]["matchLabels"].items() <= _template(deployment)["metadata"]["labels"].items()
        assert budget["spec"]["minAvailable"] < deployment["spec"]["replicas"]


def test_no_secret_is_written_down_only_where_its_file_lies() -> None:
    secrets = set(re.findall(r"`(\w+)` ●", SETTINGS))
    assert {"DATABASE_URL", "ASL_SECRET_KEY"} <= secrets
    config = next(one for one in MANIFESTS if one["kind"] == "ConfigMap")["data"]
    told = [config, *({one["name"]: one["value"] for one in _container(name).get("env", [])} for name, _ in _pods())]
    assert not [name for each in told for name in each if name in secrets]
    assert not [one for one in MANIFESTS if one["kind"] == "Secret"]
    named = {volume["secret"]["secretName"] for _, pod in _pods() for volume in pod["volumes"] if "secret" in volume}
    assert named == {"asl-portal", "asl-portal-owner"}
    written = [
        name
        for service in COMPOSE["services"].values()
        for name, text in service.get("environment", {}).items()
        if name in secrets and text != f"${{{name}:-}}"
    ]
    assert not written


# What is sent to whoever builds the image


def sent(tree: Path) -> list[str]:
    """The files of a tree that .dockerignore lets through: the last pattern that fits a path, or a folder it is in, decides."""
    patterns = [line for line in (DEPLOY.parent / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    files = [path.relative_to(tree) for path in tree.rglob("*") if path.is_file()]
    return sorted(str(path) for path in files if not _kept_out(path, patterns))


def _kept_out(path: Path, patterns: list[str]) -> bool:
    out = False
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        regex = re.escape(bare).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(regex, str(one)) for one in (path, *path.parents)):
            out = not pattern.startswith("!")
    return out


SENT = {
    "asl_portal",
    "evaluations",
    "frameworks",
    "ledger",
    "people",
    "reviews",
    "static",
    "templates",
    "manage.py",
    "requirements.txt",
    "LICENSE",
}
# What lies about in a checkout in which somebody works.
LYING_ABOUT = (
    "data/keys/checkpoint.key",
    "deploy/secrets/secret_key",
    ".git/config",
    ".env",
    "tests/test_any.py",
    "backup.tar",
    "checkpoint.key",
)
LYING_ABOUT += (
    "people/__pycache__/models.cpython-311.pyc",
    ".venv/bin/python",
    "docs/faults.md",
    "benchmarks/any.py",
    ".mypy_cache/any.json",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What git knows of this tree, and what else may lie there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=DEPLOY.parent, check=True, capture_output=True, text=True).stdout
    tree = tmp_path / "checkout"
    for name in filter(None, listed.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(DEPLOY.parent / name, tree / name)
    for name in LYING_ABOUT:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("not to be sent")
    return tree


def test_the_image_is_sent_what_it_needs_and_nothing_else(checkout: Path, tmp_path: Path) -> None:
    names = sent(checkout)
    assert {name.split("/")[0] for name in names} == SENT
    assert not set(names) & set(LYING_ABOUT)
    tree = tmp_path / "sent"
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, tree / name)
    # As the container file does with it, and then as each role begins.
    environment = {
        "PATH": os.environ["PATH"],
        "ASL_SECRET_KEY": "for-collecting-static-files-only",
        "DATABASE_URL": "postgresql://nobody@localhost/none",
    }
    environment |= {
        "REDIS_URL": "redis://localhost:1/0",
        "ASL_STATIC_ROOT": str(tmp_path / "static"),
        "ASL_DATA_DIR": str(tmp_path / "data"),
    }
    begins = "import asl_portal.wsgi, asl_portal.celery; from django.core.management import get_commands, load_command_class as load; "
    begins += "[load(app, name) for name, app in get_commands().items() if app in ('asl_portal', 'ledger', 'evaluations')]"
    for words in (["manage.py", "collectstatic", "--noinput", "--verbosity", "0"], ["-c", begins]):
        done = subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").is_file()
