// The five tasks that a session of a member account's root may be opened for. Each policy denies whatever is not part of its task.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html

interface Task {
  readonly actions: readonly string[];
  /** What may be done only to root's own credentials. */
  readonly onRootOnly?: readonly string[];
}

const readCredentials = [
  'iam:ListAccessKeys',
  'iam:ListSigningCertificates',
  'iam:GetLoginProfile',
  'iam:ListMFADevices',
  'iam:GetUser',
  'iam:GetAccessKeyLastUsed',
];
const deleteCredentials = [
  ...readCredentials,
  'iam:DeleteAccessKey',
  'iam:DeleteSigningCertificate',
  'iam:DeleteLoginProfile',
  'iam:DeactivateMFADevice',
  'iam:DeleteVirtualMFADevice',
];
const password = ['iam:CreateLoginProfile', 'iam:GetLoginProfile'];

const tasks: Readonly<Record<string, Task>> = {
  IAMAuditRootUserCredentials: { actions: [...readCredentials, 'iam:GetAccountSummary'], onRootOnly: readCredentials },
  IAMCreateRootUserPassword: { actions: password, onRootOnly: password },
  IAMDeleteRootUserCredentials: { actions: deleteCredentials, onRootOnly: deleteCredentials },
  S3UnlockBucketPolicy: { actions: ['s3:DeleteBucketPolicy', 's3:PutBucketPolicy', 's3:GetBucketPolicy', 's3:ListAllMyBuckets'] },
  SQSUnlockQueuePolicy: { actions: ['sqs:SetQueueAttributes', 'sqs:GetQueueAttributes', 'sqs:ListQueues', 'sqs:GetQueueUrl'] },
};

const prefix = ':iam::aws:policy/root-task/';

/** The session policy of a task: root's own permissions, less everything else. Undefined when the ARN is none of the five. */
export function rootTaskPolicy(partition: string, arn: string): string | undefined {
  const name = arn.startsWith(`arn:${partition}${prefix}`) ? arn.slice(`arn:${partition}${prefix}`.length) : '';
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (task === undefined) return undefined;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Sid: 'DenyAllOtherActionsOnAnyResource', Effect: 'Deny', NotAction: task.actions, Resource: '*' },
      ...(task.onRootOnly === undefined
        ? []
        : [{ Sid: 'DenyOnAnyoneElse', Effect: 'Deny', Action: task.onRootOnly, NotResource: `arn:${partition}:iam::*:root` }]),
    ],
  });
}
