// One installation that trusts one SAML identity provider, and how tests redeem that provider's responses.
import { CreateRoleCommand, CreateSAMLProviderCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleWithSAMLCommand, type AssumeRoleWithSAMLCommandInput, type AssumeRoleWithSAMLCommandOutput } from '@aws-sdk/client-sts';
import { type InProcess, startInProcess } from './in-process.ts';
import { awsAttributes, type SamlAnswer, type SamlIdentityProvider, startSamlIdentityProvider } from './saml-identity-provider.ts';

const account = '111122223333';
export const samlProviderArn = `arn:aws:iam::${account}:saml-provider/Corp`;
export const samlRoleArn = `arn:aws:iam::${account}:role/saml`;
const trustedActions = ['sts:AssumeRoleWithSAML', 'sts:TagSession', 'sts:SetSourceIdentity'];

interface RoleOptions {
  readonly condition?: object;
  readonly actions?: readonly string[];
  readonly federated?: string;
}

export interface SamlSetting {
  readonly castellan: InProcess;
  readonly idp: SamlIdentityProvider;
  /** A role that trusts the provider; returns its ARN. */
  role(name: string, options?: RoleOptions): Promise<string>;
  /** Redeems a response; the client has no credentials at all. */
  redeem(response: string, more?: Partial<AssumeRoleWithSAMLCommandInput>): Promise<AssumeRoleWithSAMLCommandOutput>;
  assume(given?: SamlAnswer, more?: Partial<AssumeRoleWithSAMLCommandInput>): Promise<AssumeRoleWithSAMLCommandOutput>;
}

export const samlAnswer = (more: SamlAnswer = {}): SamlAnswer => ({ attributes: awsAttributes(samlRoleArn, samlProviderArn), ...more });
export const xmlOf = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');
export const base64Of = (xml: string) => Buffer.from(xml, 'utf8').toString('base64');
export const refusedSignature = { name: 'InvalidIdentityTokenException', message: 'Response signature invalid' };
export const refusedResponse = { name: 'InvalidIdentityTokenException', message: 'Your request included an invalid SAML response' };

export async function startSamlSetting(name: string): Promise<SamlSetting> {
  const castellan = await startInProcess(name);
  const idp = await startSamlIdentityProvider('https://idp.example.com');
  const iam = castellan.iam();
  await iam.send(new CreateSAMLProviderCommand({ Name: 'Corp', SAMLMetadataDocument: idp.metadata }));
  const document = (statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const role: SamlSetting['role'] = async (RoleName, options = {}) => {
    const { condition = {}, actions = trustedActions, federated = samlProviderArn } = options;
    const trust = document([{ Effect: 'Allow', Principal: { Federated: federated }, Action: actions, Condition: condition }]);
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, MaxSessionDuration: 7_200 }));
    const all = document([{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument: all }));
    return `arn:aws:iam::${account}:role/${RoleName}`;
  };
  const redeem: SamlSetting['redeem'] = (SAMLAssertion, more = {}) => {
    const input = { RoleArn: samlRoleArn, PrincipalArn: samlProviderArn, SAMLAssertion, ...more };
    return castellan.sts({ accessKeyId: '', secretAccessKey: '' }).send(new AssumeRoleWithSAMLCommand(input));
  };
  await role('saml');
  return { castellan, idp, role, redeem, assume: async (given = samlAnswer(), more = {}) => redeem(await idp.respond(given), more) };
}
