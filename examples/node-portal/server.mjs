// A page of an internal portal: which stacks have drifted, and how.
//
//   STACKS=../quickstart node server.mjs
//
//   GET /                     the list of stacks
//   GET /stacks/:name         the report of one stack, as a page that needs nothing else
//   GET /api/stacks/:name     the same as JSON
//   GET /api/stacks/:name/live   findings as they come, as server-sent events

import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, DriftmgrError, Settings } from 'driftmgr';
import express from 'express';

/** An application that can be mounted in another one. `stacks` has a folder or state file for each name. */
export function portal(stacks, client) {
  const app = express();
  app.disable('x-powered-by');

  app.get('/', (_request, response) => {
    const items = [...stacks.keys()].map((name) => `<li><a href="/stacks/${encodeURIComponent(name)}">${escape(name)}</a></li>`);
    response.type('html').send(`<!doctype html><title>Stacks</title><h1>Stacks</h1><ul>${items.join('')}</ul>`);
  });

  app.get('/stacks/:name', async (request, response) => {
    const stack = await client.open(find(request));
    const report = await stack.detectDrift({ signal: left(request, response), timeout: 120_000 });
    response.type('html').send(await report.render('html'));
  });

  app.get('/api/stacks/:name', async (request, response) => {
    const stack = await client.open(find(request));
    const report = await stack.detectDrift({ signal: left(request, response), timeout: 120_000 });
    response.json(report);
  });

  app.get('/api/stacks/:name/live', async (request, response) => {
    const stack = await client.open(find(request));
    const stream = stack.driftStream({ signal: left(request, response) });
    response.type('text/event-stream');
    const send = async (event, data) => {
      if (!response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) await once(response, 'drain');
    };
    for await (const finding of stream) await send('finding', finding);
    await send('summary', stream.report.summary);
    response.end();
  });

  const find = (request) => {
    const target = stacks.get(request.params.name);
    if (target === undefined) throw Object.assign(new Error('there is no such stack'), { status: 404 });
    return target;
  };

  app.use((error, _request, response, next) => {
    // Whoever left hears nothing.
    if (response.headersSent || response.destroyed) return next(error);
    const status = error instanceof DriftmgrError ? STATUS[error.code] ?? 500 : error.status ?? 500;
    response.status(status).json(error instanceof DriftmgrError ? error : { message: status === 500 ? 'an error' : error.message });
  });
  return app;
}

const STATUS = { not_found: 404, invalid_input: 400, locked: 409, rate_limited: 429, unavailable: 503, timeout: 504 };

/** Is aborted when the browser goes away: nobody waits for the answer then. */
function left(request, response) {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client left'));
  });
  return controller.signal;
}

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stacks = new Map((process.env.STACKS ?? '.').split(':').map((path) => [basename(resolve(path)), resolve(path)]));
  const client = new Client({ settings: await Settings.load() });
  const server = portal(stacks, client).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${server.address().port}`);
  });
}
