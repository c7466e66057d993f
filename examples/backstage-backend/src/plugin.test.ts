// A real Backstage backend with the plugin and its module, asked about the quick start.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { createBackendModule } from '@backstage/backend-plugin-api';
import { mockCredentials, mockServices, startTestBackend, type TestBackend } from '@backstage/backend-test-utils';

import { driftmgrModuleConfiguredStacks, driftmgrPlugin, stacksExtensionPoint } from '.';

const repository = process.env.DRIFTMGR_REPOSITORY ?? join(__dirname, '../../..');
const quickstart = join(repository, 'examples/quickstart');

const rootConfig = (stacks: object) => mockServices.rootConfig.factory({ data: { driftmgr: { plugins: false, timeoutSeconds: 60, stacks } } });

let backend: TestBackend;
let base: string;

before(async () => {
  backend = await startTestBackend({
    features: [driftmgrPlugin, driftmgrModuleConfiguredStacks, rootConfig({ site: { target: quickstart }, gone: { target: '/nowhere' } })],
  });
  base = `http://127.0.0.1:${backend.server.port()}/api/driftmgr`;
});

after(() => backend.stop());

const get = (path: string, headers: Record<string, string> = {}) => fetch(base + path, { headers });

test('the stacks of the configuration are listed', async () => {
  const response = await get('/stacks');
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { stacks: ['gone', 'site'] });
});

test('a check says that the quick start has drifted', async () => {
  const answer = (await (await get('/stacks/site/check')).json()) as { safe: boolean; exit: number };
  assert.deepEqual([answer.safe, answer.exit], [false, 2]);
});

test('the report comes as JSON, and as a page for browsers', async () => {
  const report = (await (await get('/stacks/site/report')).json()) as { summary: { deleted: number } };
  assert.equal(report.summary.deleted, 2);
  const page = await get('/stacks/site/report', { accept: 'text/html' });
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(await page.text(), /module\.site\.local_file\.page/);
});

test('what is not there is Not Found, with the reason', async () => {
  for (const [path, reason] of [['/stacks/other/check', /no stack 'other'/], ['/stacks/gone/check', /nowhere/]] as const) {
    const response = await get(path);
    assert.equal(response.status, 404);
    const { error } = (await response.json()) as { error: { name: string; message: string } };
    assert.equal(error.name, 'NotFoundError');
    assert.match(error.message, reason);
  }
});

test('nobody is told anything without credentials', async () => {
  assert.equal((await get('/stacks', { authorization: mockCredentials.none.header() })).status, 401);
});

// Backstage does not close the server of a backend that failed to start: the runner of the tests ends it.
test('a module cannot take the name of another stack', async () => {
  const twin = createBackendModule({
    pluginId: 'driftmgr',
    moduleId: 'twin',
    register(env) {
      env.registerInit({
        deps: { stacks: stacksExtensionPoint },
        async init({ stacks }) {
          stacks.addStacks({ name: 'site', target: quickstart });
        },
      });
    },
  });
  const features = [driftmgrPlugin, driftmgrModuleConfiguredStacks, twin, rootConfig({ site: { target: quickstart } })];
  await assert.rejects(startTestBackend({ features }), /two stacks are called 'site'/);
});
