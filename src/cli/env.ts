// `castellan env`: lines that point AWS clients of this shell at the server, as its root.
import { readRootCredentials, readServerFile } from './client.ts';
import type { CommandContext } from './main.ts';

export async function env(
  { output, dataDir }: CommandContext,
  _parameters: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { address, region } = readServerFile(dataDir);
  const { accessKeyId, secretAccessKey } = readRootCredentials(dataDir);
  const variables = {
    AWS_ENDPOINT_URL: address,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
  };
  if (output.isJson) return output.json(variables);
  if (options['profile'] === true) {
    const lines = [
      '[profile castellan]',
      `endpoint_url = ${address}`,
      `region = ${region}`,
      `aws_access_key_id = ${accessKeyId}`,
      `aws_secret_access_key = ${secretAccessKey}`,
    ];
    return output.print(lines.join('\n'));
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`);
  output.print([...lines, 'unset AWS_SESSION_TOKEN AWS_PROFILE'].join('\n'));
}
