// The ARNs that requests name.
import { type ArnParts, parseArn } from '../../base/arn.ts';
import { invalidParameter } from './service.ts';

/** @throws Fault InvalidParameterException */
export function requireArn({ partition }: { readonly partition: string }, text: string): ArnParts {
  const arn = parseArn(text);
  if (arn === undefined) throw invalidParameter(`${text} is not a valid AmazonResourceName (ARN)`);
  if (arn.partition !== partition) throw invalidParameter(`The partition of ${text} must be ${partition}.`);
  return arn;
}
