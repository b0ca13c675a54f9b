/**
 * A client of the Appointment Registry that no fault of the network makes register an appointment twice, with
 * fhir-kit-client.
 *
 * It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no answer
 * or half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'fhir-kit-client';

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const TIMEOUT_MS = 10_000;

/** A 5xx, no answer or a broken one: the registry may have acted, or not. */
class UnknownOutcome extends Error {}

/** A conversation with the registry. A token is good for an hour; a program that runs longer asks for another in time. */
class Registry {
  #client;

  constructor(baseUrl, bearerToken) {
    this.#client = new Client({ baseUrl, bearerToken });
  }

  /** Register an appointment exactly once, and give what the registry holds. */
  async register(appointment) {
    const [{ value: pointer }] = appointment.identifier;
    const patient = appointment.participant[0].actor.identifier.value;
    for await (const attempt of pacedAttempts('register')) {
      // The answer to the first attempt was lost, perhaps not the registration: look for it.
      const known = attempt > 1 && (await this.#registered(patient, pointer));
      if (known) return known;
      try {
        return await answered((options) =>
          this.#client.create({ resourceType: 'Appointment', body: appointment, options }));
      } catch (error) {
        reportIfUnknown(error);
      }
    }
    throw new UnknownOutcome(`register: ${ATTEMPTS} attempts, and none was answered`);
  }

  /** Give the appointments of a patient that are not past; the registry has no paging. */
  async search(patient) {
    const searchParams = { 'patient.identifier': `${NHS_NUMBER}|${patient}` };
    const bundle = await ask('search', (options) =>
      this.#client.search({ resourceType: 'Appointment', searchParams, options }));
    return (bundle.entry ?? []).map((entry) => entry.resource);
  }

  /** Give the current version of an appointment. */
  read(id) {
    return ask('read', (options) => this.#client.read({ resourceType: 'Appointment', id, options }));
  }

  /** Cancel a booked appointment, and give the cancelled version, whoever made it. */
  async cancel(id) {
    for await (const _ of pacedAttempts('cancel')) {
      // Read before each attempt: what an attempt without an answer did, and what others did, shows here.
      const current = await this.read(id);
      if (current.status !== 'booked') return current;
      try {
        return await this.#putCancelled(current);
      } catch (error) {
        if (error.response?.status === 409) report('somebody else was faster (409): read again');
        else reportIfUnknown(error);
      }
    }
    throw new UnknownOutcome(`cancel: ${ATTEMPTS} attempts, and none was answered`);
  }

  #putCancelled(current) {
    const headers = { 'If-Match': `W/"${current.meta.versionId}"` };
    // All that was read goes back, only the status is another: that is all an update may change.
    const body = { ...current, status: 'cancelled' };
    return answered((options) =>
      this.#client.update({ resourceType: 'Appointment', id: current.id, body, options: { ...options, headers } }));
  }

  async #registered(patient, pointer) {
    return (await this.search(patient)).find((each) => each.identifier[0].value === pointer);
  }
}

/** Call the library with a time limit, and give the resource, or say that the outcome is unknown; a refusal stays as it is. */
async function answered(call) {
  let resource;
  try {
    resource = await call({ signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new UnknownOutcome(`unknown outcome: ${error.cause?.message ?? error.message}`, { cause: error });
  }
  // The library gives {} for an empty body: that is no answer either.
  if (!resource.resourceType) throw new UnknownOutcome('an empty answer');
  return resource;
}

/** The library throws the same kind of error for a 4xx, a 5xx and a 200 whose body is no JSON: the status tells. */
function isRefusal(error) {
  return error.response?.status >= 400 && error.response.status < 500;
}

/** Ask until there is an answer: a question changes nothing, so it can simply be asked again. */
async function ask(what, question) {
  for await (const _ of pacedAttempts(what)) {
    try {
      return await answered(question);
    } catch (error) {
      reportIfUnknown(error);
    }
  }
  throw new UnknownOutcome(`${what}: ${ATTEMPTS} attempts, and none was answered`);
}

/** Count the attempts, with a pause before each but the first, twice as long each time. */
async function* pacedAttempts(what) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) {
      report(`${what}: attempt ${attempt}`);
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 2));
    }
    yield attempt;
  }
}

function reportIfUnknown(error) {
  if (!(error instanceof UnknownOutcome)) throw error;
  report(error.message);
}

function report(what) {
  console.log(`  ... ${what}`);
}

/** Ask the token endpoint for a token of the registry; a repeated request does no harm. */
async function requestToken({ tokenUrl, baseUrl, clientId, clientSecret }) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${baseUrl}/.default`,
  });
  for await (const _ of pacedAttempts('token')) {
    try {
      const response = await fetch(tokenUrl, { method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.ok) return (await response.json()).access_token;
      if (response.status < 500) throw new Refusal(`no token: ${await response.text()}`);
      report(`${response.status} from the token endpoint`);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      report(`no answer: ${error.cause?.message ?? error.message}`);
    }
  }
  throw new UnknownOutcome(`token: ${ATTEMPTS} attempts, and none was answered`);
}

/** The token endpoint said no. */
class Refusal extends Error {}

/** Give an appointment of tomorrow; the identifier points to it at the provider, where it was booked. */
function tomorrow(patient) {
  const now = Date.now();
  const instant = (minutesAhead) => new Date(now + minutesAhead * 60_000).toISOString();
  const day = 24 * 60;
  return {
    resourceType: 'Appointment',
    identifier: [{ system: 'urn:ietf:rfc:3986', value: `https://provider.example.test/appointments/${randomUUID()}` }],
    status: 'booked',
    start: instant(day),
    end: instant(day + 10),
    created: instant(0),
    participant: [
      { actor: { identifier: { use: 'official', system: NHS_NUMBER, value: patient } }, status: 'accepted' },
    ],
  };
}

/** Give a variable of the environment that must be set. */
function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const baseUrl = required('REGISTRY_BASE_URL').replace(/\/$/, '');
const token = await requestToken({
  tokenUrl: required('REGISTRY_TOKEN_URL'),
  baseUrl,
  clientId: required('REGISTRY_CLIENT_ID'),
  clientSecret: required('REGISTRY_CLIENT_SECRET'),
});
const registry = new Registry(baseUrl, token);
const patient = process.env.REGISTRY_NHS_NUMBER ?? '9990001111';
const registered = await registry.register(tomorrow(patient));
console.log(`registered ${registered.id}, version ${registered.meta.versionId}`);
const found = await registry.search(patient);
console.log(`found ${found.length}: ${found.map((each) => each.id).join(', ')}`);
const current = await registry.read(registered.id);
console.log(`read ${current.id}, ${current.status}, version ${current.meta.versionId}`);
const cancelled = await registry.cancel(registered.id);
console.log(`cancelled ${cancelled.id}, ${cancelled.status}, version ${cancelled.meta.versionId}`);
