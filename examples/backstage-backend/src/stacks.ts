import { createExtensionPoint } from '@backstage/backend-plugin-api';

/** Where a stack is: the folder of a root module, or a state file. */
export interface StackPlace {
  readonly name: string;
  readonly target: string;
}

/** Lets modules say which stacks there are. */
export interface StacksExtensionPoint {
  /** Adds stacks. A name that is there already is an error. */
  addStacks(...places: readonly StackPlace[]): void;
}

export const stacksExtensionPoint = createExtensionPoint<StacksExtensionPoint>({ id: 'driftmgr.stacks' });
