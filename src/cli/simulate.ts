// `castellan simulate`: one question to the policy engine, from files alone. Ends with 0 when it is allowed and with 1 when it is not.
import { authorizationRequest, explain } from '../policy/library.ts';
import { renderExplanation } from '../policy/render.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';
import { contextOf, listOf, policiesOf, policyDocument, principalOf, withCaller } from './policy-question.ts';

export async function simulate(
  { output }: CommandContext,
  _parameters: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const text = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined);
  const texts = (name: string): readonly string[] => listOf(options[name]).filter((each): each is string => typeof each === 'string');
  const [principalArn, action] = [text('principal'), text('action')];
  if (principalArn === undefined || action === undefined)
    throw new CommandError('say who does what: --principal ARN --action SERVICE:ACTION', 2);
  const principal = principalOf(principalArn);
  const layers = {
    identity: texts('identity'),
    ...(text('boundary') === undefined ? {} : { boundary: text('boundary') }),
    ...(texts('session').length === 0 ? {} : { session: texts('session') }),
    // Each file is a level of its own, the root of the organisation first.
    ...(texts('scp').length === 0 ? {} : { serviceControl: texts('scp') }),
    ...(texts('rcp').length === 0 ? {} : { resourceControl: texts('rcp') }),
    ...(text('vpcEndpoint') === undefined ? {} : { vpcEndpoint: text('vpcEndpoint') }),
  };
  const mode = modeOf(text('resourceMode'));
  const resourcePolicy = text('resourcePolicy');
  const type = mode === 'trust' ? 'trust' : mode === 'key' ? 'key' : 'resource';
  const explanation = explain(
    authorizationRequest({
      principal,
      action,
      resource: text('resource') ?? '*',
      resourceAccount: text('resourceAccount'),
      context: withCaller(contextOf(texts('context')), principal),
      policies: {
        ...policiesOf(layers, process.cwd()),
        resource: resourcePolicy === undefined ? undefined : policyDocument(resourcePolicy, type, process.cwd()),
        ...(mode === undefined ? {} : { resourceMode: mode }),
      },
    }),
  );
  if (output.isJson) output.json(explanation);
  else output.print(renderExplanation(explanation, output.palette));
  if (explanation.outcome !== 'ALLOW') process.exitCode = 1;
}

function modeOf(text: string | undefined): 'optional' | 'trust' | 'key' | undefined {
  if (text === undefined || text === 'optional' || text === 'trust' || text === 'key') return text;
  throw new CommandError(`\`${text}\` is no kind of resource policy; say optional, trust or key`, 2);
}
