import { coreServices, createBackendModule } from '@backstage/backend-plugin-api';

import { stacksExtensionPoint } from './stacks';

/** Names the stacks of `driftmgr.stacks` in `app-config.yaml`. */
export const driftmgrModuleConfiguredStacks = createBackendModule({
  pluginId: 'driftmgr',
  moduleId: 'configured-stacks',
  register(env) {
    env.registerInit({
      deps: { config: coreServices.rootConfig, stacks: stacksExtensionPoint },
      async init({ config, stacks }) {
        const all = config.getOptionalConfig('driftmgr.stacks');
        for (const name of all?.keys() ?? []) {
          stacks.addStacks({ name, target: config.getString(`driftmgr.stacks.${name}.target`) });
        }
      },
    });
  },
});

export default driftmgrModuleConfiguredStacks;
