import { Running, type CallOptions } from './call.js';
import { parse } from './exchange.js';
import type { Call, DriftStream as NativeStream } from './native.types.js';
import { DriftReport } from './report.js';
import type { DriftItem, Finding } from './results.js';

/**
 * Drift as it is found. Iterating gives findings, hidden ones included, each as soon as nothing that is still to be read can change it; `items()`
 * gives everything that is told. Nothing is done before; leaving the loop ends the run. It can be iterated once, and `report` is there afterwards.
 */
export class DriftStream implements AsyncIterable<Finding> {
  readonly #options: CallOptions;
  readonly #begin: (call: Call) => NativeStream;
  #begun = false;
  #report: DriftReport | undefined;

  /** @internal */
  constructor(options: CallOptions, begin: (call: Call) => NativeStream) {
    this.#options = options;
    this.#begin = begin;
    Object.freeze(this);
  }

  /** The whole report, once everything was given; `undefined` before, and when the loop was left. */
  get report(): DriftReport | undefined {
    return this.#report;
  }

  /** Findings as they come. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Finding, void, undefined> {
    for await (const item of this.items()) {
      if (item.type === 'finding') yield item.finding;
    }
  }

  /** Everything that is told, as it comes: what was looked at, findings, what was not looked at. */
  async *items(): AsyncGenerator<DriftItem, void, undefined> {
    if (this.#begun) throw new TypeError('a DriftStream can be iterated once');
    this.#begun = true;
    const running = new Running(this.#options);
    try {
      const stream = await running.settle(async (call) => this.#begin(call));
      try {
        for (;;) {
          const text = await running.settle(() => stream.next());
          if (text == null) break;
          for (const item of parse<readonly DriftItem[]>(text)) {
            yield item;
            running.check();
          }
        }
        const report = stream.report();
        if (report) this.#report = new DriftReport(report);
      } finally {
        stream.close();
      }
    } finally {
      running.end();
    }
  }
}
