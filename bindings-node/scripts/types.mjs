// Writes the types of results from the schemas that describe them, so that both say the same.
//
//   node scripts/types.mjs [--check] [--schemas FOLDER]

import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { compile } from 'json-schema-to-typescript';
import ts from 'typescript';

const here = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, schemas: { type: 'string', default: join(here, '../schemas') } },
});
const folder = join(here, 'ts/schemas');

let stale = 0;
await mkdir(folder, { recursive: true });
for (const file of (await readdir(values.schemas)).sort()) {
  if (!file.endsWith('.schema.json')) continue;
  const name = basename(file, '.schema.json');
  const schema = JSON.parse(await readFile(join(values.schemas, file), 'utf8'));
  const target = join(folder, `${name}.ts`);
  const text = await types(name, schema);
  if (values.check) {
    if ((await readFile(target, 'utf8').catch(() => '')) === text) continue;
    console.error(`${target} is not what ${file} says: npm run types writes it`);
    stale += 1;
  } else {
    await writeFile(target, text);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

async function types(name, schema) {
  const others = new Map();
  await refer(schema, others);
  open(schema);
  const text = await compile(schema, name, {
    additionalProperties: false,
    cwd: values.schemas,
    bannerComment: '',
    style: { singleQuote: true, printWidth: 140 },
    unreachableDefinitions: false,
  });
  const frozen = readonly(text);
  const used = ['JsonObject', 'JsonValue'].filter((type) => new RegExp(`\\b${type}\\b`).test(frozen));
  const lines = used.length === 0 ? [] : [`import type { ${used.join(', ')} } from '../exchange.js';\n`];
  for (const [file, names] of others) lines.push(`import type { ${[...names].sort().join(', ')} } from './${file}.js';\n`);
  const imports = lines.length === 0 ? '' : `${lines.join('')}\n`;
  return `// Written by scripts/types.mjs from schemas/${name}.schema.json.\n\n${imports}${frozen}`;
}

/** What another schema describes has its type there. */
async function refer(schema, others) {
  if (typeof schema !== 'object' || schema === null) return;
  const [, file, definition] = /^([\w-]+)\.schema\.json(?:#\/\$defs\/(\w+))?$/.exec(schema.$ref ?? '') ?? [];
  if (file !== undefined) {
    const words = definition ?? JSON.parse(await readFile(join(values.schemas, `${file}.schema.json`), 'utf8')).title;
    const type = words.replace(/(?:^|[ _])(\w)/g, (_, first) => first.toUpperCase());
    others.set(file, (others.get(file) ?? new Set()).add(type));
    delete schema.$ref;
    schema.tsType = type;
  }
  for (const member of Object.values(schema)) await refer(member, others);
}

/** Where a schema lets everything in, any JSON value may come. */
function open(schema) {
  if (typeof schema !== 'object' || schema === null) return;
  const says = (...words) => words.some((word) => word in schema);
  const isSchema = says('type', 'description') && !Array.isArray(schema);
  if (isSchema && !says('type', '$ref', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'tsType', '$defs', 'properties')) {
    schema.tsType = 'JsonValue';
  } else if (schema.type === 'object' && !says('properties', 'additionalProperties', 'patternProperties', 'anyOf', 'oneOf', 'allOf')) {
    schema.tsType = 'JsonObject';
  } else if (Array.isArray(schema.type) && schema.type.includes('object') && !says('properties', 'additionalProperties', 'anyOf', 'oneOf')) {
    schema.tsType = schema.type.map((type) => ({ object: 'JsonObject', integer: 'number', array: 'readonly JsonValue[]' })[type] ?? type).join(' | ');
  }
  for (const [key, member] of Object.entries(schema)) {
    if (key === 'enum' || key === 'const' || key === 'examples' || key === 'default') continue;
    for (const one of Array.isArray(member) ? member : [member]) open(one);
  }
}

/** Results are frozen: every member is readonly, every array too. What may be anything is JSON. */
function readonly(text) {
  const { factory, SyntaxKind } = ts;
  const source = ts.createSourceFile('results.ts', text, ts.ScriptTarget.ESNext, true);
  const isReadonly = (node) => ts.isTypeOperatorNode(node) && node.operator === SyntaxKind.ReadonlyKeyword;
  const transformer = (context) => {
    const visit = (node) => {
      const inner = ts.visitEachChild(node, visit, context);
      const mark = [factory.createModifier(SyntaxKind.ReadonlyKeyword)];
      if (ts.isPropertySignature(inner)) {
        return factory.updatePropertySignature(inner, mark, inner.name, inner.questionToken, inner.type);
      }
      if (ts.isIndexSignatureDeclaration(inner)) {
        return factory.updateIndexSignature(inner, mark, inner.parameters, inner.type);
      }
      if (isReadonly(node)) return inner.type;
      if (ts.isArrayTypeNode(inner) || ts.isTupleTypeNode(inner)) {
        return factory.createTypeOperatorNode(SyntaxKind.ReadonlyKeyword, inner);
      }
      if (inner.kind === SyntaxKind.UnknownKeyword) return factory.createTypeReferenceNode('JsonValue');
      return inner;
    };
    return (file) => ts.visitEachChild(file, visit, context);
  };
  const { transformed } = ts.transform(source, [transformer]);
  return ts.createPrinter({ newLine: ts.NewLineKind.LineFeed }).printFile(transformed[0]);
}
