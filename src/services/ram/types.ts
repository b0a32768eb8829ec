// The types of resources that can be shared here, by ARN and by name.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { ShareableType } from '../../kit/shareables.ts';
import { invalidParameter, malformedArn, notPermitted, unknown } from './service.ts';

/** The declared type in whatever case it is asked for. */
export async function typeNamed({ shareables }: Pick<Scope, 'shareables'>, name: string): Promise<ShareableType | undefined> {
  return (await shareables()).find(({ type }) => type.toLowerCase() === name.toLowerCase());
}

export async function typeOfArn({ shareables }: Pick<Scope, 'shareables'>, arn: string): Promise<ShareableType | undefined> {
  return (await shareables()).find(({ isArn }) => isArn(arn));
}

const globalRegion = 'us-east-1';

/** A resource that the caller may share in this region. @throws Fault */
export async function requireShareable(scope: Scope, arn: string): Promise<ShareableType> {
  const parts = parseArn(arn);
  if (parts === undefined || parts.partition !== scope.partition) throw malformedArn('resource');
  const type = await typeOfArn(scope, arn);
  if (type === undefined) throw invalidParameter(`The resource ${arn} is not of a type that can be shared.`);
  if (parts.account !== scope.account) throw notPermitted(`The resource ${arn} is not owned by your account.`);
  const home = type.isGlobal === true ? globalRegion : parts.region;
  if (home !== scope.region) throw invalidParameter(`The resource ${arn} can be shared only in the Region ${home}.`);
  if (!(await type.exists(scope.transaction, arn))) throw unknown('Resource', arn);
  return type;
}

export function regionScope({ isGlobal }: Pick<ShareableType, 'isGlobal'>): 'GLOBAL' | 'REGIONAL' {
  return isGlobal === true ? 'GLOBAL' : 'REGIONAL';
}

/** Whether a type is among those that a list asks for. */
export function isInScope(type: Pick<ShareableType, 'isGlobal'>, wanted: 'ALL' | 'REGIONAL' | 'GLOBAL' | undefined): boolean {
  return wanted === undefined || wanted === 'ALL' || wanted === regionScope(type);
}
