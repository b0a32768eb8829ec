// Rotation by a Lambda function, which is called once for each step as AWS calls it.
import type { Outside } from '../../../kit/jobs.ts';
import { RotationFailure, type RotationItem, type RotationStep } from './rotator.ts';

export async function runLambdaStep(Step: RotationStep, item: RotationItem, outside: Outside): Promise<void> {
  const event = { Step, SecretId: item.arn, ClientRequestToken: item.versionId, RotationToken: item.token.reveal() };
  const input = { FunctionName: item.functionArn, InvocationType: 'RequestResponse', Payload: Buffer.from(JSON.stringify(event), 'utf8') };
  const options = { as: 'service', sourceArn: item.arn } as const;
  const answer = await outside.call({ service: 'lambda', operation: 'Invoke', input, options }, item);
  // What the function answers may hold anything, so only the kind of its failure is told.
  const { FunctionError: failure } = answer;
  if (typeof failure === 'string') throw new RotationFailure(`The rotation function failed in the step ${Step}: ${failure}.`);
}
