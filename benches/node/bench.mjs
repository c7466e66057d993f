// Opening a state in Node.js: driftmgr against JSON.parse, which is what a script would use instead.
//
//   node benches/node/bench.mjs [--runs N] [--size MB]…       (from a folder that has the package `driftmgr`)
//
// Each run is a process of its own. Measured are the time until the addresses of all instances are known, the memory at its peak, and the longest
// time for which the event loop could do nothing else. The states are made here, with attributes like those of real ones.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, size: { type: 'string', multiple: true, default: ['10', '100'] } },
});

const ways = {
  /** Parses everything, then walks over it. */
  async json(file) {
    const { readFileSync } = await import('node:fs');
    const { resources } = JSON.parse(readFileSync(file, 'utf8'));
    const addresses = [];
    for (const { module, mode, type, name, instances } of resources) {
      const prefix = `${module === undefined ? '' : `${module}.`}${mode === 'data' ? 'data.' : ''}${type}.${name}`;
      for (const { index_key: key } of instances) addresses.push(key === undefined ? prefix : `${prefix}[${JSON.stringify(key)}]`);
    }
    return addresses.length;
  },
  async driftmgr(file) {
    const { State } = createRequire(join(process.cwd(), 'package.json'))('driftmgr');
    return (await (await State.read(file)).list()).length;
  },
};

if (positionals.length > 0) await measure(...positionals);
else compare();

/** One run, in a process of its own. */
async function measure(way, file) {
  const { monitorEventLoopDelay, performance } = await import('node:perf_hooks');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.enable();
  // The monitor sees what is between two turns of the loop, so one has to come before.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const begun = performance.now();
  const count = await ways[way](file);
  const milliseconds = performance.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ count, milliseconds, rss: maxRSS / 1024, blocked: delay.max / 1e6 }));
}

function compare() {
  const folder = mkdtempSync(join(tmpdir(), 'driftmgr-bench-'));
  try {
    console.log('| state | | time, ms | peak memory, MiB | of the file | loop blocked, ms |');
    console.log('|---|---|---:|---:|---:|---:|');
    for (const size of values.size) {
      const file = join(folder, `${size}.tfstate`);
      generate(file, Number(size) * 1e6);
      for (const way of Object.keys(ways)) row(way, file, size);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function row(way, file, size) {
  const script = fileURLToPath(import.meta.url);
  const runs = Array.from({ length: Number(values.runs) }, () =>
    JSON.parse(execFileSync(process.execPath, ['--max-old-space-size=8192', script, '--', way, file], { encoding: 'utf8' })),
  );
  const median = (name) => runs.map((run) => run[name]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
  const share = median('rss') / (statSync(file).size / 2 ** 20);
  console.log(
    `| ${size} MB, ${runs[0].count} instances | ${way} | ${median('milliseconds').toFixed(0)} | ${median('rss').toFixed(0)} | ${share.toFixed(1)} | ${median('blocked').toFixed(0)} |`,
  );
}

/** A state of about so many bytes, written piece by piece. */
function generate(file, bytes) {
  const out = openSync(file, 'w');
  writeSync(out, '{"version":4,"terraform_version":"1.9.0","serial":1,"lineage":"bench","outputs":{},"resources":[\n');
  let written = 0;
  for (let i = 0; written < bytes; i += 1) {
    const text = `${i === 0 ? '' : ',\n'}${JSON.stringify(resource(i))}`;
    written += Buffer.byteLength(text);
    writeSync(out, text);
  }
  writeSync(out, '\n]}\n');
  closeSync(out);
}

function resource(i) {
  const id = i.toString(16).padStart(17, '0');
  const instance = (key) => ({
    index_key: key,
    schema_version: 1,
    attributes: {
      id: `i-${id}${key}`,
      ami: `ami-${id}`,
      arn: `arn:aws:ec2:eu-west-1:123456789012:instance/i-${id}${key}`,
      availability_zone: 'eu-west-1a',
      ebs_block_device: [{ device_name: '/dev/sdf', encrypted: true, iops: 3000, volume_size: 100 + (i % 50), volume_type: 'gp3' }],
      instance_type: 'm6i.large',
      metadata_options: [{ http_endpoint: 'enabled', http_put_response_hop_limit: 1, http_tokens: 'required' }],
      private_ip: `10.${i % 200}.${key}.7`,
      tags: { Name: `node-${i}-${key}`, environment: 'production', owner: 'platform', 'cost-center': `${4000 + (i % 90)}` },
      user_data: 'a'.repeat(200),
      vpc_security_group_ids: [`sg-${id}`, 'sg-0a1b2c3d4e5f60718'],
    },
    sensitive_attributes: [],
    private: 'eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==',
    dependencies: [`module.network.aws_subnet.private`, `aws_security_group.node_${i}`],
  });
  return {
    module: i % 3 === 0 ? undefined : `module.pool_${i % 20}`,
    mode: 'managed',
    type: 'aws_instance',
    name: `node_${i}`,
    provider: 'provider["registry.terraform.io/hashicorp/aws"]',
    instances: [0, 1, 2].map(instance),
  };
}
