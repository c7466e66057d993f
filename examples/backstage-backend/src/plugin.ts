import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import { ConflictError } from '@backstage/errors';
import { Client, Settings } from 'driftmgr';

import { createRouter } from './router';
import { stacksExtensionPoint } from './stacks';

/** Says whether stacks are still true. Modules name them through `stacksExtensionPoint`. */
export const driftmgrPlugin = createBackendPlugin({
  pluginId: 'driftmgr',
  register(env) {
    const stacks = new Map<string, string>();
    env.registerExtensionPoint(stacksExtensionPoint, {
      addStacks(...places) {
        for (const { name, target } of places) {
          if (stacks.has(name)) throw new ConflictError(`two stacks are called '${name}'`);
          stacks.set(name, target);
        }
      },
    });
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        logger: coreServices.logger,
      },
      async init({ config, httpAuth, httpRouter, logger }) {
        const client = new Client({ settings: await Settings.load() });
        const timeout = (config.getOptionalNumber('driftmgr.timeoutSeconds') ?? 120) * 1000;
        const plugins = config.getOptionalBoolean('driftmgr.plugins');
        const options = { timeout, ...(plugins !== undefined && { plugins }) };
        httpRouter.use(createRouter({ client, stacks, options, httpAuth, logger }));
      },
    });
  },
});

export default driftmgrPlugin;
