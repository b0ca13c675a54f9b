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
const TIMEOUT_MS = 10_000;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A Retry-After that asks for more than this is somebody else's decision. */
const PATIENCE_MS = 60_000;

/** What may be tried again, not before `waitMs`: a 5xx, a lost or broken answer, a 429, a version conflict. */
class TryAgain extends Error {
  constructor(message, { waitMs = 0, cause } = {}) {
    super(message, { cause });
    this.waitMs = waitMs;
  }
}

/** Every attempt failed; the message says at what. */
class GaveUp extends Error {}

/** A 4xx: the same request would be refused again. The message is what the registry says about it. */
class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** A conversation with the registry, under a token that is renewed in time. */
class Registry {
  #client;
  #baseUrl;
  #tokenUrl;
  #credentials;
  #tokenEnds = 0;

  constructor({ baseUrl, tokenUrl, ...credentials }) {
    this.#baseUrl = baseUrl.replace(/\/$/, '');
    this.#tokenUrl = tokenUrl;
    this.#credentials = credentials;
    this.#client = new Client({ baseUrl: this.#baseUrl });
  }

  /** Register an appointment exactly once, and give what the registry holds. */
  register(appointment) {
    const [{ value: pointer }] = appointment.identifier;
    const patient = appointment.participant[0].actor.identifier.value;
    const headers = { 'X-Request-Id': randomUUID() };
    return persist('register', async (attempt) => {
      // The answer to an earlier attempt was lost, perhaps not the registration: look for it.
      const known = attempt > 1 && (await this.#registered(patient, pointer));
      if (known) return known;
      return this.#call(headers, (options) =>
        this.#client.create({ resourceType: 'Appointment', body: appointment, options }));
    });
  }

  /** Give the appointments of a patient that are not past; the registry has no paging. */
  async search(patient) {
    const searchParams = { 'patient.identifier': `${NHS_NUMBER}|${patient}` };
    const bundle = await this.#ask('search', (options) =>
      this.#client.search({ resourceType: 'Appointment', searchParams, options }));
    return (bundle.entry ?? []).map((entry) => entry.resource);
  }

  /** Give the current version of an appointment. */
  read(id) {
    return this.#ask('read', (options) => this.#client.read({ resourceType: 'Appointment', id, options }));
  }

  /** Cancel a booked appointment as it was read, and give the cancelled version, whoever made it. */
  cancel(appointment) {
    const requestIds = new Map();
    return persist('cancel', async (attempt) => {
      // What an attempt without an answer did, and what others did, shows when it is read again.
      const current = attempt === 1 ? appointment : await this.read(appointment.id);
      if (current.status === 'cancelled') return current;
      // The same version is sent again in the same request; another version makes another request.
      const { versionId } = current.meta;
      if (!requestIds.has(versionId)) requestIds.set(versionId, randomUUID());
      return this.#putCancelled(current, requestIds.get(versionId));
    });
  }

  async #putCancelled(current, requestId) {
    const headers = { 'X-Request-Id': requestId, 'If-Match': `W/"${current.meta.versionId}"` };
    // All that was read goes back, only the status is another: that is all an update may change.
    const body = { ...current, status: 'cancelled' };
    try {
      return await this.#call(headers, (options) =>
        this.#client.update({ resourceType: 'Appointment', id: current.id, body, options }));
    } catch (error) {
      if (error.status !== 409) throw error;
      throw new TryAgain('somebody else was faster (409): read again', { cause: error });
    }
  }

  async #registered(patient, pointer) {
    return (await this.search(patient)).find((each) => each.identifier[0].value === pointer);
  }

  /** Ask until there is an answer: a question changes nothing, so it can simply be asked again. */
  #ask(what, question) {
    const headers = { 'X-Request-Id': randomUUID() };
    return persist(what, () => this.#call(headers, question));
  }

  /** Call the library; after a 403 once more, with a new token: the old one may have ended before its time. */
  async #call(headers, call) {
    if (Date.now() >= this.#tokenEnds) await this.#renewToken();
    try {
      return await answered(headers, call);
    } catch (error) {
      if (error.status !== 403) throw error;
    }
    await this.#renewToken();
    return answered(headers, call);
  }

  async #renewToken() {
    const granted = await persist('token', () => this.#requestToken());
    this.#client.bearerToken = granted.access_token;
    // Azure AD writes numbers as text. A minute less, so that no token expires on its way.
    this.#tokenEnds = Date.now() + (Number(granted.expires_in) - 60) * 1000;
  }

  async #requestToken() {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: this.#credentials.clientId,
      client_secret: this.#credentials.clientSecret,
      scope: `${this.#baseUrl}/.default`,
    });
    try {
      const response = await fetch(this.#tokenUrl, { method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const { status, headers } = response;
      if (!response.ok) throw failure({ status, headers, method: 'POST', said: await response.json().catch(() => ({})) });
      return await response.json();
    } catch (error) {
      throw known(error);
    }
  }
}

