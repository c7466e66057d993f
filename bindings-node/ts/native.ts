/**
 * Finds the native half: beside this file when it was built here, else in the package of this platform.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { DriftmgrError } from './errors.js';
import type * as Native from './native.types.js';

/** Platforms that packages are published for. `scripts/pack.mjs` makes them. */
const platforms: readonly string[] = (require('../platforms.json') as { platforms: readonly { name: string }[] }).platforms.map(
  (platform) => platform.name,
);

/** This platform as packages are named after it, such as `linux-x64-gnu`. */
function platform(): string {
  const { platform: system, arch } = process;
  if (system === 'linux') return `linux-${arch}-${usesMusl() ? 'musl' : 'gnu'}`;
  if (system === 'win32') return `win32-${arch}-msvc`;
  return `${system}-${arch}`;
}

function usesMusl(): boolean {
  const report = process.report as unknown as { excludeNetwork: boolean; getReport(): { header: { glibcVersionRuntime?: string } } };
  // Without it, Node.js asks name servers for the names of all open connections.
  const withNetwork = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport();
  report.excludeNetwork = withNetwork;
  return header.glibcVersionRuntime === undefined;
}

function load(): typeof Native {
  const name = platform();
  const beside = join(__dirname, '..', `driftmgr.${name}.node`);
  if (existsSync(beside)) return require(beside) as typeof Native;
  const wanted = `@driftmgr/${name}`;
  try {
    return require(wanted) as typeof Native;
  } catch (cause) {
    throw missing(name, wanted, cause);
  }
}

function missing(name: string, wanted: string, cause: unknown): DriftmgrError {
  const published = platforms.includes(name);
  const absent = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
  const reason = !published
    ? `driftmgr is not built for ${name}; it is for ${platforms.join(', ')}`
    : absent
      ? `the package ${wanted}, which holds driftmgr for this platform, is not installed`
      : `the package ${wanted} cannot be loaded: ${(cause as Error).message}`;
  const hint = published
    ? 'install again without --omit=optional and --no-optional, and on the platform that runs it: node_modules from another one does not fit'
    : 'build it from source: npm run build in bindings-node, with Rust installed';
  return new DriftmgrError({ code: 'unsupported', message: reason, operation: 'load', context: [['platform', name]], hints: [hint], cause });
}

export const native: typeof Native = load();
