// Amazon Resource Names: parsing into their six parts.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

export interface ArnParts {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** The parts of an ARN, or undefined when the text is not one. The resource part keeps further colons and slashes. */
export function parseArn(text: string): ArnParts | undefined {
  const [arn, partition, service, region, account, ...rest] = text.split(':');
  if (arn !== 'arn' || !partition || !service || region === undefined || account === undefined || rest.length === 0) return undefined;
  const resource = rest.join(':');
  return resource === '' ? undefined : { partition, service, region, account, resource };
}
