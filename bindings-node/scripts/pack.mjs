// Makes the tarballs that are published: the package, and one package for each platform whose native half is here.
//
//   node scripts/pack.mjs [--out FOLDER] [--licences FOLDER]

import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(here, 'packages') }, licences: { type: 'string', default: join(here, '..') } },
});
const out = resolve(values.out);
const LICENCES = ['LICENSE-APACHE', 'LICENSE-MIT'];

const main = await json('package.json');
const { platforms } = await json('platforms.json');
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const staged = join(out, 'stage');
const shared = { version: main.version, license: main.license, repository: main.repository, engines: main.engines };

for (const platform of platforms) {
  const library = `driftmgr.${platform.name}.node`;
  if (!(await exists(join(here, library)))) continue;
  const folder = join(staged, platform.name);
  await mkdir(folder, { recursive: true });
  await copyFile(join(here, library), join(folder, library));
  await write(folder, {
    name: `@driftmgr/${platform.name}`,
    description: `The native half of driftmgr for ${platform.name}.`,
    ...shared,
    main: library,
    files: [library, ...LICENCES],
    os: [platform.os],
    cpu: [platform.cpu],
    ...(platform.libc && { libc: [platform.libc] }),
  });
  await pack(folder);
}

const folder = join(staged, 'driftmgr');
await mkdir(folder, { recursive: true });
for (const part of ['bin', 'dist', 'platforms.json', 'README.md']) {
  execFileSync('cp', ['-R', join(here, part), folder]);
}
const { devDependencies: _, scripts: __, napi: ___, ...published } = main;
await write(folder, {
  ...published,
  optionalDependencies: Object.fromEntries(platforms.map(({ name }) => [`@driftmgr/${name}`, main.version])),
});
await pack(folder);
await rm(staged, { recursive: true });

async function write(folder, manifest) {
  for (const licence of LICENCES) await copyFile(join(values.licences, licence), join(folder, licence));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function pack(folder) {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function json(file) {
  return JSON.parse(await readFile(join(here, file), 'utf8'));
}

async function exists(file) {
  return stat(file).then(() => true, () => false);
}
