/**
 * Options are judged before the core sees them: a wrong one is a `TypeError` that names it.
 */

import { inspect } from 'node:util';
import { fileURLToPath } from 'node:url';

/** Judges one value, and says what it should have been. */
export interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** A wrong text may be shown: it is no secret that ended up in the wrong place. */
  readonly shows?: boolean;
}

/** What an options object may have. */
export type Rules<T> = { readonly [K in keyof Required<T>]: Rule };

export const rule = (expected: string, holds: (value: unknown) => boolean): Rule => ({ expected, holds });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string';

export const text = rule('a string', isText);
export const texts = rule('an array of strings', (value) => Array.isArray(value) && value.every(isText));
export const flag = rule('a boolean', (value) => typeof value === 'boolean');
export const count = rule('an integer of 1 or more', (value) => Number.isSafeInteger(value) && (value as number) >= 1);
export const whole = rule('an integer of 0 or more', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
export const duration = rule(
  'a number of milliseconds, 0 or more',
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
);
export const moment = rule('a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime()));
export const handler = rule('a function', (value) => typeof value === 'function');
export const signal = rule(
  'an AbortSignal',
  (value) => isRecord(value) && typeof value['aborted'] === 'boolean' && typeof value['addEventListener'] === 'function',
);
export const textMap = rule(
  'an object of strings',
  (value) => isRecord(value) && Object.values(value).every(isText),
);
export const record = rule('an object', isRecord);
export const oneOf = (...words: readonly string[]): Rule =>
  ({ ...rule(`one of ${words.map((word) => `'${word}'`).join(', ')}`, (value) => isText(value) && words.includes(value)), shows: true });
export const instanceOf = (type: abstract new (...args: never[]) => unknown, name: string): Rule =>
  rule(name, (value) => value instanceof type);
export const either = (...rules: readonly Rule[]): Rule =>
  rule(rules.map((one) => one.expected).join(' or '), (value) => rules.some((one) => one.holds(value)));

/** Judges one argument. */
export function judge(name: string, value: unknown, wanted: Rule): void {
  if (!wanted.holds(value)) throw new TypeError(`${name} must be ${wanted.expected}, not ${shown(value, wanted.shows)}`);
}

/** Judges an options object. What is `undefined` is left out. */
export function options<T extends object>(given: T | undefined, rules: Rules<T>, name = 'options'): Partial<T> {
  if (given === undefined) return {};
  if (!isRecord(given)) throw new TypeError(`${name} must be an object, not ${shown(given)}`);
  const known = rules as Readonly<Record<string, Rule>>;
  const judged: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const wanted = Object.hasOwn(known, key) ? known[key] : undefined;
    if (wanted === undefined) throw new TypeError(`${name}.${key} is unknown; there are ${Object.keys(known).join(', ')}`);
    if (value === undefined) continue;
    judge(`${name}.${key}`, value, wanted);
    judged[key] = value;
  }
  return judged as Partial<T>;
}

/** A place in the file system, as Node.js spells it. */
export type PathLike = string | URL;

/** Judges a path. */
export function path(name: string, value: PathLike): string {
  if (value instanceof URL) {
    if (value.protocol !== 'file:') throw new TypeError(`${name} must be a path or a file: URL, not one with ${value.protocol}`);
    return fileURLToPath(value);
  }
  if (!isText(value) || value === '' || value.includes('\0')) {
    throw new TypeError(`${name} must be a path or a file: URL, not ${shown(value)}`);
  }
  return value;
}

/** Judges a list of paths. */
export function paths(name: string, value: readonly PathLike[]): string[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array of paths or file: URLs, not ${shown(value)}`);
  return value.map((one, i) => path(`${name}[${i}]`, one));
}

/** The bytes of text or of a buffer. */
export function bytes(name: string, value: string | Uint8Array): Buffer {
  if (isText(value)) return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`${name} must be a string or a Uint8Array, not ${shown(value)}`);
}

/** What was given instead. Never the inside of an object, and a text only where it cannot be a secret. */
export function shown(value: unknown, withText = false): string {
  if (isText(value)) return withText ? inspect(value, { maxStringLength: 40 }) : value === '' ? 'an empty string' : 'a string';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date';
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor?.name ?? 'null'}`;
  return String(value);
}
