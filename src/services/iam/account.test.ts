// The account as a whole through the pipeline: credential report, centralised root access, outbound federation.
import type { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('account');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const listUsers = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }] });

test('a credential report is made in the background, holds what is there, and expires after four hours', async () => {
  await expect(iam.getCredentialReport({})).rejects.toMatchObject({ name: 'CredentialReportNotPresentException' });
  await iam.createUser({ UserName: 'reported', Path: '/p/' });
  await iam.createLoginProfile({ UserName: 'reported', Password: 'Correct-Horse-1' });
  await iam.updateAccountPasswordPolicy({ MaxPasswordAge: 1 });
  await iam.putUserPolicy({ UserName: 'reported', PolicyName: 'p', PolicyDocument: listUsers });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'reported' });
  await castellan.iam({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' }).listUsers({});
  expect(await iam.generateCredentialReport({})).toMatchObject({
    State: 'STARTED',
    Description: 'No report exists. Starting a new report generation task',
  });
  expect((await iam.generateCredentialReport({})).State).toBe('INPROGRESS');
  await expect(iam.getCredentialReport({})).rejects.toMatchObject({ name: 'CredentialReportNotReadyException' });
  await castellan.work.settle();
  expect((await iam.generateCredentialReport({})).State).toBe('COMPLETE');
  const { Content, ReportFormat } = await iam.getCredentialReport({});
  expect(ReportFormat).toBe('text/csv');
  const [header = '', root = '', user = ''] = Buffer.from(Content ?? [])
    .toString('utf8')
    .trim()
    .split('\n');
  expect(header.split(',').length).toBe(22);
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00`;
  expect(root).toMatch(
    new RegExp(
      `^<root_account>,arn:aws:iam::111122223333:root,${time},not_supported,no_information,not_supported,not_supported,false,true,${time},${time},us-east-1,iam,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A$`,
    ),
  );
  expect(user).toMatch(
    new RegExp(
      `^reported,arn:aws:iam::111122223333:user/p/reported,${time},true,no_information,${time},${time},false,true,${time},${time},us-east-1,iam,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A$`,
    ),
  );
  castellan.clock.advance(4 * 3_600_000);
  await expect(iam.getCredentialReport({})).rejects.toMatchObject({ name: 'CredentialReportExpiredException' });
  expect((await iam.generateCredentialReport({})).State).toBe('STARTED');
});

test('centralised root access needs an organisation', async () => {
  const calls = [
    iam.enableOrganizationsRootCredentialsManagement({}),
    iam.disableOrganizationsRootCredentialsManagement({}),
    iam.enableOrganizationsRootSessions({}),
    iam.disableOrganizationsRootSessions({}),
    iam.listOrganizationsFeatures({}),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'OrganizationNotFoundException' });
});

test('outbound federation is enabled once, with an issuer that stays', async () => {
  await expect(iam.getOutboundWebIdentityFederationInfo({})).rejects.toMatchObject({ name: 'FeatureDisabledException' });
  const { IssuerIdentifier: issuer } = await iam.enableOutboundWebIdentityFederation({});
  expect(issuer).toMatch(/^http:\/\/localhost\/outbound\/[0-9a-f-]{36}$/);
  await expect(iam.enableOutboundWebIdentityFederation({})).rejects.toMatchObject({ name: 'FeatureEnabledException' });
  expect(await iam.getOutboundWebIdentityFederationInfo({})).toMatchObject({ IssuerIdentifier: issuer, JwtVendingEnabled: true });
  await iam.disableOutboundWebIdentityFederation({});
  await expect(iam.disableOutboundWebIdentityFederation({})).rejects.toMatchObject({ name: 'FeatureDisabledException' });
  expect((await iam.enableOutboundWebIdentityFederation({})).IssuerIdentifier).toBe(issuer);
});

test('the management account of an organisation switches centralised root access on, once IAM is trusted', async () => {
  const organizations = castellan.organizations();
  const { Organization: organization } = await organizations.createOrganization({ FeatureSet: 'ALL' });
  await expect(iam.listOrganizationsFeatures({})).rejects.toMatchObject({ name: 'ServiceAccessNotEnabledException' });
  await organizations.enableAWSServiceAccess({ ServicePrincipal: 'iam.amazonaws.com' });
  expect((await iam.listOrganizationsFeatures({})).EnabledFeatures).toEqual([]);
  await iam.enableOrganizationsRootSessions({});
  const both = await iam.enableOrganizationsRootCredentialsManagement({});
  expect(both).toMatchObject({ OrganizationId: organization?.Id, EnabledFeatures: ['RootCredentialsManagement', 'RootSessions'] });
  expect((await iam.disableOrganizationsRootSessions({})).EnabledFeatures).toEqual(['RootCredentialsManagement']);
});
