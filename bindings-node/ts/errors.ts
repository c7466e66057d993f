/**
 * What can go wrong, as the core names it. A closed list: a new code comes with a new minor version, and `tsc` finds every `switch` that misses it.
 */
export const errorCodes = Object.freeze([
  'not_found',
  'permission_denied',
  'unauthenticated',
  'locked',
  'conflict',
  'rate_limited',
  'timeout',
  'cancelled',
  'unsupported',
  'invalid_config',
  'invalid_state',
  'invalid_input',
  'unavailable',
  'tool_failed',
  'unexpected',
] as const);

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/** A place or a fact that belongs to an error, such as `['file', 'prod.tfstate']`. */
export type ErrorContext = readonly (readonly [name: string, value: string])[];

/** What an error is made of. */
export interface ErrorInit {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason?: string;
  readonly operation?: string | null;
  readonly context?: ErrorContext;
  readonly hints?: readonly string[];
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * An error that names the place, the cause and the way out. No part of it holds a secret.
 *
 * Its `name` is `DriftmgrError`; that of an aborted operation is `AbortError`, as everywhere in Node.js. Wrong arguments are a `TypeError` instead.
 */
export class DriftmgrError extends Error {
  /** What went wrong. */
  readonly code: ErrorCode;
  /** The sentence alone; `message` has the place in parentheses behind it. */
  readonly reason: string;
  /** The operation that failed, such as `client.open`. */
  readonly operation: string | null;
  /** Places and facts, in the order in which they were added. */
  readonly context: ErrorContext;
  /** Ways out, an instruction each. */
  readonly hints: readonly string[];
  /** Whether the same call may succeed later: throttled, unavailable. */
  readonly retryable: boolean;

  /** @internal */
  constructor(init: ErrorInit) {
    super(init.message, init.cause == null ? undefined : { cause: init.cause });
    this.name = init.code === 'cancelled' ? 'AbortError' : 'DriftmgrError';
    this.code = init.code;
    this.reason = init.reason ?? init.message;
    this.operation = init.operation ?? null;
    this.context = Object.freeze((init.context ?? []).map((pair) => Object.freeze(pair)));
    this.hints = Object.freeze([...(init.hints ?? [])]);
    this.retryable = init.retryable ?? false;
  }

  /** The form that problems have in reports. */
  toJSON(): { kind: ErrorCode; message: string; place: Record<string, string>; hints: readonly string[] } {
    return { kind: this.code, message: this.reason, place: Object.fromEntries(this.context), hints: this.hints };
  }
}

/** Whether something thrown is a {@link DriftmgrError}, and one with this code if a code is given. */
export function isDriftmgrError(thrown: unknown, code?: ErrorCode): thrown is DriftmgrError {
  return thrown instanceof DriftmgrError && (code === undefined || thrown.code === code);
}

/** What the native half threw, as what callers see. */
export function translate(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !thrown.message.startsWith('{"driftmgr":true')) return thrown;
  const envelope = JSON.parse(thrown.message) as ErrorInit & { cause: string | null };
  return new DriftmgrError({
    ...envelope,
    cause: envelope.cause === null ? undefined : new Error(envelope.cause),
  });
}
