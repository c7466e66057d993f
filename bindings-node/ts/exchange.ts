/**
 * Results cross from the native half as JSON text; here they become frozen objects.
 */

/** The one member of an object that stands for a number which a double cannot hold. `src/exchange.rs` writes it. */
const EXACT = '\u0000exact';

/** The same as it stands in JSON text. */
const ESCAPED = '"\\u0000exact"';

/** A number that JavaScript's own numbers cannot hold, such as an id of twenty digits. */
export class ExactNumber {
  /** The digits, as the state or the provider has them. */
  readonly digits: string;

  /** @internal */
  constructor(digits: string) {
    this.digits = digits;
    Object.freeze(this);
  }

  /** The digits. */
  toString(): string {
    return this.digits;
  }

  /** JSON has no place for the type, so the digits become a string. */
  toJSON(): string {
    return this.digits;
  }

  /** The nearest double, so that comparisons with `<` work. */
  valueOf(): number {
    return Number(this.digits);
  }
}

/** A value of a state, of reality or of a configuration. */
export type JsonValue = string | number | boolean | null | ExactNumber | readonly JsonValue[] | JsonObject;

/** An object of such values. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Reads a result. It is frozen as a whole. */
export function parse<T>(text: string): T {
  const value: unknown = text.includes(ESCAPED) ? JSON.parse(text, exact) : JSON.parse(text);
  return freeze(value) as T;
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && EXACT in value) {
    const digits: unknown = value[EXACT];
    if (typeof digits === 'string') return new ExactNumber(digits);
  }
  return value;
}

/**
 * The text of a document that the native half reads, with exact numbers. What JSON has no place for is given to `refuse`, with the name of its member.
 */
export function write(document: object, refuse: (name: string, value: unknown) => never): string {
  return JSON.stringify(document, function (this: Readonly<Record<string, unknown>>, name, plain: unknown) {
    // What `toJSON` made of it comes as `plain`.
    const value = this[name];
    if (value instanceof ExactNumber) return { [EXACT]: value.digits };
    if (typeof value === 'bigint') return { [EXACT]: value.toString() };
    if (!isJson(plain)) refuse(name, plain);
    return plain;
  });
}

/** Whether a value says in JSON what it says here, as far as can be seen from outside. */
function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
    case 'function':
    case 'symbol':
      return false;
    default:
      return true;
  }
}

/** Freezes a tree. Not recursive: states may be nested deeper than the stack. */
function freeze(root: unknown): unknown {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) continue;
    Object.freeze(value);
    for (const member of Object.values(value)) {
      if (typeof member === 'object' && member !== null) open.push(member);
    }
  }
  return root;
}
