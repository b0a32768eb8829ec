// Rules that many requests share: dry runs, the encryption context, limits of lists.
import type { Collection } from '../../kit/collection.ts';
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { pageOf } from '../../kit/paging.ts';
import type { EncryptionContext } from './ciphertext.ts';
import { fault } from './service.ts';

/** AWS: bytes of all names and values of an encryption context. */
const contextBytesMax = 8_192;

/** After everything else was checked: the request would have succeeded. @throws Fault DryRunOperationException */
export function refuseDryRun({ DryRun }: { readonly DryRun?: boolean | undefined }): void {
  if (DryRun) throw dryRunFault();
}

export function dryRunFault() {
  return fault('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.');
}

/** @throws Fault ValidationException */
export function requireContext(context: EncryptionContext | undefined, algorithm: string): void {
  if (context === undefined || Object.keys(context).length === 0) return;
  if (algorithm !== 'SYMMETRIC_DEFAULT') {
    throw commonFault('ValidationException', 'Encryption context is only supported with symmetric encryption keys.');
  }
  const bytes = Object.entries(context).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key, 'utf8') + Buffer.byteLength(value, 'utf8'),
    0,
  );
  if (bytes > contextBytesMax)
    throw commonFault('ValidationException', `EncryptionContext must have a total length of at most ${contextBytesMax} bytes.`);
}

/** A page in the way of KMS: Limit, Marker, NextMarker, Truncated. */
export async function pageFor<Value extends object>(
  { transaction }: Scope,
  records: Collection<Value>,
  under: readonly string[],
  input: { readonly Limit?: number | undefined; readonly Marker?: string | undefined },
  options: { readonly limit: number; readonly limitMax?: number; readonly matches?: (value: Value) => boolean },
): Promise<{ readonly items: readonly Value[]; readonly page: { readonly NextMarker?: string; readonly Truncated: boolean } }> {
  const request = {
    under,
    // AWS: never more than so many, whatever was asked for.
    limit: Math.min(input.Limit ?? options.limit, options.limitMax ?? 1_000),
    marker: input.Marker,
    onBadMarker: () => fault('InvalidMarkerException', 'Invalid marker.'),
  };
  const { items, marker } = await pageOf(transaction, records, request, options.matches);
  return { items, page: marker === undefined ? { Truncated: false } : { NextMarker: marker, Truncated: true } };
}
