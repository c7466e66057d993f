import { native } from './native.js';

/** Runs the command line of driftmgr to its end, on the streams of this process, and gives the exit code. */
export function runCommandLine(words: readonly string[]): number {
  return native.runCommandLine([...words]);
}
