import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';

import * as imported from 'driftmgr';

const required = createRequire(import.meta.url)('driftmgr');

test('import and require give the same objects', () => {
  const names = Object.keys(required).sort();
  assert.ok(names.includes('open') && names.includes('DriftmgrError'), names.join());
  assert.deepEqual(Object.keys(imported).filter((name) => name !== 'default').sort(), names);
  for (const name of names) assert.equal(imported[name], required[name], name);
});

test('an error that is thrown behind require is known behind import', async () => {
  await assert.rejects(required.open('/nowhere'), (error) => imported.isDriftmgrError(error, 'not_found'));
});

test('nothing native is reachable', () => {
  const stack = Object.getOwnPropertyNames(imported.Stack.prototype);
  assert.ok(stack.includes('detectDrift'));
  assert.throws(() => createRequire(import.meta.url)('driftmgr/dist/native.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
});

test('the version is that of the package', () => {
  const { version } = createRequire(import.meta.url)('driftmgr/package.json');
  assert.equal(imported.version().version, version);
});
