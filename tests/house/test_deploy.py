"""deploy/: the manifests are valid and say what the sandbox really has; dashboard and alerts read what it exposes.

Prometheus' own promtool checks the rest where it is installed.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from pathlib import Path

import httpx
import kubernetes_validate
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from registry_sandbox import __version__
from registry_sandbox.settings import combined
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import Faulty
from tests.stores import Server

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = {each["kind"]: each for each in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}
POD = MANIFESTS["Deployment"]["spec"]["template"]
CONTAINER = POD["spec"]["containers"][0]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
BOARD = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
EXPRESSIONS = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
ALERTS = [
    each
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    for each in group["rules"]
]
PROMTOOL = shutil.which("promtool")

with_promtool = pytest.mark.skipif(PROMTOOL is None, reason="SKIPPED: promtool is not installed (apt: prometheus)")

Exposed = Mapping[str, set[str]]
"""The names of samples with the names of their labels."""


@pytest.fixture(scope="module")
def text() -> Iterator[str]:
    """The metrics of a sandbox after an exchange of every kind: good, refused, faulty, and one that waits."""
    with RegistrySandbox(journal_size=2) as running, Faulty(running.base_url, running.control_url) as faulty:
        faulty.begin("read:503@x1")
        call = faulty.call("read")
        for _ in range(3):
            httpx.get(call.url, headers=call.headers)
        httpx.get(f"{running.base_url}/nothing")
        yield faulty.control.get("/metrics").text


@pytest.fixture(scope="module")
def exposed(text: str, store: Server) -> Exposed:
    """What is exposed, by a replica too; `instance` and `job` are Prometheus' own labels."""
    with RegistrySandbox(store=store.url) as replica:
        of_replica = httpx.get(f"{replica.control_url}/metrics").text
    found: dict[str, set[str]] = {
        "up": {"instance", "job"},
        "sandbox_exchanges_under_way": {"instance", "job", "state"},
    }
    for family in chain(text_string_to_metric_families(text), text_string_to_metric_families(of_replica)):
        for sample in family.samples:
            found.setdefault(sample.name, {"instance", "job"}).update(sample.labels)
    return found


def promtool(*arguments: str, given: str | None = None) -> None:
    """Let promtool check something."""
    done = subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, input=given, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


