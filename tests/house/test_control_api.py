"""The control plane: the clock, the faults, the journal, the document, the console; and who may call."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from registry_sandbox import __version__
from registry_sandbox.control import console
from registry_sandbox.faults.rule import rule_schema
from registry_sandbox.testing.builders import appointment
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED, Faulty

PAGE = Path(__file__).parents[2] / "docs" / "control-api.md"


@pytest.fixture
def faulty(running: RegistrySandbox) -> Iterator[Faulty]:
    """A sandbox as at its start."""
    with Faulty(running.base_url, running.control_url) as faulty:
        faulty.begin()
        yield faulty
        for noun in ("workspaces", "snapshots"):  # a test that sends everything makes some, and a reset leaves them
            for each in faulty.control.get(f"/{noun}").json()[noun]:
                faulty.control.delete(f"/{noun}/{each['name']}")
        faulty.control.post("/reset")


def read(faulty: Faulty) -> int:
    """Read the booked appointment, and give the status."""
    call = faulty.call("read")
    return httpx.get(call.url, headers=call.headers).status_code


class TestHealth:
    """GET /_sandbox/health, and below it what probes ask for."""

    @pytest.mark.parametrize("probe", ["live", "ready"])
    def test_a_probe_is_answered(self, faulty: Faulty, probe: str) -> None:
        """With one word, to HEAD too, whatever the Host: an orchestrator calls by the address of the pod."""
        answer = faulty.control.get(f"/health/{probe}", headers={"Host": "10.0.0.7:8080"})
        assert (answer.status_code, answer.json()) == (200, {"status": probe})
        assert faulty.control.head(f"/health/{probe}").status_code == 200
        refused = faulty.control.post(f"/health/{probe}")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    ["/_sandbox/health", "/_sandbox/events", "/_sandbox/nothing", "/", "/nothing", "/oauth2/token", "/STU3/nothing"],
)
def test_every_answer_names_the_sandbox_and_nothing_that_it_is_made_of(running: RegistrySandbox, path: str) -> None:
    """Whichever handler answers: the version of an interpreter is nobody's business."""
    with httpx.stream("GET", f"{running.control_url.removesuffix('/_sandbox')}{path}") as answer:
        assert answer.headers["Server"] == f"appointment-registry-sandbox/{__version__}"


