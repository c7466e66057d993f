import { now, run, ask } from './call.js';
import { parse } from './exchange.js';
import { native } from './native.js';
import type { State as NativeState } from './native.types.js';
import { bytes, flag, instanceOf, judge, options, path, text, texts, type PathLike, type Rules } from './options.js';
import type { Comparison, Health, Inspection, Output, StateAnalysis, StateView } from './results.js';

/** How values are shown. */
export interface SecretOptions {
  /** Secrets as they are. Without it, `(sensitive value)` stands in their place. */
  readonly secrets?: boolean | undefined;
}

const secretRules: Rules<SecretOptions> = { secrets: flag };

/**
 * What a state says, without asking anybody. Any format from Terraform 0.11 to today and OpenTofu.
 *
 * @example
 * const state = await State.read('prod.tfstate');
 * console.log(state.serial, await state.list());
 */
export class State {
  readonly #native: NativeState;

  /** @internal */
  constructor(inner: NativeState) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeState {
    return this.#native;
  }

  /** Reads a state file. */
  static async read(file: PathLike): Promise<State> {
    const name = path('file', file);
    return new State(await run({}, () => native.State.read(name)));
  }

  /** Reads the bytes of a state. `name` is what messages and results call it. */
  static async parse(content: string | Uint8Array, name = 'state'): Promise<State> {
    judge('name', name, text);
    const given = bytes('content', content);
    return new State(await run({}, () => native.State.parse(given, name)));
  }

  /** What messages and results call it. */
  get name(): string {
    return this.#native.name;
  }

  /** Grows by one with each write. */
  get serial(): number {
    return this.#native.serial;
  }

  /** Names the history that the state belongs to; empty where it has none. */
  get lineage(): string {
    return this.#native.lineage;
  }

  /**
   * Instance addresses, sorted as `terraform state list` prints them; with `addresses`, those that one of them is or lies above.
   */
  async list(addresses: readonly string[] = []): Promise<readonly string[]> {
    judge('addresses', addresses, texts);
    return ask({}, () => this.#native.list([...addresses]));
  }

  /** What the state is, and a row for every object in it. No value of an attribute is in it. */
  async inspect(): Promise<Inspection> {
    return ask({}, () => this.#native.inspect());
  }

  /** The outputs of the root module, by name. */
  async outputs(given?: SecretOptions): Promise<Readonly<Record<string, Output>>> {
    const { secrets = false } = options(given, secretRules);
    return ask({}, () => this.#native.outputs(secrets));
  }

  /** The state as `terraform show -json` prints it. */
  async view(given?: SecretOptions): Promise<StateView> {
    const { secrets = false } = options(given, secretRules);
    return ask({}, () => this.#native.view(secrets));
  }

  /** A score of how well the state is kept, with what was taken off. */
  health(): Health {
    return parse(now(() => this.#native.health()));
  }

  /** Everything that can be said of the state without asking anybody: health, counts, hints. */
  async analyze(): Promise<StateAnalysis> {
    return ask({}, () => this.#native.analyze());
  }

  /** What changed from this state to another one. */
  async compare(after: State): Promise<Comparison> {
    judge('after', after, instanceOf(State, 'a State'));
    return ask({}, () => this.#native.compare(after.native));
  }

  /** The bytes of the state in format 4, as `terraform state pull` prints it. Secrets are in them. */
  async upgrade(): Promise<Buffer> {
    return run({}, () => this.#native.upgrade());
  }
}
