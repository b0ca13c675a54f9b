"""The Testcontainers recipes run as they stand, with a stand-in for the library: its container is a sandbox of ours.

What needs a Docker engine is the library's own. What the recipes do with the control plane is really done.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox

RECIPES = (Path(__file__).parents[2] / "docs" / "testing-recipes.md").read_text()

PYTHON = """
class HttpWaitStrategy:
    def __init__(self, port, path): self.told = (port, path)
    def for_status_code(self, status): return self

class DockerContainer:
    def __init__(self, image): self.image = image
    def with_exposed_ports(self, *ports): self.ports = ports; return self
    def with_env(self, name, value): self.env = (name, value); return self
    def waiting_for(self, strategy): return self
    def __enter__(self): return self
    def __exit__(self, *about): pass
    def get_container_host_ip(self): return "127.0.0.1"
    def get_exposed_port(self, port): import os; return int(os.environ["PORT"])
"""
JAVA = {
    "containers/GenericContainer": "public class GenericContainer<T> { "
    "public GenericContainer(org.testcontainers.utility.DockerImageName name) {} "
    "public GenericContainer<T> withExposedPorts(Integer... ports) { return this; } "
    "public GenericContainer<T> waitingFor(Object strategy) { return this; } "
    'public String getHost() { return "127.0.0.1"; } '
    'public Integer getMappedPort(int port) { return Integer.valueOf(System.getenv("PORT")); } }',
    "containers/wait/strategy/Wait": "public class Wait { "
    "public static Wait forHttp(String path) { return new Wait(); } "
    "public Wait forPort(int port) { return this; } public Wait forStatusCode(int status) { return this; } }",
    "utility/DockerImageName": "public class DockerImageName { "
    "public static DockerImageName parse(String name) { return new DockerImageName(); } }",
}
JAVA_MAIN = """
class Main {
    public static void main(String[] arguments) throws Exception {
        RegistrySandboxContainer sandbox = new RegistrySandboxContainer();
        sandbox.fault("read:503@x1");
        System.out.println(sandbox.baseUrl() + " " + sandbox.token() + " " + sandbox.journal().contains("exchanges"));
        if (arguments.length > 0) sandbox.reset();
    }
}
"""
NODE = """
class Container {
  withExposedPorts() { return this; }
  withWaitStrategy() { return this; }
  async start() { return this; }
  async stop() {}
  getHost() { return "127.0.0.1"; }
  getMappedPort() { return Number(process.env.PORT); }
}
export class GenericContainer extends Container {}
const strategy = { forStatusCode: () => strategy };
export const Wait = { forHttp: () => strategy };
"""
NODE_MAIN = """
import { startSandbox } from "./recipe.mjs";
const sandbox = await startSandbox();
await sandbox.fault("read:503@x1");
console.log(sandbox.baseUrl, await sandbox.token(), Array.isArray((await sandbox.journal()).exchanges));
if (process.argv.length > 2) await sandbox.reset();
await sandbox.stop();
"""
PYTHON_MAIN = """
import sys
from recipe import sandbox_in_a_container
sandboxes = sandbox_in_a_container()
sandbox = next(sandboxes)
sandbox.fault("read:503@x1")
print(sandbox.base_url, sandbox.token(), isinstance(sandbox.journal.exchanges(), list))
if sys.argv[1:]:
    sandbox.reset()
next(sandboxes, None)
"""


def recipe(language: str) -> str:
    """The block of the page that uses Testcontainers."""
    blocks = re.findall(rf"```{language}\n(.*?)```", RECIPES, re.DOTALL)
    (found,) = (block for block in blocks if "testcontainers" in block)
    return str(found)


def python(folder: Path) -> list[str]:
    """Write the recipe and the stand-in, and return the command."""
    core = folder / "testcontainers" / "core"
    core.mkdir(parents=True)
    for name in ("container", "wait_strategies"):
        (core / f"{name}.py").write_text(PYTHON)
    (folder / "recipe.py").write_text(recipe("python"))
    (folder / "main.py").write_text(PYTHON_MAIN)
    return [sys.executable, "main.py"]


def java(folder: Path) -> list[str]:
    """Write and compile the recipe and the stand-in, and return the command."""
    sources = {"RegistrySandboxContainer": recipe("java"), "Main": JAVA_MAIN}
    for path, text in JAVA.items():
        package = "org.testcontainers." + path.rpartition("/")[0].replace("/", ".")
        sources[f"org/testcontainers/{path}"] = f"package {package}; {text}"
    for path, text in sources.items():
        (folder / f"{path}.java").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{path}.java").write_text(text)
    compiled = subprocess.run(  # noqa: S603 - the recipe of our own page
        [found("javac"), *(f"{path}.java" for path in sources)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert compiled.returncode == 0, compiled.stderr
    return [found("java"), "Main"]


def javascript(folder: Path) -> list[str]:
    """Write the recipe and the stand-in, and return the command."""
    library = folder / "node_modules" / "testcontainers"
    library.mkdir(parents=True)
    (library / "package.json").write_text('{"name": "testcontainers", "type": "module", "exports": "./index.js"}')
    (library / "index.js").write_text(NODE)
    (folder / "recipe.mjs").write_text(recipe("javascript"))
    (folder / "main.mjs").write_text(NODE_MAIN)
    return [found("node"), "main.mjs"]


def found(tool: str) -> str:
    """Where a tool is; the test is skipped where it is not."""
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"this machine has no {tool}")
    return path


@pytest.mark.parametrize("prepare", [python, java, javascript])
def test_a_recipe_steers_the_sandbox(
    tmp_path: Path, running: RegistrySandbox, prepare: Callable[[Path], list[str]]
) -> None:
    """It knows the base, gets a token that the registry takes, sets a fault, reads the journal and resets."""
    running.reset()
    command = prepare(tmp_path)
    port = httpx.URL(running.base_url).port
    environment = {**os.environ, "PORT": str(port), "http_proxy": "", "HTTP_PROXY": ""}
    for more, faults in ([], ["http-1"]), (["reset"], []):
        ran = subprocess.run(  # noqa: S603 - the recipe of our own page
            [*command, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        base, token, journal = ran.stdout.split()
        assert (base, journal.lower()) == (running.base_url, "true")
        assert running.control.json("GET", "/health")["faults"] == faults
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{running.base_url}/Appointment/booked-tomorrow", headers=bearer).status_code == 200
