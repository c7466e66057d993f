// Builds the native half and puts it beside package.json, named after this platform.
//
//   node scripts/native.mjs [--profile dev|release] [--manifest Cargo.toml] [--types]
//
// With --types it writes `ts/native.types.d.ts` too, which is kept in the repository; a test holds it against what the library exports.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'release' },
    manifest: { type: 'string', default: join(here, 'Cargo.toml') },
    types: { type: 'boolean', default: false },
  },
});

// The macros write what they export there, when they run at all: this variable makes Cargo run them again.
const definitions = values.types ? mkdtempSync(join(tmpdir(), 'driftmgr-types-')) : undefined;
const env = definitions === undefined ? process.env : { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: definitions, NAPI_FORCE_BUILD_DRIFTMGR_NODE: `${Date.now()}` };

const words = ['build', '--package', 'driftmgr-node', '--manifest-path', values.manifest, '--profile', values.profile];
const cargo = spawnSync(process.env.CARGO ?? 'cargo', [...words, '--message-format', 'json-render-diagnostics'], {
  encoding: 'utf8',
  env,
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

if (definitions !== undefined) {
  const { generateTypeDef } = await import('@napi-rs/cli');
  const { dts } = await generateTypeDef({ typeDefDir: definitions, cwd: here });
  writeFileSync(join(here, 'ts/native.types.d.ts'), dts);
  rmSync(definitions, { recursive: true });
}

/** As `ts/native.ts` finds it. */
function platform() {
  const { platform: system, arch } = process;
  const { platforms } = JSON.parse(readFileSync(join(here, 'platforms.json'), 'utf8'));
  const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  const one = platforms.find(({ os, cpu, libc: wanted }) => os === system && cpu === arch && (wanted ?? libc) === libc);
  if (one === undefined) throw new Error(`platforms.json has no platform for ${system} on ${arch}`);
  return one.name;
}
