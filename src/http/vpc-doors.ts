// The listeners of VPC endpoints: what comes in there came through that endpoint, whatever the request says. They lead to the services only, not
// to the admin API and not to pages.
import type { Pipeline } from '../pipeline/serve.ts';
import type { ConfiguredEndpoint } from '../pipeline/vpc-endpoints.ts';
import { type Handlers, type HttpOptions, type HttpServer, listen } from './server.ts';

export interface VpcDoor {
  readonly id: string;
  readonly host: string;
  readonly server: HttpServer;
}

export interface DoorParts extends Pick<HttpOptions, 'tls'>, Pick<Handlers, 'newRequestId' | 'now'> {
  readonly pipeline: Pipeline;
}

/** One for each endpoint that has a listener of its own. */
export function openVpcDoors(endpoints: readonly ConfiguredEndpoint[], parts: DoorParts): Promise<readonly VpcDoor[]> {
  const { pipeline, tls, newRequestId, now } = parts;
  const listeners = endpoints.flatMap(({ id, listener }) => (listener === undefined ? [] : [{ id, ...listener }]));
  return Promise.all(
    listeners.map(async ({ id, host, port }) => {
      const server = await listen(
        { host, port, tls },
        {
          newRequestId,
          now,
          serve: (received) => pipeline.serve({ ...received, listener: id }),
          refuse: pipeline.refuse,
          admin: () => undefined,
          site: () => undefined,
        },
      );
      return { id, host, server };
    }),
  );
}
