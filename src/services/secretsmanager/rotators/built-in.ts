// The rotators that Castellan brings: they are named like AWS's function templates, as functions that belong to AWS.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_available-rotation-templates.html
import { parseArn } from '../../../base/arn.ts';
import { type DatabaseRotator, databaseStep } from './database.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import type { RunStep } from './rotator.ts';

const rotators: Readonly<Record<string, DatabaseRotator>> = {
  SecretsManagerRDSPostgreSQLRotationSingleUser: { driver: postgres, strategy: 'single-user' },
  SecretsManagerRDSPostgreSQLRotationMultiUser: { driver: postgres, strategy: 'alternating-users' },
  SecretsManagerRDSMySQLRotationSingleUser: { driver: mysql, strategy: 'single-user' },
  SecretsManagerRDSMySQLRotationMultiUser: { driver: mysql, strategy: 'alternating-users' },
  SecretsManagerRDSMariaDBRotationSingleUser: { driver: mysql, strategy: 'single-user' },
  SecretsManagerRDSMariaDBRotationMultiUser: { driver: mysql, strategy: 'alternating-users' },
};

/** `arn:aws:lambda:us-east-1:aws:function:NAME`: an account that no function of a user can have. */
export function isBuiltIn(functionArn: string): boolean {
  const arn = parseArn(functionArn);
  return arn?.service === 'lambda' && arn.account === 'aws';
}

/** Undefined when no built-in rotator has this ARN. */
export function builtInRotator(functionArn: string): DatabaseRotator | undefined {
  const name = isBuiltIn(functionArn) ? /^function:(.+)$/.exec(parseArn(functionArn)?.resource ?? '')?.[1] : undefined;
  return name !== undefined && Object.hasOwn(rotators, name) ? rotators[name] : undefined;
}

export function builtInStep(rotator: DatabaseRotator): RunStep {
  return (step, item, outside) => databaseStep(rotator, step, item, outside);
}
