// Stops a deployment when its target has drifted.
//
//   node gate.mjs FOLDER…
//
// Exit code 0: go on. 2: somebody changed something that matters. 3: something could not be looked at. 1: an error.

import { Client, DriftmgrError, Settings } from 'driftmgr';

const targets = process.argv.slice(2);

// Ctrl-C, and what stops jobs of a pipeline, end the providers too.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());

try {
  const client = new Client({ settings: await Settings.load() });
  const { report, unopened } = await client.detectDriftAt(targets.length > 0 ? targets : ['.'], {
    signal: stop.signal,
    timeout: 10 * 60_000,
  });
  for (const { address, drift } of report.visible) {
    console.log(`${drift.severity.padEnd(13)} ${drift.kind.padEnd(8)} ${address}`);
    for (const reason of drift.reasons) console.log(`              ${reason}`);
  }
  for (const open of report.notLookedAt) {
    if (open.kind === 'unverifiable') console.log(`not looked at          ${open.address}: ${open.reason}`);
  }
  for (const problem of report.problems) console.error(`problem: ${problem.message}`);

  // Tags and descriptions do not stop a deployment.
  const { exit } = report.check('important');
  process.exitCode = unopened.length > 0 ? 1 : exit;
} catch (error) {
  if (!(error instanceof DriftmgrError)) throw error;
  console.error(error.message);
  for (const hint of error.hints) console.error(`hint: ${hint}`);
  process.exitCode = 1;
}