class TestClock:
    """GET and PUT /_sandbox/clock."""

    def test_it_is_set_advanced_and_frozen(self, faulty: Faulty) -> None:
        """In this order, in one call too."""
        order = {"now": "2031-01-01T12:00:00+01:00", "advance": "-30m", "frozen": True}
        assert faulty.control.put("/clock", json=order).json() == {
            "now": "2031-01-01T10:30:00.000+00:00",
            "frozen": True,
        }
        assert faulty.control.put("/clock", json={"advance": "1d"}).json()["now"] == "2031-01-02T10:30:00.000+00:00"
        assert faulty.control.put("/clock", json={"frozen": False}).json()["frozen"] is False

    def test_moving_it_expires_tokens_and_opens_windows(self, faulty: Faulty) -> None:
        """Everything follows the one clock."""
        faulty.begin("read:503@1h..2h")
        assert read(faulty) == 200
        faulty.control.put("/clock", json={"advance": "90m"})
        assert read(faulty) == 403
        faulty.token = faulty.control.get("/token").text.strip()
        assert read(faulty) == 503

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({}, "expected now, advance or frozen"),
            ({"now": "tomorrow"}, "clock.now"),
            ({"now": "2031-01-01T12:00:00"}, "expected an instant with a time zone"),
            ({"now": "9999-12-31T23:59:59-14:00"}, "clock.now"),
            ({"advance": "300000d"}, "clock.advance"),
            ({"advance": "1 day"}, "clock.advance"),
            ({"frozen": "yes"}, "clock.frozen"),
            ({"freeze": True}, "freeze"),
            ([], "clock: []"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_applied(self, faulty: Faulty, body: Any, named: str) -> None:
        """400, naming the place."""
        faulty.control.put("/clock", json={"frozen": True})
        before = faulty.control.get("/clock").json()
        refused = faulty.control.put("/clock", json=body)
        assert refused.status_code == 400
        assert named in refused.json()["error"]
        assert faulty.control.get("/clock").json() == before


class TestFaults:
    """GET, POST, PUT, DELETE /_sandbox/faults."""

    def test_one_is_added_counted_and_deleted(self, faulty: Faulty) -> None:
        """By a short form as a JSON string, or by an object."""
        added = faulty.control.post("/faults", json="read:503@x1")
        assert (added.status_code, added.headers["Location"]) == (201, "/_sandbox/faults/http-1")
        assert [read(faulty), read(faulty)] == [503, 200]
        told = faulty.control.get("/faults/http-1").json()
        assert (told["matched"], told["fired"], told["source"]) == (2, 1, "http")
        assert faulty.control.get("/health").json()["faults"] == ["http-1"]
        assert faulty.control.delete("/faults/http-1").status_code == 204
        assert faulty.control.get("/faults/http-1").status_code == 404

    def test_the_newest_comes_first(self, faulty: Faulty) -> None:
        """And DELETE brings the older back."""
        faulty.control.post("/faults", json="read:503")
        faulty.control.post("/faults", json={"id": "mine", "then": {"status": 504}})
        assert read(faulty) == 504
        faulty.control.delete("/faults/mine")
        assert read(faulty) == 503

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"then": {"status": 500}, "then": {"status": 501}}',
            b'{"then": {"delay": NaN}}',
            b"[" * 100_000,
            b'{"faults": "read:500"}',
            b'{"faults": ["read:500", "read:fivehundred"]}',
            b'{"faults": ["read:500"], "more": 1}',
            b'["read:500"]',
        ],
    )
    def test_put_is_all_or_nothing(self, faulty: Faulty, body: bytes) -> None:
        """One bad rule, and what was there before stays."""
        faulty.control.put("/faults", json={"faults": ["read:504"]})
        refused = faulty.control.put("/faults", content=body)
        assert refused.status_code == 400
        assert refused.json()["error"]
        assert read(faulty) == 504

    def test_an_id_that_is_taken_is_a_conflict(self, faulty: Faulty) -> None:
        """A sentinel's too."""
        for taken in ("sentinel-read-500", "fired"):
            assert faulty.control.post("/faults", json={"id": taken, "then": {"status": 500}}).status_code == 409

    def test_a_rule_with_a_ttl_says_until_when(self, faulty: Faulty) -> None:
        """On the sandbox's clock."""
        faulty.control.put("/clock", json={"now": "2031-01-01T12:00:00Z", "frozen": True})
        added = faulty.control.post("/faults", json={"ttl": "1m", "then": {"status": 500}}).json()
        assert added["until"] == "2031-01-01T12:01:00.000+00:00"
        faulty.control.put("/clock", json={"advance": "1m"})
        assert faulty.control.get(f"/faults/{added['id']}").status_code == 404

    def test_what_fired_can_be_replayed(self, faulty: Faulty) -> None:
        """Frozen as YAML, put in force after a reset: the same requests fail."""
        faulty.begin("read:503@50%")
        seen = [read(faulty) for _ in range(20)]
        assert set(seen) == {200, 503}
        frozen = faulty.control.get("/faults/fired", params={"format": "yaml"})
        assert frozen.headers["Content-Type"] == "application/yaml; charset=utf-8"
        assert faulty.control.get("/faults/fired").json()["total"] == seen.count(503)
        faulty.begin(*yaml.safe_load(frozen.text)["faults"])
        assert [read(faulty) for _ in range(20)] == seen

    def test_the_rules_in_force_are_a_fault_file(self, faulty: Faulty) -> None:
        """As YAML, in order."""
        faulty.begin("read:503@10%", {"id": "slow", "then": {"delay": "1s"}})
        told = yaml.safe_load(faulty.control.get("/faults", params={"format": "yaml"}).text)
        assert [each["id"] for each in told["faults"]] == ["http-1", "slow"]


