// The services and actions that policies can grant, loaded when the first report or reader needs them, and which of them policies do grant.
import { once } from '../../base/once.ts';
import { grantsAction, isDeniedEverywhere } from '../../policy/action-match.ts';
import { actionReach } from '../../policy/actions.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';

export interface GrantableService {
  readonly namespace: string;
  readonly name: string;
  /** Part of the build, so that the ledger knows its actions: AWS calls them tracked. */
  readonly isTracked: boolean;
  readonly actions: ReadonlySet<string>;
}

export interface GrantableServices {
  /** By namespace, in alphabetical order. */
  readonly byNamespace: ReadonlyMap<string, GrantableService>;
  /** By the event source of the ledger. */
  readonly bySource: ReadonlyMap<string, GrantableService>;
}

/** Read once; a service's actions are taken apart when they are first asked for. */
export const grantableServices: () => Promise<GrantableServices> = once(async () => {
  const { default: rows } = await import('./grantable-services.gen.json', { with: { type: 'json' } });
  const byNamespace = new Map<string, GrantableService>();
  const bySource = new Map<string, GrantableService>();
  for (const { namespace, name, eventSource, actions: names } of rows) {
    const actions = once(() => new Set(names.split(' ')));
    const service: GrantableService = {
      namespace,
      name,
      isTracked: eventSource !== '',
      get actions() {
        return actions();
      },
    };
    byNamespace.set(namespace, service);
    if (eventSource !== '' && !bySource.has(eventSource)) bySource.set(eventSource, service);
  }
  return { byNamespace, bySource };
});

/**
 * The actions of a service that permissions policies grant together: allowed by one, and denied everywhere by none. Conditions and resources
 * are not looked at, as AWS does not. `isOneEnough`: stops at the first.
 */
export function grantedActions(policies: readonly CompiledPolicy[], service: GrantableService, isOneEnough = false): readonly string[] {
  const namespace = service.namespace.toLowerCase();
  const granted: string[] = [];
  for (const name of service.actions) {
    const action = `${namespace}:${name.toLowerCase()}`;
    const { verbs, services } = actionReach(action, namespace);
    // Most policies are about other services; their bits tell.
    const concerned = policies.filter(({ allowVerbs, allowServices }) => (allowVerbs & verbs) !== 0 || (allowServices & services) !== 0);
    if (!concerned.some((policy) => grantsAction(policy, action)) || policies.some((policy) => isDeniedEverywhere(policy, action)))
      continue;
    granted.push(name);
    if (isOneEnough) return granted;
  }
  return granted;
}
