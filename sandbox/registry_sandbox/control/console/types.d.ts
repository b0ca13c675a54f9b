/** The values of the control API that the console shows (docs/control-api.md), and its own. */
export interface Brief {
  number: number;
  at: string;
  wall: string;
  duration_s: number;
  state: string;
  method: string;
  path: string;
  query?: string;
  status: number | null;
  ended: string;
  why?: string;
  faults: string[];
  client?: string;
  interaction?: string;
  id?: string;
  version?: string;
  written?: string;
}

export interface Message {
  method: string;
  path: string;
  query?: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Exchange extends Brief {
  certificate_subject?: string;
  transport?: { tls_fault: string };
  request: Message;
  response: { status: number; headers: Record<string, string>; body?: string } | null;
  sent: { body_bytes: number; ended: string };
  idle_faults?: { id: string; why: string }[];
  varied?: string[];
  warnings?: string[];
  patients?: string[];
}

export interface Entry {
  id: string;
  versions: number;
  updated: string;
  patients: string[];
  pointer: string;
  status: string;
  start: string;
  end: string;
}

export interface Fault {
  id: string;
  match?: Record<string, unknown>;
  when?: Record<string, unknown>;
  then: Record<string, unknown>;
  source: string;
  matched: number;
  fired: number;
  words: string;
  short: string;
  until?: string;
  near_misses?: { at: string; why: string; interaction?: string; id?: string; client?: string }[];
}

export interface Clock {
  now: string;
  frozen: boolean;
}

export interface Issue {
  severity: string;
  code: string;
  spine: string;
  diagnostics: string;
  location: string;
}

export interface Call {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Answer {
  call: Call;
  status: number | null;
  headers: [string, string][];
  body: string;
  problem: string;
  took: number;
  number?: number;
}

export interface Line {
  depth: number;
  text: string;
  kinds: [string, string][];
  path: string;
  end: number;
}

export type Params = Record<string, string>;
