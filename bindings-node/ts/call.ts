/** What every call can be given, and how it reaches the core. */

import { setImmediate } from 'node:timers/promises';

import { DriftmgrError, translate } from './errors.js';
import { parse } from './exchange.js';
import { native } from './native.js';
import type { Call } from './native.types.js';
import { duration, handler, signal, type Rules } from './options.js';
import type { DriftEvent } from './results.js';

/** Options of every operation. */
export interface CallOptions {
  /**
   * Ends the operation in the core when it is aborted; the promise is then rejected with code `cancelled`, the signal's reason as cause. A change that was
   * done already is told all the same.
   */
  readonly signal?: AbortSignal | undefined;
  /** How long the operation may take, in milliseconds. What was not reached is then part of the result, or the error has code `timeout`. */
  readonly timeout?: number | undefined;
  /** Called with what happens meanwhile. What it throws ends the operation and rejects the promise. */
  readonly onEvent?: ((event: DriftEvent) => void) | undefined;
}

/** The rules of {@link CallOptions}, to be spread into those of an operation. */
export const callRules: Rules<CallOptions> = { signal, timeout: duration, onEvent: handler };

/** Something in progress, which its caller may end. */
export class Running {
  readonly call: Call;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.call.cancel();
  #told = 0;
  #thrown: { readonly error: unknown } | undefined;

  constructor({ signal, timeout, onEvent }: CallOptions) {
    if (signal?.aborted) throw aborted(signal);
    this.call = new native.Call(timeout, onEvent && ((text) => this.#tell(onEvent, text)));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** What the native half answers, once it does. */
  async settle<T>(work: (call: Call) => Promise<T>): Promise<T> {
    const value = await this.settleThrough(work);
    this.check();
    return value;
  }

  /** The same for what changes something: its answer is given even when the operation was aborted too late. */
  async settleThrough<T>(work: (call: Call) => Promise<T>): Promise<T> {
    try {
      const value = await work(this.call);
      await this.#heard();
      if (this.#thrown) throw this.#thrown.error;
      return value;
    } catch (error) {
      const told = translate(error);
      await this.#heard();
      this.check(told);
      throw told;
    }
  }

  /** Throws what has ended the operation, if something has; `told` is what the core said of that. */
  check(told?: unknown): void {
    if (this.#thrown) throw this.#thrown.error;
    if (this.#signal?.aborted) throw aborted(this.#signal, told);
  }

  /** Lets go of the signal, which may live long. */
  end(): void {
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** Events and the result travel apart: waits for those that were sent before the result. */
  async #heard(): Promise<void> {
    while (this.#told < this.call.sent()) await setImmediate();
  }

  #tell(onEvent: (event: DriftEvent) => void, text: string): void {
    this.#told += 1;
    if (this.#thrown) return;
    try {
      onEvent(parse<DriftEvent>(text));
    } catch (error) {
      this.#thrown = { error };
      this.call.cancel();
    }
  }
}

/** With what the core knows: who held a lock, what was left behind. */
function aborted(signal: AbortSignal, told?: unknown): DriftmgrError {
  const known = told instanceof DriftmgrError && { operation: told.operation, context: told.context, hints: told.hints };
  return new DriftmgrError({ ...known, code: 'cancelled', message: 'the operation was aborted', cause: signal.reason });
}

/** Runs one operation of the native half. */
export async function run<T>(options: CallOptions, work: (call: Call) => Promise<T>): Promise<T> {
  const running = new Running(options);
  try {
    return await running.settle(work);
  } finally {
    running.end();
  }
}

/** The same for one that changes something: what was done is told, even when it was aborted too late. */
export async function runThrough<T>(options: CallOptions, work: (call: Call) => Promise<T>): Promise<T> {
  const running = new Running(options);
  try {
    return await running.settleThrough(work);
  } finally {
    running.end();
  }
}

/** {@link run} for an operation whose answer is a document. */
export async function ask<T>(options: CallOptions, work: (call: Call) => Promise<string>): Promise<T> {
  return parse<T>(await run(options, work));
}

/** {@link runThrough} for an operation whose answer is a document. */
export async function askThrough<T>(options: CallOptions, work: (call: Call) => Promise<string>): Promise<T> {
  return parse<T>(await runThrough(options, work));
}

/** Calls what answers at once. */
export function now<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error);
  }
}

/** Splits the options of a call from those of its operation. */
export function split<T extends CallOptions>(options: T): [CallOptions, Omit<T, keyof CallOptions>] {
  const { signal, timeout, onEvent, ...rest } = options;
  return [{ signal, timeout, onEvent }, rest];
}
