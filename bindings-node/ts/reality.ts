/** What is really there, said by JavaScript. */

import { DriftmgrError, type ErrorCode } from './errors.js';
import { parse, write, type JsonObject, type JsonValue } from './exchange.js';
import type { Question } from './native.types.js';
import { rule, shown } from './options.js';

/**
 * Says what is really there; `stack.withReality()` takes it. Up to 16 objects are asked for at a time.
 *
 * @example
 * const inventory: Reality = {
 *   async observe(address, attributes, { signal }) {
 *     const found = await lookup(attributes['id'], { signal });
 *     return found === undefined ? null : { ...attributes, size: found.size };
 *   },
 * };
 */
export interface Reality {
  /**
   * Looks at one object: `address` names it, `attributes` are what the state says, secrets included.
   *
   * Answers with its attributes as they are, or `null` for an object that was looked for and is not there. One that cannot be looked at rejects or
   * throws: it is unverifiable then, never deleted. So is one whose answer is nothing of this, such as `undefined`.
   */
  observe(
    address: string,
    attributes: JsonObject,
    call: ObserveCall,
  ): ObservedAttributes | null | PromiseLike<ObservedAttributes | null>;
}

/** One call of `observe()`. */
export interface ObserveCall {
  /** Aborted when nobody waits for the answer any more: the run was aborted, or its time is over. */
  readonly signal: AbortSignal;
}

/** The attributes of an object. What is `undefined` is left out. */
export interface ObservedAttributes {
  readonly [name: string]: ObservedValue;
}

/** The value of an attribute: JSON, and `bigint` for whole numbers beyond what a double can hold. */
export type ObservedValue = JsonValue | bigint | undefined | readonly ObservedValue[] | ObservedAttributes;

/** @internal */
export const realities = rule(
  'an object with a method observe()',
  (value) => typeof value === 'object' && value !== null && typeof (value as Partial<Reality>).observe === 'function',
);

/** @internal What the native half calls for each object. It never throws and never rejects: nobody could catch that. */
export function asking(reality: Reality): (question: Question) => void {
  return (question) => void look(reality, question);
}

async function look(reality: Reality, question: Question): Promise<void> {
  const call = new Looking(question);
  try {
    const found: unknown = await reality.observe(question.address(), parse<JsonObject>(question.attributes()), call);
    if (found === null) question.absent();
    else question.present(attributes(found));
  } catch (thrown) {
    question.unreadable(...told(thrown));
  } finally {
    call.end();
  }
}

/** A signal costs more than many an answer, so it is made for those who ask for it. */
class Looking implements ObserveCall {
  readonly #question: Question;
  #controller: AbortController | undefined;
  #ended = false;

  constructor(question: Question) {
    this.#question = question;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (!this.#ended) this.#question.settled().then(() => this.#ended || controller.abort(), () => controller.abort());
    }
    return this.#controller.signal;
  }

  end(): void {
    this.#ended = true;
  }
}

/** An answer as text. */
function attributes(found: unknown): string {
  // Of another realm, an object has another prototype. What has a tag of its own, such as a Map, has its content elsewhere.
  if (Object.prototype.toString.call(found) !== '[object Object]') {
    throw wrong(`an object of attributes or null, not ${shown(found)}`);
  }
  return write(found as object, (name, value) => {
    throw wrong(`JSON, and '${name}' is ${shown(value)}`);
  });
}

function wrong(answer: string): DriftmgrError {
  return new DriftmgrError({ code: 'invalid_input', message: `observe() must answer with ${answer}` });
}

/** What Node.js names what went wrong, by the codes of its errors and the names of `DOMException`s. */
const codes: Readonly<Record<string, ErrorCode>> = {
  AbortError: 'cancelled',
  EACCES: 'permission_denied',
  EAI_AGAIN: 'unavailable',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  ENOENT: 'not_found',
  ENOTFOUND: 'unavailable',
  EPERM: 'permission_denied',
  ETIMEDOUT: 'timeout',
  TimeoutError: 'timeout',
};

/** What was thrown, as code and message. Anything can be thrown, and looking at it can throw too. */
function told(thrown: unknown): [ErrorCode, string] {
  try {
    if (thrown instanceof DriftmgrError) return [thrown.code, thrown.message];
    if (!(thrown instanceof Error)) return ['unexpected', `observe() threw ${shown(thrown)}`];
    const { code } = thrown as NodeJS.ErrnoException;
    const known = [code, thrown.name].find((word) => typeof word === 'string' && Object.hasOwn(codes, word));
    return [known === undefined ? 'unexpected' : codes[known]!, String(thrown)];
  } catch {
    return ['unexpected', 'observe() threw what cannot be shown'];
  }
}
