// The native half is what `ts/native.types.d.ts` says, which `tsc` holds the rest of the package against.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';

import { native } from './helpers.mjs';

const manifest = createRequire(import.meta.url).resolve('driftmgr/package.json');
const declared = readFileSync(join(dirname(manifest), 'dist/native.types.d.ts'), 'utf8');

test('every class has the members that its type has', () => {
  const classes = [...declared.matchAll(/^export declare class (\w+) \{([\s\S]*?)^\}/gm)];
  assert.ok(classes.length >= 10, `${classes.length}`);
  for (const [, name, body] of classes) {
    const members = [...body.matchAll(/^ {2}(static )?(?:get )?(\w+)\(/gm)].filter(([, , member]) => member !== 'constructor');
    const own = (of) => Object.getOwnPropertyNames(of).filter((member) => !['arguments', 'caller', 'constructor', 'length', 'name', 'prototype'].includes(member));
    const typed = (isStatic) => members.filter(([, word]) => (word !== undefined) === isStatic).map(([, , member]) => member);
    assert.deepEqual(Object.getOwnPropertyNames(native[name].prototype).filter((member) => member !== 'constructor').sort(), typed(false).sort(), name);
    assert.deepEqual(own(native[name]).sort(), typed(true).sort(), name);
  }
});

test('every function has its type', () => {
  const functions = [...declared.matchAll(/^export declare function (\w+)\(/gm)].map(([, name]) => name);
  const exported = Object.keys(native).filter((name) => !/^class /.test(Function.prototype.toString.call(native[name])));
  assert.ok(functions.every((name) => exported.includes(name)), functions.join());
});