/** Call the library with a time limit, and give the resource, or throw what its error means. */
async function answered(headers, call) {
  let resource;
  try {
    resource = await call({ headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw known(error);
  }
  // The library gives {} for an empty body: that is no answer either.
  if (!resource.resourceType) throw new TryAgain('an empty answer');
  // It reads bytes that are no UTF-8 as U+FFFD, in the middle of a value perhaps: such an answer is broken.
  if (JSON.stringify(resource).includes('\uFFFD')) throw new TryAgain('a broken answer');
  return resource;
}

/** Give what an error means. The library throws one kind for a 4xx, a 5xx and a 200 whose body is no JSON. */
function known(error) {
  if (error instanceof TryAgain || error instanceof Refused) return error;
  const status = error.response?.status;
  if (status >= 400) {
    return failure({ status, headers: error.config.headers, method: error.config.method, said: error.response.data });
  }
  return new TryAgain(`no answer, or half of one: ${error.cause?.message ?? error.message}`, { cause: error });
}

/** Give what a 4xx or 5xx means, with what its body says: an OperationOutcome, or an error of the token endpoint. */
function failure({ status, headers, method, said }) {
  if (status >= 500 || status === 429) return new TryAgain(`${status} to ${method}`, { waitMs: retryAfterMs(headers) });
  const reasons = said.issue?.map((issue) => issue.diagnostics) ?? [said.error_description];
  return new Refused(`the registry refused ${method} with ${[status, ...reasons].filter(Boolean).join(' ')}`, status);
}

/** Give how long an answer asks to wait; it may say so by a date (RFC 9110, section 10.2.3). */
function retryAfterMs(headers) {
  const value = headers.get('Retry-After') ?? '0';
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return wait || 0;
}

/**
 * Attempt until there is an answer. Pauses grow, vary and are bounded, and are never below Retry-After. They vary so that
 * clients which failed together do not come back together.
 */
async function persist(what, attempt) {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      console.log(`  ... ${what}: ${error.message}`);
      if (number === ATTEMPTS || error.waitMs > PATIENCE_MS) {
        throw new GaveUp(`${what}: given up after ${number} attempts; the last: ${error.message}`, { cause: error });
      }
      const growing = Math.min(FIRST_PAUSE_MS * 2 ** (number - 1), LONGEST_PAUSE_MS) * (1 + Math.random() / 2);
      await pause(Math.max(growing, error.waitMs));
    }
  }
}

/** Give an appointment of tomorrow; the pointer leads to it at the provider, where it was booked. */
function tomorrow(patient, pointer) {
  const now = Date.now();
  const instant = (minutesAhead) => new Date(now + minutesAhead * 60_000).toISOString();
  const day = 24 * 60;
  return {
    resourceType: 'Appointment',
    identifier: [{ system: 'urn:ietf:rfc:3986', value: pointer }],
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
  if (!value) throw new Refused(`${name} is not set`);
  return value;
}

function show(done, { id, status, meta }) {
  console.log(`${done} ${id}, ${status}, version ${meta.versionId}`);
}

function showFound(appointments) {
  console.log(`found ${appointments.length}: ${appointments.map((each) => each.id).join(', ')}`);
}

/** The operations that REGISTRY_VERB can name, on what the environment names. */
const OPERATIONS = {
  register: async (registry) =>
    show('registered', await registry.register(tomorrow(required('REGISTRY_PATIENT'), required('REGISTRY_POINTER')))),
  search: async (registry) => showFound(await registry.search(required('REGISTRY_PATIENT'))),
  read: async (registry) => show('read', await registry.read(required('REGISTRY_APPOINTMENT'))),
  cancel: async (registry) =>
    show('cancelled', await registry.cancel(await registry.read(required('REGISTRY_APPOINTMENT')))),
};

/** Register an appointment, find it, read it and cancel it. */
async function walkThrough(registry) {
  const patient = process.env.REGISTRY_PATIENT ?? '9990001111';
  const registered = await registry.register(
    tomorrow(patient, `https://provider.example.test/appointments/${randomUUID()}`));
  show('registered', registered);
  showFound(await registry.search(patient));
  const current = await registry.read(registered.id);
  show('read', current);
  show('cancelled', await registry.cancel(current));
}

try {
  const registry = new Registry({
    baseUrl: required('REGISTRY_BASE_URL'),
    tokenUrl: required('REGISTRY_TOKEN_URL'),
    clientId: required('REGISTRY_CLIENT_ID'),
    clientSecret: required('REGISTRY_CLIENT_SECRET'),
  });
  const verb = process.env.REGISTRY_VERB;
  const operation = verb ? OPERATIONS[verb] : walkThrough;
  if (!operation) throw new Refused(`REGISTRY_VERB is ${verb}; expected ${Object.keys(OPERATIONS).join(', ')}`);
  await operation(registry);
} catch (error) {
  if (!(error instanceof Refused || error instanceof GaveUp)) throw error;
  console.error(`failed: ${error.message}`);
  process.exitCode = 1;
}
