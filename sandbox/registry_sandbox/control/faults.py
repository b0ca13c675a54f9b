"""/_sandbox/faults: list, add, replace and delete the rules in force, and export what fired for a replay."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, parameters, refused_for
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.live_rule import LiveRule, NearMiss
from registry_sandbox.faults.near_misses import near_misses
from registry_sandbox.faults.replay_export import replay_rules
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.rule_set import read_either, read_rules
from registry_sandbox.faults.short_form_writer import short_form
from registry_sandbox.faults.words import in_words
from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.json_response import json_response, plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.workspace import Workspace

_FORMAT = {"format": "yaml or json; YAML is what --fault-file reads"}
_ONE = {"anyOf": [{"$ref": "#/components/schemas/Fault"}, {"type": "string", "description": "a short form"}]}
_MANY = {
    "type": "object",
    "properties": {"faults": {"type": "array", "items": _ONE}},
    "required": ["faults"],
    "additionalProperties": False,
}
_LIVE = {"$ref": "#/components/schemas/LiveFault"}
_LIST = {"type": "object", "properties": {"faults": {"type": "array", "items": _LIVE}}}

_FIRED = {"type": "object", "properties": {"fired": {"type": "array"}, "total": {"type": "integer"}}}
_EITHER = ("application/json", "application/yaml")


def operations(workspace: Workspace, root: str) -> list[Operation]:
    """Return the operations; `root` is the path of the control plane."""
    faults = _Faults(workspace, root)
    created, gone = HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
    return [
        Operation(
            "GET",
            "/faults",
            faults.all,
            "The rules in force, by precedence.",
            _FORMAT,
            answers=_LIST,
            media_types=_EITHER,
        ),
        Operation("POST", "/faults", faults.add, "Put one rule in force.", body=_ONE, status=created, answers=_LIVE),
        Operation("PUT", "/faults", faults.replace, "Replace all that were set over HTTP.", body=_MANY, answers=_LIST),
        Operation("DELETE", "/faults", faults.clear, "Delete all that were set over HTTP.", status=gone),
        Operation(
            "GET",
            "/faults/fired",
            faults.fired,
            "What fired; as YAML, rules that replay it.",
            _FORMAT,
            answers=_FIRED,
            media_types=_EITHER,
        ),
        Operation("GET", "/faults/{id}", faults.one, "One rule, and why it did not fire.", answers=_LIVE),
        Operation(
            "DELETE",
            "/faults/{id}",
            faults.remove,
            "Delete a rule, until a reset brings back what was there at the start.",
            status=gone,
        ),
    ]


class _Faults:
    def __init__(self, workspace: Workspace, root: str) -> None:
        self._engine = workspace.engine
        self._journal = workspace.journal
        self._service = workspace.service
        self._root = root

    def all(self, request: Request, _: str) -> Response:
        """List the rules in force."""
        if _wants_yaml(request):
            rules = [dict(live.rule.spec) for live in self._engine if live.source != "sentinel"]
            return _yaml_answer({"faults": rules})
        return json_response(HTTPStatus.OK, {"faults": [_described(live) for live in self._engine]})

    def add(self, request: Request, _: str) -> Response:
        """Put one rule in force, before all others that came over HTTP."""
        with refused_for(BadFault):
            rule = read_either(json_body(request), "fault", self._engine.new_id())
        self._require_free(rule, [live.rule.id for live in self._engine])
        live = self._engine.put(rule)
        headers = {"Location": f"{self._root}/faults/{rule.id}"}
        return json_response(HTTPStatus.CREATED, _described(live), headers)

    def replace(self, request: Request, _: str) -> Response:
        """Replace all rules that came over HTTP; change nothing if one cannot be used."""
        value = json_body(request)
        if not isinstance(value, dict) or set(value) != {"faults"}:
            raise BadControlRequest('The body is not {"faults": [...]}; expected this single key.')
        with refused_for(BadFault):
            rules = read_rules(value["faults"], "faults", "http")
        kept = [live.rule.id for live in self._engine if live.source != "http"]
        for rule in rules:
            self._require_free(rule, kept)
        self._engine.replace(rules)
        return self.all(request, "")

    def clear(self, request: Request, _: str) -> Response:
        """Delete all rules that came over HTTP."""
        del request
        self._engine.replace([])
        return Response(HTTPStatus.NO_CONTENT)

    async def one(self, request: Request, rule_id: str) -> Response:
        """Show one rule, and on which exchanges it nearly fired."""
        del request
        live = self._engine.find(rule_id)
        if live is None:
            raise _unknown(rule_id)
        misses = await near_misses(live, self._journal, self._service)
        return json_response(HTTPStatus.OK, {**_described(live), "near_misses": [_missed(each) for each in misses]})

    def remove(self, request: Request, rule_id: str) -> Response:
        """Delete one rule."""
        del request
        if not self._engine.remove(rule_id):
            raise _unknown(rule_id)
        return Response(HTTPStatus.NO_CONTENT)

    def fired(self, request: Request, _: str) -> Response:
        """List what fired, as JSON or as rules that replay it."""
        activations = self._engine.fired()
        if _wants_yaml(request):
            return _yaml_answer({"faults": replay_rules(activations)})
        listed = [
            {
                "at": write_timestamp(each.at_s),
                "rule": each.live.rule.id,
                "source": each.live.source,
                "interaction": each.facts.interaction,
                "client": each.facts.client,
                "id": each.facts.logical_id,
                "nth": each.nth_counted,
            }
            for each in activations
        ]
        return json_response(HTTPStatus.OK, {"fired": listed, "total": self._engine.activations})

    def _require_free(self, rule: Rule, taken: list[str]) -> None:
        if rule.id in taken or rule.id == "fired":
            raise BadControlRequest(f"The id '{rule.id}' is taken; expected another one.", HTTPStatus.CONFLICT)


def _described(live: LiveRule) -> dict[str, Any]:
    told = {"words": in_words(live.rule), "short": short_form(live.rule)}
    described = {**live.rule.spec, "source": live.source, "matched": live.matched, "fired": live.fired, **told}
    if live.rule.ttl is not None:
        described["until"] = write_timestamp(live.since_s + live.rule.ttl)
    return described


def _missed(miss: NearMiss) -> dict[str, str]:
    facts = miss.facts
    about = {"interaction": facts.interaction, "id": facts.logical_id, "client": facts.client, "why": miss.why}
    return {"at": write_timestamp(miss.at_s), **{name: value for name, value in about.items() if value}}


def _unknown(rule_id: str) -> BadControlRequest:
    return BadControlRequest(f"There is no fault with the id '{rule_id[:80]}'.", HTTPStatus.NOT_FOUND)


def _wants_yaml(request: Request) -> bool:
    wanted = parameters(request, _FORMAT).get("format", "json") if request.method in ("GET", "HEAD") else "json"
    if wanted not in ("yaml", "json"):
        raise BadControlRequest(f"format is '{wanted[:40]}'; expected yaml or json.")
    return wanted == "yaml"


def _yaml_answer(value: Mapping[str, Any]) -> Response:
    import yaml  # only when asked for: 40 ms

    body = yaml.safe_dump(value, sort_keys=False, allow_unicode=True).encode()
    return plain_response(HTTPStatus.OK, "application/yaml; charset=utf-8", body)


def live_schema(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a rule in force, from that of a rule."""
    counts = {
        "source": {"enum": ["http", "flag", "file", "sentinel", "setting"]},
        "matched": {"type": "integer"},
        "fired": {"type": "integer"},
        "words": {"type": "string", "description": "the rule in words"},
        "short": {"type": "string", "description": "its short form; empty if it has none"},
        "until": {"type": "string", "format": "date-time"},
        "near_misses": {
            "type": "array",
            "items": {"type": "object", "properties": {"at": {}, "why": {"type": "string"}}},
            "description": "of one rule: the last ten exchanges that nearly matched, and the key that did not",
        },
    }
    return {**rule, "properties": {**rule["properties"], **counts}}
