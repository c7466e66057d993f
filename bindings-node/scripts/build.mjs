// From TypeScript to what is published: CommonJS with its types, and a facade over it for `import`.
//
// There is one implementation, so that an error caught from `import` is an instance of the class that `require` gives.

import { execFileSync } from 'node:child_process';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const dist = join(here, 'dist');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

await rm(dist, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '--project', here], { stdio: 'inherit' });
await copyFile(join(here, 'ts/native.types.d.ts'), join(dist, 'native.types.d.ts'));
const names = [...(await readFile(join(dist, 'index.js'), 'utf8')).matchAll(/^Object\.defineProperty\(exports, "(\w+)", \{ enumerable/gm)];
await writeFile(join(dist, 'index.mjs'), `export { ${names.map(([, name]) => name).join(', ')} } from './index.js';\n`);
await writeFile(join(dist, 'index.d.mts'), "export * from './index.js';\n");
