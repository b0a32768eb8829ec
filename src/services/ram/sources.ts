// Source constraints of shares with services: on whose behalf the service may come. https://docs.aws.amazon.com/ram/latest/APIReference/
import { parseArn } from '../../base/arn.ts';
import { invalidParameter } from './service.ts';

export type SourceType = 'ACCOUNT' | 'ARN' | 'ORGANIZATION' | 'ORGANIZATION_PATH';

/** @throws Fault InvalidParameterException */
export function sourceType(source: string): SourceType {
  if (/^\d{12}$/.test(source)) return 'ACCOUNT';
  if (/^o-[a-z0-9]{10,32}$/.test(source)) return 'ORGANIZATION';
  if (/^o-[a-z0-9]{10,32}\/r-[0-9a-z]{4,32}\/(?:ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}\/)*\*?$/.test(source)) return 'ORGANIZATION_PATH';
  if (parseArn(source) !== undefined) return 'ARN';
  throw invalidParameter(`The source ${source} is not valid. Specify an account, an ARN, an organization ID or an organization path.`);
}

/** The condition under which a request of a service comes from one of the sources of one type. */
export function sourceCondition(
  type: SourceType,
  sources: readonly string[],
): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  switch (type) {
    case 'ACCOUNT':
      return { StringEquals: { 'aws:SourceAccount': sources } };
    case 'ARN':
      return { ArnLike: { 'aws:SourceArn': sources } };
    case 'ORGANIZATION':
      return { StringEquals: { 'aws:SourceOrgID': sources } };
    case 'ORGANIZATION_PATH':
      return { 'ForAnyValue:StringLike': { 'aws:SourceOrgPaths': sources } };
  }
}
