// Deployment packages: kept once per function and content, checked when they come, dropped with the last version that uses them.
import { createHash } from 'node:crypto';
import type { Context } from '../../kit/context.ts';
import { codes, type FunctionRecord, functions } from './records.ts';
import { byUser, fault } from './service.ts';

/** AWS: 50 MB zipped when uploaded directly. */
const zippedBytesMax = 52_428_800;
/** The end of a zip archive's directory: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16. */
const endOfDirectory = Buffer.from([0x50, 0x4b, 0x05, 0x06]);

export interface CodeInput {
  readonly ZipFile?: Uint8Array | undefined;
  readonly S3Bucket?: string | undefined;
  readonly ImageUri?: string | undefined;
}

export interface StoredCode {
  readonly archiveId: string;
  readonly codeBytes: number;
}

/** Stores what the client sent. @throws Fault when there is no archive in it. */
export function storeCode(context: Context, name: string, input: CodeInput): StoredCode {
  const { transaction, account, region } = context;
  if (input.ImageUri !== undefined || input.S3Bucket !== undefined) {
    throw fault(
      'InvalidParameterValueException',
      'Castellan takes the code of functions as ZipFile; images and S3 objects are not read.',
      byUser,
    );
  }
  const { ZipFile: archive } = input;
  if (archive === undefined || archive.byteLength === 0) {
    throw fault('InvalidParameterValueException', 'Please provide a source for function code.', byUser);
  }
  if (archive.byteLength > zippedBytesMax) throw fault('CodeStorageExceededException', 'Code storage limit exceeded.', byUser);
  if (!Buffer.from(archive).includes(endOfDirectory)) {
    throw fault(
      'InvalidParameterValueException',
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
      byUser,
    );
  }
  const archiveId = createHash('sha256').update(archive).digest('hex');
  codes.put(transaction, { account, region, name, archiveId, archive: Buffer.from(archive).toString('base64') });
  return { archiveId, codeBytes: archive.byteLength };
}

/** Drops the code when no version of the function uses it any more, now that the record has been written or removed. */
export async function dropUnusedCode(context: Context, former: FunctionRecord): Promise<void> {
  const { account, region, name, archiveId } = former;
  const versions = await functions.all(context.transaction, account, region, name);
  if (versions.some((version) => version.archiveId === archiveId)) return;
  codes.remove(context.transaction, { account, region, name, archiveId, archive: '' });
}

/** CodeSha256 as AWS prints it. */
export function codeSha256(archiveId: string): string {
  return Buffer.from(archiveId, 'hex').toString('base64');
}
