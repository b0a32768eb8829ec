// The whole pipeline without a network: the AWS SDK's own clients, whose requests are handed to `serve` and whose answers come from it.

import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { IAM } from '@aws-sdk/client-iam';
import { KMS } from '@aws-sdk/client-kms';
import { Organizations } from '@aws-sdk/client-organizations';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { type MovableClock, systemClock } from '../src/base/clock.ts';
import { randomIds } from '../src/base/ids.ts';
import { Secret } from '../src/base/secret.ts';
import { createAnswers } from '../src/kit/answers.ts';
import { type Explained, storedExplanation } from '../src/kit/decision-records.ts';
import { openInstallation } from '../src/kit/installation.ts';
import type { ContextFor } from '../src/kit/jobs.ts';
import type { Work } from '../src/kit/work.ts';
import { type Castellan, compose, type Parts } from '../src/main.ts';
import type { Structure } from '../src/protocol/protocol.ts';
import { createProtocols } from '../src/protocol/protocols.ts';
import { ensureAccount } from '../src/services/iam/bootstrap.ts';
import { loadServiceModel } from '../src/services/models.ts';
import { signHeaders } from '../src/sigv4/sign.ts';
import { openPostgresStore } from '../src/store/postgres/postgres.ts';
import { fixedRootKey } from '../src/store/root-key.ts';
import { createSealer } from '../src/store/seal.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite.ts';
import type { Store } from '../src/store/store.ts';
import { temporaryDirectory } from './temporary.ts';

