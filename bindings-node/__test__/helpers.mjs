// What the tests share. They run in an empty project that has nothing but the packed package.

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The checkout. */
export const repository = process.env.DRIFTMGR_REPOSITORY;
if (repository === undefined) throw new Error('DRIFTMGR_REPOSITORY has to name the checkout');

/** The native half itself, as `ts/native.ts` finds it. */
const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? '-musl' : '-gnu';
const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? libc : ''}`;
export const native = createRequire(createRequire(import.meta.url).resolve('driftmgr/package.json'))(`@driftmgr/${platform}`);

/** A root module whose state was applied, and whose files were changed afterwards: 2 of 6 objects are gone. */
export const quickstart = join(repository, 'examples/quickstart');

/** A folder that is there for one test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'driftmgr-node-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A state of format 4 as text. */
export function state(resources, { serial = 1, lineage = 'test', outputs = {} } = {}) {
  return JSON.stringify({ version: 4, terraform_version: '1.9.0', serial, lineage, outputs, resources });
}

/** Resources of a type that is read natively: each has one random id. */
export function randoms(count) {
  return Array.from({ length: count }, (_, i) => ({
    mode: 'managed',
    type: 'null_resource',
    name: `r${i}`,
    provider: 'provider["registry.terraform.io/hashicorp/null"]',
    instances: [{ schema_version: 0, attributes: { id: `${i}`, triggers: null } }],
  }));
}

/** Numbers that are the same in every run. */
export function random(seed) {
  let x = seed;
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
}

/** Waits for what happens on another thread. */
export async function until(happened, { seconds = 20 } = {}) {
  for (const end = Date.now() + seconds * 1000; !happened(); await sleep(2)) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${happened}`);
  }
}