class TestKubernetes:
    """kubernetes.yaml."""

    @pytest.mark.parametrize("kind", ["Deployment", "Service", "PodDisruptionBudget"])
    def test_each_manifest_is_valid(self, kind: str) -> None:
        """By the schemas of Kubernetes; an unknown member is an error too."""
        kubernetes_validate.validate(MANIFESTS[kind], kubernetes_validate.latest_version(), strict=True)

    def test_the_parts_find_each_other(self) -> None:
        """By the labels of the pod, and by the name of its port."""
        labels = POD["metadata"]["labels"]
        assert MANIFESTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
        assert MANIFESTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
        assert MANIFESTS["Service"]["spec"]["selector"] == labels
        (port,) = CONTAINER["ports"]
        assert MANIFESTS["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
        assert {CONTAINER[f"{each}Probe"]["httpGet"]["port"] for each in ("liveness", "readiness")} == {port["name"]}

    def test_there_is_one_replica_and_never_two(self) -> None:
        """The state is in the memory of one process."""
        assert MANIFESTS["Deployment"]["spec"]["replicas"] == 1
        assert MANIFESTS["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}

    def test_the_sandbox_takes_these_settings_and_answers_the_probes(self) -> None:
        """With a control token, and called by the address of the pod."""
        environment = {each["name"]: each.get("value", "a secret") for each in CONTAINER["env"]}
        settings = combined({}, environment, {}, "")
        with RegistrySandbox(control_token=settings.control_token, base_url=settings.base_url) as running:
            host = {"Host": "10.0.0.7:8080"}
            for each in ("liveness", "readiness"):
                path = CONTAINER[f"{each}Probe"]["httpGet"]["path"]
                assert httpx.get(running.control_url.removesuffix("/_sandbox") + path, headers=host).status_code == 200
            scrape = POD["metadata"]["annotations"]["prometheus.io/path"]
            assert httpx.get(running.control_url + scrape.removeprefix("/_sandbox")).status_code == 403

    def test_the_image_is_of_this_version(self) -> None:
        """As the other recipes are."""
        assert CONTAINER["image"].endswith(f":{__version__}")

    def test_the_root_is_read_only_and_nobody_is_root(self) -> None:
        """As compose has it."""
        assert CONTAINER["securityContext"]["readOnlyRootFilesystem"]
        assert POD["spec"]["securityContext"]["runAsNonRoot"]


class TestCompose:
    """compose.yaml."""

    @pytest.mark.parametrize("file", ["deploy/compose.yaml", "compose.yaml"])
    def test_it_is_valid(self, file: str) -> None:
        """By the schema of the Compose Specification."""
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
        done = subprocess.run([*command, str(DEPLOY.parent / file)], capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout

    def test_what_it_mounts_is_there(self) -> None:
        """And is read at the place where the service looks for it."""
        mounts = [each.split(":") for service in COMPOSE["services"].values() for each in service.get("volumes", ())]
        assert all((DEPLOY / source).exists() for source, _, _ in mounts)
        home = COMPOSE["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        assert home in [target for _, target, _ in mounts]
        provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/sandbox.yaml").read_text())
        assert str(Path(home).parent) == provider["providers"][0]["options"]["path"]

    def test_prometheus_scrapes_the_sandbox(self) -> None:
        """By the name and the port of its service."""
        (job,) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())["scrape_configs"]
        (target,) = job["static_configs"][0]["targets"]
        name, port = target.split(":")
        assert COMPOSE["services"][name]["ports"] == [f"127.0.0.1:8080:{port}"]
        assert job["metrics_path"] == "/_sandbox/metrics"


class TestDashboard:
    """grafana/dashboard.json."""

    @pytest.mark.parametrize("expression", [*EXPRESSIONS, *(each["expr"] for each in ALERTS)])
    def test_every_metric_and_label_that_is_read_is_exposed(self, exposed: Exposed, expression: str) -> None:
        """In the dashboard and in the alerts."""
        read = re.findall(r"\b(up|sandbox_\w+|process_\w+)(?:\{([^}]*)\})?", expression)
        assert read
        known = {label for name, _ in read for label in exposed[name]}
        for name, matchers in read:
            assert {*re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers)} <= exposed[name]
        grouped = re.findall(r"by \(([^)]*)\)", expression)
        assert {label.strip() for each in grouped for label in each.split(",")} <= known

    def test_the_panels_do_not_overlap(self) -> None:
        """And each has an id of its own, inside the 24 columns."""
        panels = BOARD["panels"]
        assert len({each["id"] for each in panels}) == len(panels)
        places = [each["gridPos"] for each in panels]
        assert all(each["x"] + each["w"] <= 24 for each in places)
        for one, other in combinations(places, 2):
            apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert apart or below

    def test_every_query_has_what_grafana_needs(self) -> None:
        """A letter of its own in the panel, the data source that is chosen, and only variables that there are."""
        variables = {each["name"] for each in BOARD["templating"]["list"]}
        for panel in BOARD["panels"]:
            letters = [each["refId"] for each in panel["targets"]]
            assert len({*letters}) == len(letters)
            for target in panel["targets"]:
                assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
                assert {*re.findall(r"\$(\w+)", target["expr"])} <= {*variables, "__rate_interval"}

    def test_its_legends_name_labels_of_the_result(self) -> None:
        """Which are those that the query groups by."""
        for panel in BOARD["panels"]:
            for target in panel["targets"]:
                named = {*re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])}
                grouped = {
                    each.strip() for by in re.findall(r"by \(([^)]*)\)", target["expr"]) for each in by.split(",")
                }
                assert named == grouped - {"le"}

    @with_promtool
    def test_every_query_is_promql(self, tmp_path: Path) -> None:
        """Each is checked as the expression of a rule."""
        plain = [each.replace("$__rate_interval", "5m").replace("$instance", ".+") for each in EXPRESSIONS]
        rules = [{"record": f"query{number}", "expr": each} for number, each in enumerate(plain)]
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))
        promtool("check", "rules", str(tmp_path / "rules.yaml"))


class TestAlerts:
    """prometheus/alerts.yaml."""

    def test_each_says_what_is_wrong(self) -> None:
        """In a summary and a description, with a severity."""
        for each in ALERTS:
            assert {*each["annotations"]} == {"summary", "description"}
            assert each["labels"]["severity"] in ("critical", "warning")

    @with_promtool
    def test_they_rise_when_they_should(self) -> None:
        """As their own tests say."""
        promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yaml"))
        promtool("test", "rules", str(DEPLOY / "prometheus" / "alerts.test.yaml"))

    @with_promtool
    def test_prometheus_reads_the_metrics_and_has_nothing_to_say(self, text: str) -> None:
        """Names, types and help are as it wants them."""
        promtool("check", "metrics", given=text)
