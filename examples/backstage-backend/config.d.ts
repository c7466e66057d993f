/** What `driftmgrModuleConfiguredStacks` and the plugin read of `app-config.yaml`. */
export interface Config {
  driftmgr?: {
    /** Stacks by name: the folder of a root module, or a state file. */
    stacks?: { [name: string]: { target: string } };
    /** How long one look may take, in seconds; 120 when it is not set. */
    timeoutSeconds?: number;
    /** Whether provider plugins may be run; they are native code with the credentials of this process. */
    plugins?: boolean;
  };
}
