// Builds the native half and puts it beside package.json, named after this platform.
//
//   node scripts/native.mjs [--profile dev|release] [--manifest Cargo.toml]

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { profile: { type: 'string', default: 'release' }, manifest: { type: 'string', default: join(here, 'Cargo.toml') } },
});

const words = ['build', '--package', 'driftmgr-node', '--manifest-path', values.manifest, '--profile', values.profile];
const cargo = spawnSync(process.env.CARGO ?? 'cargo', [...words, '--message-format', 'json-render-diagnostics'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (cargo.error) throw cargo.error;
if (cargo.status !== 0) process.exit(cargo.status ?? 1);

const built = cargo.stdout
  .split('\n')
  .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
  .map((line) => JSON.parse(line))
  .find(({ target }) => target.name === 'driftmgr_node');
copyFileSync(built.filenames[0], join(here, `driftmgr.${platform()}.node`));

/** As `ts/native.ts` finds it. */
function platform() {
  const { platform: system, arch } = process;
  const { platforms } = JSON.parse(readFileSync(join(here, 'platforms.json'), 'utf8'));
  const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  const one = platforms.find(({ os, cpu, libc: wanted }) => os === system && cpu === arch && (wanted ?? libc) === libc);
  if (one === undefined) throw new Error(`platforms.json has no platform for ${system} on ${arch}`);
  return one.name;
}
