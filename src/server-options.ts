// What a server can be told at start, after the command line and the environment were read. The declaration of each option is in cli/options.ts.

import type { X509Certificate } from 'node:crypto';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  readonly region: string;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly postgres: string | undefined;
  readonly allowReset: boolean;
  readonly allowTimeTravel: boolean;
  readonly rootAccount: string | undefined;
  readonly rootAccessKeyId: string | undefined;
  readonly rootSecretAccessKey: string | undefined;
  /** Base URL of the installation for its clients, when it is not the address that it listens on. */
  readonly publicUrl: string | undefined;
  /** Hosts of identity providers that may be asked; undefined: any with a public address. */
  readonly outboundAllow: readonly string[] | undefined;
  /** Host to the base URL that is asked in its stead. */
  readonly outboundRoutes: Readonly<Record<string, string>>;
  /** The file that lists VPC endpoints. */
  readonly vpcEndpoints: string | undefined;
  /** Listeners that others can reach may do without TLS. */
  readonly allowPublic: boolean;
  /** A price list as data; undefined: the example. */
  readonly priceList: unknown;
  /** Whose attestation documents KMS believes. */
  readonly attestationRoots: readonly X509Certificate[];
  readonly onInternalError: (error: unknown, requestId: string) => void;
}

/** What the banner says. */
export interface ServerInfo {
  /** `http://127.0.0.1:4566`. */
  readonly address: string;
  readonly dataDir: string;
  readonly store: 'sqlite' | 'postgres';
  readonly account: string;
  readonly region: string;
  readonly rootAccessKeyId: string;
  readonly credentialsFile: string;
  /** The data directory was made by this start. */
  readonly created: boolean;
  readonly allowReset: boolean;
  readonly allowTimeTravel: boolean;
  /** The root key was given on the command line and not made at random. */
  readonly hasGivenRootKey: boolean;
  /** How far the clock is ahead of the machine's. */
  readonly clockOffsetMs: number;
  /** Those with a listener of their own. */
  readonly vpcEndpoints: readonly { readonly id: string; readonly address: string }[];
}

export interface RunningServer {
  readonly info: ServerInfo;
  close(): Promise<void>;
}

/** An address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);
}
