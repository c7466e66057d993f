export { driftmgrPlugin, driftmgrPlugin as default } from './plugin';
export { driftmgrModuleConfiguredStacks } from './module';
export { stacksExtensionPoint, type StackPlace, type StacksExtensionPoint } from './stacks';