export interface ClientCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface InProcess {
  readonly account: string;
  readonly root: ClientCredentials;
  iam(credentials?: ClientCredentials): IAM;
  sts(credentials?: ClientCredentials): STSClient;
  cloudtrail(credentials?: ClientCredentials): CloudTrailClient;
  organizations(credentials?: ClientCredentials): Organizations;
  secretsManager(credentials?: ClientCredentials, region?: string): SecretsManagerClient;
  kms(credentials?: ClientCredentials, region?: string): KMS;
  /** Clients at another place of the network. */
  from(place: Place): Pick<InProcess, 'iam' | 'kms' | 'secretsManager' | 'sts'>;
  /** Makes a further account and returns its root credentials. */
  addAccount(account: string): Promise<ClientCredentials>;
  /** A call to a service that speaks JSON and has no client here. */
  call(service: string, operation: string, input: Structure, credentials?: ClientCredentials): Promise<JsonAnswer>;
  /** A form that is signed and sent as it is; by default as root. */
  send(request: SignedForm, credentials?: ClientCredentials): Promise<TextAnswer>;
  /** Signs a form once; what it returns sends it, any number of times. */
  prepared(request: SignedForm, credentials?: ClientCredentials): () => Promise<TextAnswer>;
  /** What is kept about a refused request. */
  explain(requestId: string): Promise<Explained | undefined>;
  readonly store: Store;
  /** Where the store keeps its files. */
  readonly dataDir: string;
  readonly clock: MovableClock;
  /** What services do by themselves: `work.settle()` does all that is due. */
  readonly work: Work;
  /** What browsers ask for. */
  readonly site: Castellan['site'];
  readonly whatIf: Castellan['whatIf'];
  /** Does something as a service would by itself. */
  runService<Result>(service: string, work: (contextFor: ContextFor) => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

export interface JsonAnswer {
  readonly status: number;
  /** The code of the error, undefined when there is none. */
  readonly error: string | undefined;
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
  // Decoding boundary: what the service answered, for expectations.
  readonly output: Record<string, unknown>;
}

/** Where a client is, and by which name it calls. */
export interface Place {
  readonly sourceIp: string;
  /** The VPC endpoint whose listener it reached. */
  readonly listener?: string;
  readonly endpoint?: string;
}

const publicPlace: Place = { sourceIp: '192.0.2.1' };

export interface SignedForm {
  readonly service: string;
  readonly region?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Where it comes from. */
  readonly sourceIp?: string;
}

/** What the SDK asks of a request handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const region = 'us-east-1';

interface InProcessOptions
  extends Pick<
    Parts,
    'attestationRoots' | 'hardware' | 'outbound' | 'publicUrl' | 'priceList' | 'vpcEndpoints' | 'services' | 'functions'
  > {
  /** A database to use instead of SQLite. */
  readonly postgres?: string;
  /** Of data that is there already; otherwise a new one. */
  readonly rootKey?: Uint8Array;
}

export async function startInProcess(
  name: string,
  { postgres, rootKey: givenRootKey, ...more }: InProcessOptions = {},
): Promise<InProcess> {
  const directory = temporaryDirectory(name);
  const ids = randomIds();
  const clock = systemClock();
  const rootKey = givenRootKey ?? ids.bytes(32);
  const store =
    postgres === undefined
      ? await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(rootKey), ids })
      : await openPostgresStore({ url: postgres, rootKeys: fixedRootKey(rootKey), ids });
  const { account } = await openInstallation(store, '111122223333', ids);
  const { pipeline, work, site, whatIf } = compose({
    ...more,
    store,
    clock,
    ids,
    sealer: createSealer(fixedRootKey(rootKey), ids),
    account,
    region,
    onInternalError(error) {
      throw error;
    },
  });
  const handlerAt = ({ sourceIp, listener }: Place) => ({
    async handle({ method, path, query = {}, headers, body }: SdkRequest) {
      if (Object.keys(query).length > 0) throw new Error('requests with a query string are not carried');
      const request = { method, path, query: '', headers: lowerCased(headers), body: bytesOf(body) };
      const through = listener === undefined ? {} : { listener };
      const received = { request, requestId: ids.uuid(), receivedAtMs: clock.now(), sourceIp, tls: undefined, ...through };
      const response = await pipeline.serve(received);
      return { response: { statusCode: response.status, headers: lowerCased(response.headers), body: bytesOf(response.body) } };
    },
  });
  const addAccount = async (id: string): Promise<ClientCredentials> => {
    const now = clock.now();
    const key = await store.transact((transaction) => ensureAccount({ transaction, account: id, ids, now, givenRootKey: undefined }));
    return { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey.reveal() };
  };
  const root = await addAccount(account);
  const sign = (
    { accessKeyId, secretAccessKey, sessionToken }: ClientCredentials,
    request: { readonly method: string; readonly path: string; readonly query: string; readonly body: Uint8Array },
    headers: Readonly<Record<string, string>>,
    { service, where = region }: { readonly service: string; readonly where?: string | undefined },
  ) => {
    const signing = {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
    return signHeaders({ ...request, headers }, { credentials: signing, region: where, service, now: clock.now() });
  };
  const prepared: InProcess['prepared'] = (
    { service, region: where, headers: given, body, sourceIp = publicPlace.sourceIp },
    credentials = root,
  ) => {
    const unsigned = { method: 'POST', path: '/', query: '', body: Buffer.from(body, 'utf8') };
    const request = { ...unsigned, headers: sign(credentials, unsigned, { host: 'localhost', ...given }, { service, where }) };
    return async () => {
      const response = await pipeline.serve({ request, requestId: ids.uuid(), receivedAtMs: clock.now(), sourceIp, tls: undefined });
      return { status: response.status, text: Buffer.from(response.body).toString('utf8') };
    };
  };
  const protocols = createProtocols();
  const settingsAt =
    (place: Place) =>
    (credentials = root) => ({
      ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
      region,
      credentials,
      requestHandler: handlerAt(place),
      maxAttempts: 1,
    });
  const settings = settingsAt(publicPlace);
  const clientsAt = (place: Place): ReturnType<InProcess['from']> => {
    const settings = settingsAt(place);
    return {
      iam: (credentials) => new IAM(settings(credentials)),
      sts: (credentials) => new STSClient(settings(credentials)),
      secretsManager: (credentials, where = region) => new SecretsManagerClient({ ...settings(credentials), region: where }),
      kms: (credentials, elsewhere = region) => new KMS({ ...settings(credentials), region: elsewhere }),
    };
  };
  return {
    account,
    root,
    ...clientsAt(publicPlace),
    from: clientsAt,
    cloudtrail: (credentials) => new CloudTrailClient(settings(credentials)),
    organizations: (credentials) => new Organizations(settings(credentials)),
    addAccount,
    async call(service, name, input, credentials = root) {
      const model = await loadServiceModel(service);
      const operation = model.operations.get(name);
      if (operation === undefined) throw new Error(`${service} has no operation ${name}`);
      const encoded = protocols[model.protocols[0] ?? 'json'].encodeRequest(operation, input);
      const unsigned = { ...encoded, headers: { host: `${model.endpointPrefix}.example.com`, ...encoded.headers } };
      const headers = sign(credentials, unsigned, unsigned.headers, { service: model.signingName });
      const received = { requestId: ids.uuid(), receivedAtMs: clock.now(), sourceIp: '192.0.2.1', tls: undefined };
      const response = await pipeline.serve({ request: { ...unsigned, headers }, ...received });
      const output = JSON.parse(Buffer.from(response.body).toString('utf8') || '{}');
      const answered = lowerCased(response.headers);
      const error = response.status < 400 ? undefined : (answered['x-amzn-errortype'] ?? output['__type']);
      return { status: response.status, error, output, requestId: received.requestId, headers: answered };
    },
    prepared,
    send: (request, credentials) => prepared(request, credentials)(),
    explain: (requestId) => store.transact((transaction) => storedExplanation(transaction, requestId)),
    store,
    dataDir: directory.path,
    site,
    whatIf,
    clock,
    work,
    runService: (service, run) =>
      store.transact((transaction) => pipeline.runService(service, transaction, { now: clock.now(), answers: createAnswers(ids) }, run)),
    async stop() {
      await store.close();
      directory.remove();
    },
  };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : new Uint8Array(0);
}
