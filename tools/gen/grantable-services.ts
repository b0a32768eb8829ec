// What policies can grant, for last accessed reports: every service of the service authorization reference with its name and actions, and
// under which event source the ledger knows those of the build.
import type { IamData } from './authz-file.ts';

export interface EventSource {
  readonly prefix: string;
  readonly endpointPrefix: string;
}

export function grantableServicesFile(iamData: IamData, sources: readonly EventSource[]): string {
  const endpoints = new Map(sources.toReversed().map(({ prefix, endpointPrefix }) => [prefix, endpointPrefix]));
  const lines = Object.entries(iamData.names)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, name]) => {
      const endpoint = endpoints.get(namespace);
      const actions = Object.keys(iamData.authz(namespace).actions).join(' ');
      // Empty: not in the build, so that the ledger has nothing of it.
      return JSON.stringify({ namespace, name, eventSource: endpoint === undefined ? '' : `${endpoint}.amazonaws.com`, actions });
    });
  return `[\n${lines.join(',\n')}\n]\n`;
}
