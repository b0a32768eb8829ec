// Signing in with a browser's SAML response: one role opens at once, several are offered, and only what STS verified opens anything.
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awsAttributes } from '../../test/saml-identity-provider.ts';
import { base64Of, type SamlSetting, samlAnswer, samlProviderArn, samlRoleArn, startSamlSetting, xmlOf } from '../../test/saml-setting.ts';

const account = '111122223333';
let setting: SamlSetting;
beforeAll(async () => {
  setting = await startSamlSetting('saml-sign-in');
});
afterAll(() => setting?.castellan.stop());

async function post(form: Readonly<Record<string, string>>, path = '/saml') {
  const answer = await setting.castellan.site({
    request: {
      method: 'POST',
      path,
      query: '',
      headers: { host: 'localhost', origin: 'https://idp.example.com', 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(new URLSearchParams(form).toString()),
    },
    requestId: crypto.randomUUID(),
    receivedAtMs: setting.castellan.clock.now(),
    sourceIp: '192.0.2.7',
    tls: undefined,
  });
  return { status: answer?.status, headers: answer?.headers ?? {}, body: String(answer?.body ?? '') };
}

const lastLogin = async () => {
  const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: 'ConsoleLogin' }];
  const { Events } = await setting.castellan.cloudtrail().send(new LookupEventsCommand({ LookupAttributes, MaxResults: 1 }));
  return JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}');
};

test('one role is opened at once, and the ledger names the provider', async () => {
  const recipient = 'http://localhost/saml';
  const answer = await post({ SAMLResponse: await setting.idp.respond(samlAnswer({ recipient, audience: recipient })) });
  expect(answer.status).toBe(200);
  expect(answer.body).toContain(`arn:aws:sts::${account}:assumed-role/saml/jane`);
  expect(answer.headers['set-cookie']).toMatch(/^castellan-console=/);
  expect(await lastLogin()).toMatchObject({
    userIdentity: { type: 'AssumedRole', arn: `arn:aws:sts::${account}:assumed-role/saml/jane` },
    responseElements: { ConsoleLogin: 'Success' },
    additionalEventData: { SamlProviderArn: samlProviderArn, MFAUsed: 'No' },
  });
});

test('several roles are offered, and the chosen one is opened', async () => {
  const other = await setting.role('other');
  const Role = [`${samlRoleArn},${samlProviderArn}`, `${samlProviderArn},${other}`];
  const SAMLResponse = await setting.idp.respond({ attributes: awsAttributes(samlRoleArn, samlProviderArn, { Role }) });
  const offered = await post({ SAMLResponse, RelayState: '"><script>' });
  expect(offered.body).toContain(samlRoleArn);
  expect(offered.body).toContain(other);
  expect(offered.body).not.toContain('<script>');
  expect(offered.headers['set-cookie']).toBeUndefined();
  const opened = await post({ SAMLResponse, role: Role[1] ?? '' });
  expect(opened.body).toContain('assumed-role/other/jane');
});

test('nothing is opened by a response that is changed, used, or none', async () => {
  const SAMLResponse = await setting.idp.respond(samlAnswer());
  const changed = await post({ SAMLResponse: base64Of(xmlOf(SAMLResponse).replaceAll('jane@example.com', 'root@example.com')) });
  expect(changed).toMatchObject({ status: 403, body: expect.stringContaining('Response signature invalid') });
  expect(await lastLogin()).toMatchObject({ errorMessage: 'Response signature invalid', responseElements: { ConsoleLogin: 'Failure' } });
  expect((await post({ SAMLResponse })).status).toBe(200);
  expect((await post({ SAMLResponse })).status).toBe(403);
  for (const none of ['', 'x', base64Of('<a/>'), base64Of('<!DOCTYPE a><a/>')])
    expect((await post({ SAMLResponse: none })).status).toBe(400);
});

test('the session lasts as long as the provider says, and no longer than the role allows', async () => {
  const maxAgeOf = async (seconds: string) => {
    const attributes = awsAttributes(samlRoleArn, samlProviderArn, { SessionDuration: [seconds] });
    const { headers } = await post({ SAMLResponse: await setting.idp.respond({ attributes }) });
    return Number(/Max-Age=(\d+)/.exec(headers['set-cookie'] ?? '')?.[1]);
  };
  expect(await maxAgeOf('1800')).toBeCloseTo(1_800, -1);
  expect(await maxAgeOf('5400')).toBeCloseTo(5_400, -1);
  expect(await maxAgeOf('43200')).toBeCloseTo(7_200, -1);
});

test('the address with the provider’s id is one and the same', async () => {
  const { SAMLProviderUUID } = await setting.castellan.iam().getSAMLProvider({ SAMLProviderArn: samlProviderArn });
  const recipient = `http://localhost/saml/acs/${SAMLProviderUUID}`;
  const SAMLResponse = await setting.idp.respond(samlAnswer({ recipient }));
  expect((await post({ SAMLResponse }, new URL(recipient).pathname)).status).toBe(200);
  const foreign = await setting.idp.respond(samlAnswer({ recipient: 'http://localhost/saml/acs/ABCDEF' }));
  expect((await post({ SAMLResponse: foreign }, '/saml/acs/ABCDEF')).status).toBe(403);
});
