// The only way out: documents of other servers (OpenID discovery, key sets), fetched between two runs of a unit of work and kept for a while.
// Bounded in size, time and redirects. Private addresses are refused unless the operator named the host, and TLS is always checked.
import { elapsedMs } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { Awaited } from '../kit/awaited.ts';
import type { OutboundDocument, OutboundPort, OutboundRequest } from '../kit/ports.ts';
import { type Destination, fetchOnce, OutboundRefusal } from './fetch-once.ts';
import { createPost, failureKind } from './post.ts';

export interface OutboundSettings {
  /** Hosts that may be reached, also when they are private; undefined: any host with a public address. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Host (and port) to base URL: requests to the host go there instead. What the operator names here is trusted as it is. */
  readonly routes: Readonly<Record<string, string>>;
}

/** Failures are kept so long, so that the waiting operation finds them and a broken server is not asked at every request. */
const failureMs = 5_000;

interface Kept {
  readonly document: OutboundDocument;
  readonly at: number;
}

/** `elapsed`: monotonic milliseconds, by which answers grow old; the installation's clock may be moved, other servers do not follow it. */
export function createOutbound(settings: OutboundSettings, elapsed: () => number = elapsedMs): OutboundPort {
  const kept = new Map<string, Kept>();
  const running = new Map<string, Promise<void>>();
  const post = createPost();
  const bring = (key: string, request: OutboundRequest): Promise<void> => {
    let work = running.get(key);
    if (work === undefined) {
      work = follow(settings, request)
        .then((document) => {
          kept.delete(key);
          kept.set(key, { document, at: elapsed() });
          if (kept.size > limits.outboundCacheEntriesMax) kept.delete(kept.keys().next().value ?? key);
        })
        .finally(() => running.delete(key));
      running.set(key, work);
    }
    return work;
  };
  return {
    document(request) {
      // Who trusts a certificate by its thumbprint must not share the answer with who does not.
      const key = [request.url, ...(request.thumbprints ?? []).toSorted()].join(' ');
      const known = kept.get(key);
      const ageMs = known === undefined ? Number.POSITIVE_INFINITY : elapsed() - known.at;
      const ageMsMax = known !== undefined && known.document.kind !== 'found' ? failureMs : request.ageMsMax;
      if (known !== undefined && ageMs <= ageMsMax) return known.document;
      throw new Awaited(() => bring(key, request));
    },
    async post(request) {
      try {
        return await post(destination(settings, request.url), request);
      } catch (error) {
        return { kind: failureKind(error) };
      }
    },
  };
}

/** Never rejects: what goes wrong is an answer too. */
async function follow(settings: OutboundSettings, request: OutboundRequest): Promise<OutboundDocument> {
  let url = request.url;
  try {
    for (let redirects = 0; redirects <= limits.outboundRedirectsMax; redirects += 1) {
      const reply = await fetchOnce(destination(settings, url), request.thumbprints ?? []);
      if (reply.location === undefined) return { kind: 'found', status: reply.status, body: reply.body };
      url = new URL(reply.location, url).href;
    }
    return { kind: 'refused', reason: `more than ${limits.outboundRedirectsMax} redirects` };
  } catch (error) {
    return {
      kind: error instanceof OutboundRefusal ? 'refused' : 'unreachable',
      reason: error instanceof Error ? error.message : 'the request failed',
    };
  }
}

/** @throws OutboundRefusal when the host may not be reached. */
function destination({ routes, allowedHosts }: OutboundSettings, given: string): Destination {
  const url = new URL(given);
  const route = Object.hasOwn(routes, url.host) ? routes[url.host] : undefined;
  if (route !== undefined) {
    return { url: new URL(route.replace(/\/+$/, '') + url.pathname + url.search), isNamed: true, meantHost: url.host };
  }
  if (url.protocol !== 'https:') throw new OutboundRefusal(`\`${url.protocol}\` is not https`);
  const isNamed = allowedHosts?.some((allowed) => allowed === url.host || allowed === url.hostname) ?? false;
  if (allowedHosts !== undefined && !isNamed) throw new OutboundRefusal(`the host \`${url.host}\` is not among the allowed ones`);
  return { url, isNamed };
}
