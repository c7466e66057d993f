// One list of operations and one table of cases for all languages.

import assert from 'node:assert/strict';
import test from 'node:test';

import * as driftmgr from 'driftmgr';

import { answers, cases, json, settle } from './answers.mjs';
import { repository } from './helpers.mjs';

const { operations, errors } = json('driftmgr-core/parity/operations.json');
settle();

/** Where the name of the list is found: `stack.detectDrift` is a method of the class `Stack`. */
function found(name) {
  const [room, member] = name.split('.');
  if (member === undefined) return name in driftmgr;
  const type = driftmgr[{ report: 'DriftReport' }[room] ?? room[0].toUpperCase() + room.slice(1)];
  return type !== undefined && (member in type || member in type.prototype);
}

test('every operation of the list is here, or the list says why not', () => {
  for (const { name, node, why } of operations) {
    if (node === null) assert.ok(why?.node, `${name} has no reason`);
    else assert.ok(found(node), `${name}: there is no ${node}`);
  }
});

test('every kind of error is here', () => {
  assert.deepEqual([...driftmgr.errorCodes], errors);
});

/** Mistakes that are refused before the core sees them: there is no such option, no such word. */
const impossible = {
  'an old version cannot be written': /^options\.version is unknown/,
  'a format that is none': /^format must be one of/,
};

/** An answer in the form in which it is compared. */
function normal(answer, volatile = []) {
  const text = JSON.stringify(answer ?? null).replaceAll(`${repository}/`, '');
  const plain = JSON.parse(text);
  for (const pointer of volatile) {
    const names = pointer.slice(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop();
    const parent = names.reduce((value, name) => value[name], plain);
    assert.ok(last in parent, `nothing at ${pointer}`);
    parent[last] = '${ANY}';
  }
  return plain;
}

const table = cases();
for (const one of table) {
  test(`${one.operation}: ${one.name}`, async (t) => {
    const answer = answers[one.operation];
    assert.ok(answer, 'nothing answers this operation');
    const refusal = impossible[one.name];
    if (refusal) return assert.rejects(async () => answer(one.input, t), { name: 'TypeError', message: refusal });
    const got = await (async () => normal(await answer(one.input, t), one.volatile))().catch((error) => {
      if (!driftmgr.isDriftmgrError(error)) throw error;
      return { error: { kind: error.code, message: error.reason.replaceAll(`${repository}/`, '') } };
    });
    if ('expected_error' in one) assert.deepEqual(got, { error: one.expected_error });
    else if ('expected_file' in one) assert.deepEqual(got, normal(json(one.expected_file)));
    else assert.deepEqual(got, one.expected);
  });
}

test('the table has cases', () => {
  assert.ok(table.length >= 40, `${table.length} cases`);
  const asked = operations.filter(({ node }) => node !== null).map(({ name }) => name);
  assert.deepEqual(Object.keys(answers).filter((name) => !asked.includes(name)), [], 'answers to what the list does not have');
});
