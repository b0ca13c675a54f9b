"""deploy/replicas/: the manifests are valid, the parts find each other, and each setting is one that there is.

`make replicas` runs the balancer with the file that is shipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from registry_sandbox import __version__
from registry_sandbox.settings import combined

FOLDER = Path(__file__).parents[2] / "deploy" / "replicas"
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()))
WORKLOADS = {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] in {"Deployment", "StatefulSet"}}
SANDBOX, STORE = WORKLOADS["registry-sandbox"], WORKLOADS["registry-sandbox-store"]
SERVICES = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
REPLICAS = [name for name in SERVICES if name.startswith("sandbox-")]
BALANCER = (FOLDER / "haproxy.cfg").read_text()
HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def named(manifest: dict[str, Any]) -> str:
    """Return kind and name of a manifest."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def of(kind: str, name: str) -> dict[str, Any]:
    """Return the manifest of this kind and name."""
    return next(each for each in MANIFESTS if named(each) == f"{kind} {name}")


def container(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the only container of a workload."""
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


class TestKubernetes:
    """kubernetes.yaml."""

    @pytest.mark.parametrize("manifest", MANIFESTS, ids=named)
    def test_each_manifest_is_valid(self, manifest: dict[str, Any]) -> None:
        """By the schemas of Kubernetes; an unknown member is an error too."""
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_the_parts_find_each_other(self, name: str) -> None:
        """By the labels of the pod, and by the name of its port."""
        workload, service = WORKLOADS[name], of("Service", name)
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert workload["spec"]["selector"]["matchLabels"] == service["spec"]["selector"] == labels
        (port,) = container(workload)["ports"]
        assert service["spec"]["ports"][0]["targetPort"] == port["name"]

    def test_a_drain_leaves_most_replicas(self) -> None:
        """All but one, by the labels of the pods."""
        budget = of("PodDisruptionBudget", "registry-sandbox")["spec"]
        assert budget["minAvailable"] == SANDBOX["spec"]["replicas"] - 1
        assert budget["selector"]["matchLabels"] == SANDBOX["spec"]["selector"]["matchLabels"]

    def test_the_replicas_take_these_settings_and_call_the_store(self) -> None:
        """By the name and the port of its service, with the password that the store asks for."""
        environment = {each["name"]: each.get("value", "a-secret") for each in container(SANDBOX)["env"]}
        password = environment.pop("STORE_PASSWORD")
        environment["SANDBOX_STORE"] = environment["SANDBOX_STORE"].replace("$(STORE_PASSWORD)", password)
        service = of("Service", "registry-sandbox-store")
        host, (port,) = service["metadata"]["name"], service["spec"]["ports"]
        assert combined({}, environment, {}, "").store == f"valkey://:{password}@{host}:{port['port']}/0"
        assert container(STORE)["args"][-2:] == ["--requirepass", "$(STORE_PASSWORD)"]

    def test_both_read_one_password(self) -> None:
        """Of one secret."""
        sandbox, store = (
            {each["name"]: each.get("valueFrom") for each in container(workload)["env"]}["STORE_PASSWORD"]
            for workload in (SANDBOX, STORE)
        )
        assert sandbox == store

    def test_the_probes_ask_for_what_they_mean(self) -> None:
        """A replica without its store is not ready, and is not killed."""
        probes = {each: container(SANDBOX)[f"{each}Probe"]["httpGet"]["path"] for each in ("liveness", "readiness")}
        assert probes == {"liveness": "/_sandbox/health/live", "readiness": "/_sandbox/health/ready"}

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_the_root_is_read_only_and_nobody_is_root(self, name: str) -> None:
        """As for one replica."""
        assert container(WORKLOADS[name])["securityContext"]["readOnlyRootFilesystem"]
        assert WORKLOADS[name]["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]

    def test_the_image_is_of_this_version(self) -> None:
        """As the other recipes are."""
        assert container(SANDBOX)["image"].endswith(f":{__version__}")

    def test_the_store_keeps_what_it_is_told(self) -> None:
        """On a volume, and never drops it to make room."""
        arguments = container(STORE)["args"]
        assert dict(zip(arguments[::2], arguments[1::2], strict=True)) | {"--requirepass": ""} == {
            "--dir": container(STORE)["volumeMounts"][0]["mountPath"],
            "--appendonly": "yes",
            "--appendfsync": "everysec",
            "--maxmemory-policy": "noeviction",
            "--requirepass": "",
        }


class TestCompose:
    """compose.yaml."""

    def test_it_is_valid(self) -> None:
        """By the schema of the Compose Specification."""
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
        done = subprocess.run([*command, str(FOLDER / "compose.yaml")], capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout

    def test_the_replicas_are_set_alike_and_call_the_store(self) -> None:
        """By the name of its service."""
        assert len(REPLICAS) == 3
        for each in REPLICAS:
            settings = combined({}, SERVICES[each]["environment"], {}, "")
            assert settings.store == "valkey://store:6379/0"
            assert "store" in SERVICES[each]["depends_on"]

    def test_only_the_balancer_is_reached_from_outside(self) -> None:
        """On this machine alone."""
        ports = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
        assert ports == {"balancer": ["127.0.0.1:8080:8080"]}

    def test_the_balancer_is_told_all_replicas_and_reads_the_shipped_file(self) -> None:
        """By the variables that the file has."""
        told = SERVICES["balancer"]["environment"]
        assert [told[f"SANDBOX_{number}"] for number in (1, 2, 3)] == [f"{name}:8080" for name in REPLICAS]
        assert {name for name in told if f'"${{{name}}}"' in BALANCER} == {*told}
        (mounted,) = SERVICES["balancer"]["volumes"]
        assert (FOLDER / mounted.split(":")[0]).exists()


@pytest.mark.skipif(HAPROXY is None, reason="SKIPPED: haproxy is not installed")
def test_the_balancers_file_is_valid() -> None:
    """By HAProxy itself, which warns of nothing."""
    told = {"BALANCER_BIND": "127.0.0.1:1", **{f"SANDBOX_{number}": "127.0.0.1:1" for number in (1, 2, 3)}}
    command = [str(HAPROXY), "-c", "-f", str(FOLDER / "haproxy.cfg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **told})  # noqa: S603
    assert (done.returncode, "WARNING" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr
