// The published service control policies, attached to a scratch organisation one at a time: each stops a call that it must stop and leaves
// alone one that it must leave alone. What is evaluated is what the organisation's guardrails give for the account, so attachment, tree and
// cache are part of it; the calls are described and not made, because most of their services are not in the build.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluate } from '../../src/policy/evaluate.ts';
import type { ConditionValue, Outcome } from '../../src/policy/policy.ts';
import { createGuardrails } from '../../src/services/organizations/guardrails.ts';
import { type InProcess, startInProcess } from '../in-process.ts';
import { readShared, sharedPath } from './shared.ts';

const published = sharedPath('corpora', 'service-control-policies');
const account = '111122223333';
const worker = `arn:aws:iam::${account}:role/Worker`;
const root = `arn:aws:iam::${account}:root`;
const user = `arn:aws:iam::${account}:user/alice`;

interface Call {
  readonly action: string;
  readonly resource?: string;
  /** The role `Worker` by default. */
  readonly by?: string;
  readonly context?: Readonly<Record<string, ConditionValue>>;
}

interface Case {
  /** What its file's name contains. */
  readonly policy: string;
  readonly stops: Call;
  readonly leaves: Call;
}

const privileged = `arn:aws:iam::${account}:role/privileged_role`;
const call = (action: string, more: Omit<Call, 'action'> = {}): Call => ({ action, ...more });
/** The same call by the role that the policy exempts. */
const exempting = (policy: string, stops: Call): Case => ({ policy, stops, leaves: { ...stops, by: privileged } });
const sparing = (policy: string, stops: Call, leaves: Call): Case => ({ policy, stops, leaves });
const bedrockKey = { 'iam:servicespecificcredentialservicename': 'bedrock.amazonaws.com' };
const glue = (name: string) => ({ context: { 'aws:requestedregion': name } });

