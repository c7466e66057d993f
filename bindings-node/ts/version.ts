import { now } from './call.js';
import { parse } from './exchange.js';
import { native } from './native.js';
import type { Version } from './results.js';

/** What this build is. */
export function version(): Version {
  return parse(now(() => native.version()));
}