class TestJournal:
    """GET and DELETE /_sandbox/journal."""

    def test_the_filters(self, faulty: Faulty) -> None:
        """Each alone, and together."""
        faulty.begin("read:503@x1")
        read(faulty)
        read(faulty)
        httpx.get(f"{faulty.base}/Appointment/{BOOKED}")

        def numbers(**filters: str) -> list[int]:
            return [each["number"] for each in faulty.control.get("/journal", params=filters).json()["exchanges"]]

        assert numbers() == [1, 2, 3]
        assert numbers(since="1") == [2, 3]
        assert numbers(since="2031-01-01T00:00:00Z") == []
        assert numbers(status="503") == [1]
        assert numbers(status="4xx") == [3]
        assert numbers(client="sandbox-client") == [1, 2]
        assert numbers(interaction="read", status="200") == [2]
        assert numbers(fault="http-1") == [1]
        assert (numbers(limit="2"), numbers(limit="0"), numbers(limit="1", status="503")) == ([2, 3], [], [1])
        base = "https://fhir.nhs.uk/Id/nhs-number|9990001111"
        registered = faulty.call("register")
        headers = {**registered.headers, "Content-Type": "application/fhir+json"}
        new = appointment(nhs_number="9990002223")
        logical_id = httpx.post(registered.url, headers=headers, json=new).json()["id"]
        httpx.post(registered.url, headers=headers, json={"text": "of 9990003335, refused"})
        httpx.get(registered.url, headers=headers, params={"Patient": base})
        httpx.get(f"{faulty.base}/metadata")
        assert (numbers(id=BOOKED), numbers(id=logical_id), numbers(id="other")) == ([1, 2, 3], [4], [])
        assert (numbers(patient="9990002223"), numbers(patient="9990003335")) == ([4], [5])
        assert (numbers(patient="9990001111"), numbers(patient="9990009999")) == ([6], [])
        assert (numbers(path="/STU3/meta"), numbers(path="/STU3/Appointment"), numbers(path="/x")) == (
            [7],
            [1, 2, 3, 4, 5, 6],
            [],
        )
        assert faulty.control.delete("/journal").status_code == 204
        assert numbers() == []

    @pytest.mark.parametrize(
        "query",
        [
            "status=often",
            "since=yesterday",
            "interaction=x",
            "status=200&status=201",
            "limit=-1",
            "limit=x",
            "format=xml",
            "patient=1",
            "verbose=1",
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, faulty: Faulty, query: str) -> None:
        """400, saying what can."""
        refused = faulty.control.get(f"/journal?{query}")
        assert (refused.status_code, "expected" in refused.json()["error"]) == (400, True)

    def test_what_the_profiles_warn_of_is_noted(self, faulty: Faulty) -> None:
        """An appointment that ends before it starts is taken, as the pages' own sample is, with a warning."""
        for end in ("2031-05-06T09:00:00Z", "2031-05-06T10:00:00Z"):
            body = appointment(start="2031-05-06T09:30:00Z", end=end)
            headers = {"Authorization": f"Bearer {faulty.token}"}
            assert httpx.post(f"{faulty.base}/Appointment", json=body, headers=headers).status_code == 201
        odd, plain = faulty.control.get("/journal").json()["exchanges"]
        assert "ends before it starts" in odd["warnings"][0]
        assert "warnings" not in plain

    def test_no_token_is_in_it(self, faulty: Faulty) -> None:
        """Neither what was sent nor what was handed out."""
        call = faulty.call("token")
        token = httpx.post(call.url, headers=call.headers, content=call.body).json()["access_token"]
        read(faulty)
        told = faulty.control.get("/journal").text
        assert token.rpartition(".")[2] not in told
        assert "sandbox-secret" not in told
        assert '"interaction": "token"' in told


class TestReset:
    """POST /_sandbox/reset."""

    def test_it_returns_to_the_exact_start(self, faulty: Faulty) -> None:
        """The registry, the faults, the clock, the journal, and the ids that come next."""
        faulty.control.put("/clock", json={"now": "2031-01-01T12:00:00Z", "frozen": True})
        faulty.begin()

        def run() -> list[str]:
            faulty.begin("register:commit+503@50%")
            calls = [faulty.call("register") for _ in range(4)]
            answers = [httpx.post(call.url, headers=call.headers, content=call.body) for call in calls]
            return [f"{answer.status_code} {answer.headers.get('Location')}" for answer in answers] + [
                each["id"] for each in faulty.registered()
            ]

        assert run() == run()
        told = faulty.control.post("/reset").json()
        assert (told["faults"], told["journal"]["exchanges"], told["clock"]["frozen"]) == ([], 0, False)
        assert faulty.registered() == []


class TestDocument:
    """GET /_sandbox/openapi.json."""

    def test_it_tells_of_every_operation_that_there_is(self, faulty: Faulty) -> None:
        """Each path and method of the control plane answers something else than 404 and 405; the FHIR side is there."""
        document = faulty.control.get("/openapi.json").json()
        assert document["openapi"] == "3.1.0"
        assert document["components"]["schemas"]["Fault"] == rule_schema()
        assert "put" in document["paths"]["/STU3/Appointment/{id}"]
        origin = faulty.base.removesuffix("/STU3")
        for path, by_method in document["paths"].items():
            for method in by_method:
                if path == "/_sandbox/events":  # it has no end
                    assert httpx.head(origin + path).status_code == 200
                elif path.startswith("/_sandbox"):
                    faulty.control.post("/reset").raise_for_status()  # a DELETE before may have taken the rule away
                    read(faulty)  # so that the journal has an exchange 1
                    known = "1" if "/journal/" in path else "sentinel-read-500"
                    if "/exam/" in path:
                        known = "read-once"
                        faulty.control.post("/exam", json={"scenarios": [known]}).raise_for_status()
                    for noun in ("workspaces", "snapshots"):  # 409 where nothing has ended it
                        faulty.control.post(f"/{noun}", json={"name": known})
                    answer = httpx.request(method, origin + path.replace("{id}", known))
                    assert answer.status_code not in (404, 405), (method, path)

    def test_every_reference_leads_somewhere_and_names_are_distinct(self, faulty: Faulty) -> None:
        """As generators of clients need it."""
        answer = faulty.control.get("/openapi.json")
        document = answer.json()
        for name in re.findall(r'"#/components/schemas/(\w+)"', answer.text):
            assert name in document["components"]["schemas"]
        names = [each["operationId"] for by_method in document["paths"].values() for each in by_method.values()]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize(
        ("method", "path", "statuses"),
        [
            ("get", "/STU3/Appointment/{id}", {"200", "304", "400", "403", "404", "406", "429", "503"}),
            ("post", "/STU3/Appointment", {"201", "400", "403", "406", "408", "413", "415", "422", "429", "503"}),
            ("post", "/oauth2/token", {"200", "400", "401", "503"}),
            ("post", "/_sandbox/reset", {"200", "4XX", "503"}),
        ],
    )
    def test_it_lists_every_status_that_occurs(
        self, faulty: Faulty, method: str, path: str, statuses: set[str]
    ) -> None:
        """Those of bounds and of rates too."""
        paths = faulty.control.get("/openapi.json").json()["paths"]
        assert set(paths[path][method]["responses"]) - {"500"} == statuses

    def test_the_page_lists_every_call(self, faulty: Faulty) -> None:
        """docs/control-api.md."""
        paths = faulty.control.get("/openapi.json").json()["paths"]
        page = PAGE.read_text()
        assert [
            path for path in paths if path.startswith("/_sandbox") and path.removeprefix("/_sandbox") not in page
        ] == []


class TestConsole:
    """GET / and the files of the page."""

    def test_it_is_a_page_that_loads_nothing_from_elsewhere(self, faulty: Faulty) -> None:
        """Its policy admits the page's own files and calls to this server; no script or style stands in the page."""
        root = faulty.base.removesuffix("STU3")
        page = httpx.get(root, headers={"Accept": "text/html"})
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = dict(each.strip().split(" ", 1) for each in page.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["connect-src"] == f"'self' {root.rstrip('/')}"
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//|<style|<script(?![^>]* src=)| style=| on\w+=", page.text)

    def test_each_of_its_files_is_answered_with_its_type(self, faulty: Faulty) -> None:
        """And with 304 to whoever has it; nothing else of the folder, and nothing beside it."""
        root = faulty.base.removesuffix("STU3")
        folder = Path(console.__file__).parent
        for file in (each for each in folder.rglob("*") if each.suffix in (".js", ".css", ".svg")):
            name = file.relative_to(folder).as_posix()
            answer = httpx.get(f"{root}console/{name}")
            assert (answer.status_code, answer.content) == (200, file.read_bytes())
            assert ("javascript" in answer.headers["Content-Type"]) == (file.suffix == ".js")
            again = httpx.get(f"{root}console/{name}", headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
        for other in ("__init__.py", "vendor/README.md", "../guard.py", "%2e%2e/guard.py", "views", "none.js"):
            assert httpx.get(f"{root}console/{other}").status_code == 404
        assert httpx.post(f"{root}console/app.js").status_code == 405

    def test_no_script_makes_html_of_texts(self) -> None:
        """Nothing but the library knows how, and it is asked for it nowhere."""
        folder = Path(console.__file__).parent
        ours = [each for each in folder.rglob("*.js") if each.parent.name != "vendor"]
        assert len(ours) > 20
        for file in ours:
            assert not re.findall(
                r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|dangerously"
                r"|(?:src|href|from) ?=? ?[`\"']https?://",
                file.read_text(encoding="utf-8").replace("${", ""),
            ), file.name

    def test_every_view_is_a_module_of_less_than_two_hundred_lines(self) -> None:
        """As every other script of the page."""
        for file in Path(console.__file__).parent.rglob("*.js"):
            if file.parent.name != "vendor":
                assert len(file.read_text(encoding="utf-8").splitlines()) < 200, file.name

    def test_for_json_it_is_the_list_of_paths_and_where_the_registry_is(self, faulty: Faulty) -> None:
        """All that is answered."""
        told = httpx.get(faulty.base.removesuffix("STU3"), headers={"Accept": "application/json"}).json()
        assert {"/STU3", "/oauth2/token", "/_sandbox/faults", "/_sandbox/check/token"} <= set(told["paths"])
        assert (told["base_url"], told["auth"]) == (faulty.base, "registry")
        assert httpx.get(told["token_url"]).status_code == 405

    def test_beside_a_control_port_it_knows_the_registrys_own_address(self) -> None:
        """And its policy lets it call there."""
        with RegistrySandbox(random_seed=1, control_port=0) as apart:
            root = apart.control_url.removesuffix("_sandbox")
            page = httpx.get(root)
            told = httpx.get(root, headers={"Accept": "application/json"}).json()
            assert told["base_url"] == apart.base_url
            assert apart.base_url.removesuffix("/STU3") in page.headers["Content-Security-Policy"]
            assert httpx.get(f"{root}console/app.js").status_code == 200

    def test_the_registrys_own_port_lists_no_path_of_the_control_plane(self) -> None:
        """So the page can say that the console is elsewhere."""
        with RegistrySandbox(random_seed=1, control_port=0) as apart:
            told = httpx.get(apart.base_url.removesuffix("STU3"), headers={"Accept": "application/json"}).json()
            assert "/oauth2/token" in told["paths"]
            assert [path for path in told["paths"] if "/_sandbox" in path] == []

    @pytest.mark.parametrize("path", ["console", "console/"])
    def test_who_looks_for_it_below_console_is_sent_to_the_root(self, faulty: Faulty, path: str) -> None:
        """By a relative reference, as a proxy may change what stands before it."""
        root = faulty.base.removesuffix("STU3")
        sent = httpx.get(root + path)
        assert (sent.status_code, str(sent.next_request and sent.next_request.url)) == (308, root)


class TestCheck:
    """POST /_sandbox/check/fault and /check/token."""

    def test_a_rule_is_told_in_words_and_put_nowhere(self, faulty: Faulty) -> None:
        """With its short form, where it has one."""
        told = faulty.control.post("/check/fault", json="cancel:commit+reset@x1").json()
        assert told["words"] == "On cancel: the write is made first, and then: breaks the connection. Once."
        assert (told["short"], told["rule"]["when"]) == ("cancel:commit+reset@x1", {"times": 1})
        long = faulty.control.post("/check/fault", json={"match": {"client": "a"}, "then": {"status": 503}}).json()
        assert long["short"] == ""
        refused = faulty.control.post("/check/fault", json="cancel:700")
        assert (refused.status_code, "from 400 to 599" in refused.json()["error"]) == (400, True)
        assert [each for each in faulty.control.get("/faults").json()["faults"] if each["source"] == "http"] == []

    def test_a_rule_in_force_is_told_in_the_same_words(self, faulty: Faulty) -> None:
        """By the list and by POST."""
        posted = faulty.control.post("/faults", json="read:503@10%").json()
        told = "On read: answers an error instead of the interaction (status 503). In 10 % of the matches."
        assert (posted["words"], posted["short"]) == (told, "read:503@10%")
        assert faulty.control.get("/faults").json()["faults"][0]["words"] == told

    def test_a_token_is_judged_as_the_registry_judges_it(self, faulty: Faulty) -> None:
        """The problems are those of the 403; a good one says whose it is."""
        good = faulty.control.get("/token", params={"client": "sandbox-reader"}).text
        assert faulty.control.post("/check/token", json={"token": f" {good}\n"}).json() == {
            "valid": True,
            "problems": [],
            "client": "sandbox-reader",
            "may_write": False,
        }
        bad = faulty.control.get("/token", params={"expires_in": "-60", "claim.aud": "x"}).text
        faulty.control.put("/clock", json={"frozen": True})  # the problems name the second
        told = faulty.control.post("/check/token", json={"token": bad}).json()
        outcome = httpx.get(f"{faulty.base}/Appointment/1", headers={"Authorization": f"Bearer {bad}"}).json()
        faulty.control.put("/clock", json={"frozen": False})
        assert told == {"valid": False, "problems": [each["diagnostics"] for each in outcome["issue"]]}

    @pytest.mark.parametrize("body", ["{}", "[]", '{"token": 1}', '{"token": "a", "more": 1}', '"a"'])
    def test_what_names_no_token_is_refused(self, faulty: Faulty, body: str) -> None:
        """The message says what was expected."""
        refused = faulty.control.post("/check/token", content=body)
        assert (refused.status_code, refused.json()["error"]) == (
            400,
            'The body is not {"token": "..."}; expected this single key with a text.',
        )


class TestGuard:
    """Who may call."""

    def test_a_foreign_page_may_not(self, faulty: Faulty) -> None:
        """Its Origin gives it away; this server's own console may."""
        assert faulty.control.post("/reset", headers={"Origin": "https://evil.example"}).status_code == 403
        own = faulty.base.removesuffix("/STU3")
        assert faulty.control.post("/reset", headers={"Origin": own}).status_code == 200

    def test_names_of_hosts_are_compared_in_any_case(self, faulty: Faulty) -> None:
        """A browser writes its Origin in lower case, whatever was typed."""
        port = faulty.base.removesuffix("/STU3").rpartition(":")[2]
        headers = {"Origin": f"http://localhost:{port}", "Host": f"LocalHost:{port}"}
        assert faulty.control.post("/reset", headers=headers).status_code == 200

    @pytest.mark.parametrize(("method", "path"), [("GET", "/health"), ("POST", "/reset"), ("GET", "/openapi.json")])
    def test_unknown_parameters_are_refused(self, faulty: Faulty, method: str, path: str) -> None:
        """Of every operation, those without any included."""
        refused = faulty.control.request(method, path, params={"colour": "red"})
        assert refused.status_code == 400
        assert "'colour'" in refused.json()["error"]

    def test_a_name_that_is_no_loopback_name_may_not(self, faulty: Faulty) -> None:
        """As after a DNS rebinding."""
        assert faulty.control.get("/faults", headers={"Host": "evil.example"}).status_code == 403
        assert faulty.control.get("/faults", headers={"Host": "localhost:1"}).status_code == 200

    def test_with_a_token_set_only_it_opens_the_door(self) -> None:
        """Health alone needs none."""
        with RegistrySandbox(random_seed=1, control_token="open") as running, httpx.Client() as client:
            for each in ("health", "health/live", "health/ready"):
                assert client.get(f"{running.control_url}/{each}").status_code == 200
            for each in ("faults", "health/dead", "health/"):
                assert client.get(f"{running.control_url}/{each}").status_code == 403
            for wrong in ("Basic open", "Bearer shut", "open", "Bearer"):
                sent = client.get(f"{running.control_url}/faults", headers={"Authorization": wrong})
                assert sent.status_code == 403
            good = client.get(f"{running.control_url}/faults", headers={"Authorization": "Bearer open"})
            assert good.status_code == 200