const cases: readonly Case[] = [
  sparing(
    'Deny-SAML-provider-changes',
    call('iam:DeleteSAMLProvider', { resource: `arn:aws:iam::${account}:saml-provider/AWSSSO_1_DO_NOT_DELETE` }),
    call('iam:DeleteSAMLProvider', { resource: `arn:aws:iam::${account}:saml-provider/Other` }),
  ),
  sparing('Deny-account-instance-creation', call('sso:CreateInstance'), call('sso:ListInstances')),
  sparing('Deny-deletion-of-AWS-Access-Analyzer', call('access-analyzer:DeleteAnalyzer'), call('access-analyzer:ListAnalyzers')),
  exempting('Deny-deletion-or-disassociation-or-updation-to-AWS-SecurityHub', call('securityhub:DeleteInsight')),
  exempting('Deny-enabling-and-disabling-AWS-Config', call('config:DeleteConfigurationRecorder')),
  exempting(
    'Deny-modifications-to-specific-CloudTrail',
    call('cloudtrail:StopLogging', { resource: `arn:aws:cloudtrail:us-east-1:${account}:trail/cloudtrail_name` }),
  ),
  sparing(
    'Deny-permission-sets',
    call('sso:DeletePermissionSet', { resource: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1' }),
    call('sso:DeletePermissionSet', { resource: 'arn:aws:sso:::instance/ssoins-1' }),
  ),
  exempting('Deny-users-from-disabling-Amazon-GuardDuty', call('guardduty:CreateDetector')),
  exempting(
    'Deny-users-from-disabling-or-altering-CloudWatch',
    call('cloudwatch:DeleteAlarms', { resource: `arn:aws:cloudwatch:us-east-1:${account}:alarm:alarm_name` }),
  ),
  exempting('Protect-disabling-or-deleting-Amazon-Macie', call('macie2:DisableMacie')),
  exempting('Deny-AWS-CLI-login', call('signin:CreateOAuth2Token')),
  exempting('Deny-Amazon-Virtual-Private-Network', call('ec2:DeleteVpnGateway')),
  exempting('Deny-billing-modification', call('account:PutContactInformation')),
  sparing(
    'Deny-critical-IAM-user-actions',
    call('iam:CreateUser'),
    call('iam:CreateUser', { context: { 'aws:principaltag/iamusermanagementexception': 'true' } }),
  ),
  sparing('Deny-member-accounts-from-leaving', call('organizations:LeaveOrganization'), call('organizations:DescribeOrganization')),
  sparing(
    'Deny-modifications-to-specific-IAM-roles',
    call('iam:DeleteRole', { resource: `arn:aws:iam::${account}:role/protected_role_name` }),
    call('iam:DeleteRole', { resource: `arn:aws:iam::${account}:role/other` }),
  ),
  sparing('Deny-the-root-user', call('iam:ListUsers', { by: root }), call('s3:PutBucketPolicy', { by: root })),
  exempting('Deny-unwarranted-IAM-federations', call('iam:CreateSAMLProvider')),
  exempting('Prevent-creating-or-expanding-public-connectivity', call('ec2:CreateInternetGateway')),
  sparing(
    'Prevent-root-credentials-management',
    call('iam:ListUsers', { by: root }),
    call('iam:ListUsers', { by: root, context: { 'aws:assumedroot': 'true' } }),
  ),
  exempting('Deny-CloudHSM-deletion', call('cloudhsm:DeleteCluster')),
  exempting('Deny-KMS-key-deletion', call('kms:ScheduleKeyDeletion', { resource: `arn:aws:kms:us-east-1:${account}:key/1` })),
  sparing('Deny-creation-of-default-VPC', call('ec2:CreateDefaultVpc'), call('ec2:CreateVpc')),
  exempting(
    'Deny-deletion-of-specific-CloudWatch-Log-groups',
    call('logs:DeleteLogGroup', { resource: `arn:aws:logs:us-east-1:${account}:log-group:log_group_name` }),
  ),
  exempting('Deny-disabling-default-EBS-encryption', call('ec2:DisableEbsEncryptionByDefault')),
  sparing('Deny-key-actions-on-Route53', call('route53:DeleteHostedZone'), call('route53:ListHostedZones')),
  exempting(
    'Deny-modifications-to-specific-AWS-CloudFormation',
    call('cloudformation:DeleteStack', { resource: `arn:aws:cloudformation:us-east-1:${account}:stack/stack_name` }),
  ),
  exempting(
    'Deny-modifications-to-specific-Amazon-Lambda-functions',
    call('lambda:DeleteFunction', { resource: `arn:aws:lambda:us-east-1:${account}:function:infrastructure_automation_prefix` }),
  ),
  exempting(
    'Deny-modifications-to-specific-SNS',
    call('sns:DeleteTopic', { resource: `arn:aws:sns:us-east-1:${account}:sns_topic_to_protect` }),
  ),
  exempting('Deny-unwanted-cancellation-or-changes-to-AWS-Marketplace', call('aws-marketplace:Subscribe')),
  sparing(
    'Deny-use-of-IAM-user-credentials-from-unexpected-networks',
    call('iam:ListUsers', { by: user, context: { 'aws:sourceip': '198.51.100.7', 'aws:viaawsservice': 'false' } }),
    call('iam:ListUsers', { by: user, context: { 'aws:sourceip': '192.0.2.7', 'aws:viaawsservice': 'false' } }),
  ),
  sparing('Deny-users-from-deleting-Amazon-VPC-flow-logs', call('ec2:DeleteFlowLogs'), call('ec2:DescribeFlowLogs')),
  sparing(
    'Enforce-30-days-for-KMS-deletion',
    call('kms:ScheduleKeyDeletion', { context: { 'kms:schedulekeydeletionpendingwindowindays': '7' } }),
    call('kms:ScheduleKeyDeletion', { context: { 'kms:schedulekeydeletionpendingwindowindays': '30' } }),
  ),
  exempting(
    'Restrict-deletion-and-modification-of-privileged-policies',
    call('iam:DeletePolicy', { resource: `arn:aws:iam::${account}:policy/privileged_policy_path/admin` }),
  ),
  sparing('requested-AWS-region-with-Bedrock-CRIS', call('lambda:Invoke', glue('us-west-2')), call('lambda:Invoke', glue('eu-west-1'))),
  sparing('requested-AWS-region.json', call('lambda:Invoke', glue('us-west-2')), call('budgets:ViewBudget', glue('us-west-2'))),
  exempting('Deny-account-region-enable', call('account:EnableRegion')),
  sparing('Deny-AWS-Backup-deletion', call('backup:DeleteBackupVault'), call('backup:ListBackupVaults')),
  sparing(
    'Deny-RAM-from-sharing',
    call('ram:CreateResourceShare', { context: { 'ram:requestedallowsexternalprincipals': 'true' } }),
    call('ram:CreateResourceShare', { context: { 'ram:requestedallowsexternalprincipals': 'false' } }),
  ),
  sparing(
    'Deny-modification-to-Lambda-URL',
    call('lambda:CreateFunctionUrlConfig', {
      resource: `arn:aws:lambda:us-east-1:${account}:function/f`,
      context: { 'lambda:functionurlauthtype': 'NONE' },
    }),
    call('lambda:CreateFunctionUrlConfig', {
      resource: `arn:aws:lambda:us-east-1:${account}:function/f`,
      context: { 'lambda:functionurlauthtype': 'AWS_IAM' },
    }),
  ),
  sparing(
    'Deny-modification-to-SSM-service-settings',
    call('ssm:ResetServiceSetting', {
      resource: `arn:aws:ssm:us-east-1:${account}:servicesetting/ssm/documents/console/public-sharing-permission`,
    }),
    call('ssm:ResetServiceSetting', { resource: `arn:aws:ssm:us-east-1:${account}:servicesetting/ssm/parameter-store/default-tier` }),
  ),
  sparing('Deny-users-from-deleting-Amazon-Glacier', call('glacier:DeleteVault'), call('glacier:ListVaults')),
  sparing(
    'Protect-IAMRA-Specific-Tags',
    call('iam:TagRole', { context: { 'aws:tagkeys': ['team', 'x509Subject/CN'] } }),
    call('iam:TagRole', { context: { 'aws:tagkeys': ['team'] } }),
  ),
  sparing(
    'deny-creating-any-service-specific-credentials',
    call('iam:CreateServiceSpecificCredential'),
    call('iam:ListServiceSpecificCredentials'),
  ),
  sparing(
    'Deny-Bedrock-api-keys-longer-than-30-days',
    call('iam:CreateServiceSpecificCredential', { context: { ...bedrockKey, 'iam:servicespecificcredentialagedays': '60' } }),
    call('iam:CreateServiceSpecificCredential', { context: { ...bedrockKey, 'iam:servicespecificcredentialagedays': '7' } }),
  ),
  sparing(
    'Deny-Bedrock-api-keys.json',
    call('iam:CreateServiceSpecificCredential', { context: bedrockKey }),
    call('iam:CreateServiceSpecificCredential', {
      context: { 'iam:servicespecificcredentialservicename': 'codecommit.amazonaws.com' },
    }),
  ),
  sparing(
    'Deny-Bedrock-long-term-api-keys',
    call('bedrock:CallWithBearerToken', { context: { 'bedrock:bearertokentype': 'LONG_TERM' } }),
    call('bedrock:CallWithBearerToken', { context: { 'bedrock:bearertokentype': 'SHORT_TERM' } }),
  ),
  sparing(
    'Deny-Bedrock-model-invocation-except-approved',
    call('bedrock:InvokeModel', { resource: 'arn:aws:bedrock:us-east-1::foundation-model/other.model' }),
    call('bedrock:InvokeModel', { resource: 'arn:aws:bedrock:us-east-1::foundation-model/approved.model' }),
  ),
  sparing(
    'Deny-users-from-disabling-block-public-access-on-AMIs',
    call('ec2:DisableImageBlockPublicAccess'),
    call('ec2:EnableImageBlockPublicAccess'),
  ),
  sparing(
    'Require-Amazon-EC2-instances-to-use-a-specific-type',
    call('ec2:RunInstances', { resource: `arn:aws:ec2:us-east-1:${account}:instance/*`, context: { 'ec2:instancetype': 'm5.large' } }),
    call('ec2:RunInstances', { resource: `arn:aws:ec2:us-east-1:${account}:instance/*`, context: { 'ec2:instancetype': 't3.micro' } }),
  ),
  sparing(
    'EKS_ProtectPodIdentitiesTags',
    call('iam:TagUser', { context: { 'aws:tagkeys': ['kubernetes-namespace'] } }),
    call('iam:TagUser', { context: { 'aws:tagkeys': ['team'] } }),
  ),
  sparing(
    'Deny-actions-invoked-through-Amazon-Q-Developer',
    call('iam:CreateAccessKey', { context: { 'aws:chatbotsourcearn': `arn:aws:chatbot::${account}:chat-configuration/slack/c` } }),
    call('iam:CreateAccessKey'),
  ),
  sparing(
    'Deny-ACL-disablement',
    call('s3:CreateBucket', { context: { 's3:x-amz-object-ownership': 'ObjectWriter' } }),
    call('s3:CreateBucket', { context: { 's3:x-amz-object-ownership': 'BucketOwnerEnforced' } }),
  ),
  sparing(
    'Deny-users-from-deleting-Amazon-S3',
    call('s3:DeleteObject', { resource: 'arn:aws:s3:::bucket_to_protect/key' }),
    call('s3:DeleteObject', { resource: 'arn:aws:s3:::other/key' }),
  ),
  sparing(
    'Prevent-Amazon-S3-unencrypted',
    call('s3:PutObject', { resource: 'arn:aws:s3:::b/k' }),
    call('s3:PutObject', { resource: 'arn:aws:s3:::b/k', context: { 's3:x-amz-server-side-encryption': 'aws:kms' } }),
  ),
  sparing(
    'enforce-s3-bucket-namespace',
    call('s3:CreateBucket'),
    call('s3:CreateBucket', { context: { 's3:x-amz-bucket-namespace': 'account-regional' } }),
  ),
];

/** As their authors ask, with values of one's own for what stands in brackets. */
function filledIn(text: string): string {
  return text
    .replaceAll(/\$\{Account\}/g, account)
    .replaceAll(/\$\{Region\}/g, 'us-east-1')
    .replaceAll(/\[([A-Z][A-Z_/*]+)\]/g, (_, name: string) => name.toLowerCase())
    .replaceAll('<my-corporate-cidr>', '192.0.2.0/24')
    .replaceAll('<unique-identifier>', 'approved')
    .replaceAll('{example-region-1}', 'eu-central-1')
    .replaceAll('{example-region-2}', 'eu-west-1');
}

describe.skipIf(published === undefined)('the published service control policies', () => {
  const files = published === undefined ? [] : readdirSync(published).filter((name) => name.endsWith('.json'));
  // As published, a comma is missing in it.
  const unreadable = 'Service-specific-controls_AWS-IAM_deny-service-specific-credential-by-type.json';
  const guardrails = createGuardrails('aws');
  let castellan: InProcess;
  let member = '';
  beforeAll(async () => {
    castellan = await startInProcess('published-guardrails');
    await castellan.organizations().createOrganization({});
    const { CreateAccountStatus } = await castellan.organizations().createAccount({ AccountName: 'scratch', Email: 'scratch@example.org' });
    member = CreateAccountStatus?.AccountId ?? '';
  });
  afterAll(async () => {
    await castellan.stop();
  });

  async function outcome({ action, resource = '*', by = worker, context = {} }: Call): Promise<Outcome> {
    const place = await castellan.store.transact((transaction) => guardrails.placeOf(member, transaction));
    const kind = by === root ? 'root' : by === user ? 'user' : 'role-session';
    const session = by.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');
    const principal = kind === 'role-session' ? { kind, arn: `${session}/session`, account, roleArn: by } : { kind, arn: by, account };
    const values = new Map<string, ConditionValue>(
      Object.entries({ 'aws:principalarn': by, 'aws:requestedregion': 'eu-west-1', ...context }),
    );
    return evaluate({
      principal: principal as Parameters<typeof evaluate>[0]['principal'],
      action,
      resource,
      resourceAccount: account,
      context: values,
      // Everything is allowed, so that the guardrail alone decides.
      identity: place?.serviceControl?.[0] ?? [],
      boundary: undefined,
      session: undefined,
      resourcePolicy: undefined,
      serviceControl: place?.serviceControl,
      resourceControl: undefined,
      vpcEndpoint: undefined,
    }).outcome;
  }

  test('have a case each', () => {
    const covered = cases.map(({ policy }) => files.filter((file) => file.includes(policy)));
    expect(covered.filter((matching) => matching.length !== 1)).toEqual([]);
    expect(files.filter((file) => file !== unreadable && !cases.some(({ policy }) => file.includes(policy)))).toEqual([]);
    expect(files.length).toBe(57);
  });

  test.each(cases)('$policy stops what it must and leaves the rest', async ({ policy, stops, leaves }) => {
    const organizations = castellan.organizations();
    const file = files.find((name) => name.includes(policy)) ?? '';
    const Content = JSON.stringify(JSON.parse(filledIn(readShared(join(published ?? '', file)))));
    const { Policy } = await organizations.createPolicy({
      Name: file.slice(0, 128),
      Description: '',
      Type: 'SERVICE_CONTROL_POLICY',
      Content,
    });
    const PolicyId = Policy?.PolicySummary?.Id;
    expect(await outcome(stops), 'before').toBe('ALLOW');
    await organizations.attachPolicy({ PolicyId, TargetId: member });
    expect(await outcome(stops), 'stops').toBe('EXPLICIT_DENY');
    expect(await outcome(leaves), 'leaves').toBe('ALLOW');
    await organizations.detachPolicy({ PolicyId, TargetId: member });
    expect(await outcome(stops), 'after').toBe('ALLOW');
  });
});
