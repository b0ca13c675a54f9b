/** Verdict: what the rules say of the clients, live. */

import { call, save } from "../api.js";
import { happened } from "../happened.js";
import { hash } from "../route.js";
import { calmly, use } from "../store.js";
import { attempt, Empty, Prose } from "../ui/basics.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/**
 * @typedef {{id: string, sentence?: string, level: string, grade: string, message?: string, requirement: {text: string, source: string}}} Rule
 * @typedef {{rule: string, level: string, grade: string, client: string, appointment?: string, message: string, exchanges: number[], requirement: {text: string, source: string}, replay?: string}} Finding
 * @typedef {{summary: {passed?: number, failed?: number, coverage_percent?: number}, rules: Rule[], findings: Finding[], journal: {first: number, last: number, dropped: number}}} Report
 */

const ORDER = ["fail", "warning", "inconclusive", "pass", "attested", "not exercised"];
const EVERY = 1_500;

export function Verdict() {
  const [report, setReport] = useState(/** @type {Report | null} */ (null));
  const [problem, setProblem] = useState("");
  const { exchanges, anew } = use(happened);
  const [soon] = useState(() => calmly(() => load(), EVERY));
  const load = () =>
    call("GET", "/verdict?format=json").then(
      (told) => {
        setReport(told);
        setProblem("");
      },
      (refused) => setProblem(refused.message),
    );
  useEffect(() => {
    load();
  }, [anew]);
  useEffect(() => {
    if (exchanges) soon();
  }, [exchanges]);
  const keep = () => attempt(async () => save("verdict.html", await call("GET", "/verdict?format=html"), "text/html"));
  return html`<section class="page" aria-label="Verdict"><div class="bar"><h1 class="grow">Verdict</h1><button class="small" onClick=${keep}>Keep as a file</button></div>
    <p class="lead">What your client did, held to the rules for clients: what may be repeated, what must be read first, what must come back unchanged.</p>
    ${problem ? html`<p class="note bad">${problem}</p>` : ""}
    ${report ? html`<${Told} report=${report} />` : problem ? "" : html`<p class="quiet">Judging …</p>`}
</section>`;
}

/** @param {Rule | undefined} rule */
const sentence = (rule) => rule?.sentence || (rule?.id ?? "").replaceAll("-", " ");

/** @param {{report: Report}} props */
function Told({ report }) {
  const { rules, findings, journal, summary } = report;
  const sorted = [...rules].sort((one, other) => ORDER.indexOf(one.grade) - ORDER.indexOf(other.grade));
  const worst = [...findings].sort((one, other) => ORDER.indexOf(one.grade) - ORDER.indexOf(other.grade));
  const count = (/** @type {string} */ grade) => rules.filter((each) => each.grade === grade).length;
  const percent = summary.coverage_percent;
  return html`<div><ul class="numbers">${ORDER.map((grade) => html`<li class=${`grade ${grade.replace(" ", "-")}`}><b>${count(grade)}</b> ${grade}</li>`)}${percent === undefined ? "" : html`<li class="grade"><b>${Math.round(percent)} %</b> of the documented outcomes met</li>`}</ul>
    ${journal.last === 0 ? html`<${Empty} title="Nothing to judge yet.">Let your client work against this sandbox; the rules that it exercises show here.<//>` : ""}
    ${findings.length ? html`<h2>Findings</h2><ul class="cards">${worst.map((each) => html`<${Found} finding=${each} rule=${rules.find(({ id }) => id === each.rule)} />`)}</ul>` : ""}
    <h2>Rules</h2><div class="table" role="region" aria-label="Rules" tabindex="0"><table><thead><tr><th>Grade</th><th>Rule</th><th>Level</th><th>What it rests on</th></tr></thead><tbody>${sorted.map(
      (
        rule,
      ) => html`<tr key=${rule.id}><td><span class=${`grade ${rule.grade.replace(" ", "-")}`}>${rule.grade}</span></td><td><${Prose} text=${sentence(rule)} />${rule.message ? html`<div class="quiet">${rule.message}</div>` : ""}</td><td class="nowrap">${rule.level}</td>
        <td class="quiet">${rule.requirement.text} (${rule.requirement.source})</td></tr>`,
    )}</tbody></table></div></div>`;
}

/** @param {{finding: Finding, rule?: Rule}} props */
const Found = ({
  finding,
  rule,
}) => html`<li class="card"><div class="bar tight"><span class=${`grade ${finding.grade.replace(" ", "-")}`}>${finding.grade}</span><b class="grow"><${Prose} text=${sentence(rule)} /></b><span>${finding.client}</span></div>
  <p><${Prose} text=${finding.message} /></p><p class="quiet">${finding.requirement.text} (${finding.requirement.source})</p>
  <div class="bar">${finding.exchanges.map((number) => html`<a class="chip" href=${hash("traffic", { open: `${number}` })}>#${number}</a>`)}
    ${finding.appointment ? html`<a class="chip" href=${hash("appointments", { open: finding.appointment })}>${finding.appointment}</a>` : ""}
    ${finding.replay ? html`<button class="small" onClick=${() => save("replay.yaml", finding.replay ?? "", "application/yaml")}>Fault file that provokes it again</button>` : ""}</div></li>`;
