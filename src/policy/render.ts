// An explanation as text for people. Colours are the caller's: a function per role, or none.
import type { ConditionTrace, Explanation, LayerTrace, StatementTrace } from './explain.ts';

export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

export const plain: Palette = { good: (text) => text, bad: (text) => text, faint: (text) => text, strong: (text) => text };

const titles: Readonly<Record<LayerTrace['layer'], string>> = {
  'resource-control': 'resource control policies',
  'service-control': 'service control policies',
  'vpc-endpoint': 'VPC endpoint policy',
  resource: 'resource-based policy',
  identity: 'identity-based policies',
  boundary: 'permissions boundary',
  session: 'session policies',
};

export function renderExplanation(explanation: Explanation, palette: Palette = plain): string {
  const { outcome, decidedBy } = explanation;
  const verdict =
    outcome === 'ALLOW'
      ? palette.good('ALLOWED')
      : palette.bad(outcome === 'EXPLICIT_DENY' ? 'DENIED by a statement' : 'DENIED, nothing allows it');
  const lines = [
    `${palette.strong(explanation.action)} on ${explanation.resource}`,
    `  by ${explanation.principal}`,
    `  ${verdict}${decidedBy === undefined ? '' : ` (decided by: ${titles[decidedBy]})`}`,
    ...(explanation.message === undefined ? [] : [`  ${explanation.message}`]),
    '',
    ...explanation.layers.flatMap((layer) => renderLayer(layer, explanation, palette)),
  ];
  for (const { key, reason } of explanation.unsuppliedKeys ?? [])
    lines.push(`  ${palette.bad('no request has')} ${key}, which a policy uses: ${reason}`);
  if (explanation.remedies.length > 0) {
    lines.push(
      '',
      explanation.remedies.length === 1 ? 'The smallest change that would allow it:' : 'The changes that together would allow it:',
    );
    for (const remedy of explanation.remedies) lines.push(`  - ${remedy.sentence}`);
  }
  return `${lines.join('\n')}\n`;
}

function renderLayer(layer: LayerTrace, { decidedBy }: Explanation, palette: Palette): readonly string[] {
  const colour =
    layer.result === 'denies' || layer.result === 'does not allow' ? palette.bad : layer.result === 'allows' ? palette.good : palette.faint;
  const mark = layer.layer === decidedBy ? '>' : ' ';
  const grant = layer.grant === undefined ? '' : ` (names the caller: ${layer.grant})`;
  const head = `${mark} ${titles[layer.layer]}: ${colour(layer.result)}${grant}`;
  return [
    head,
    ...layer.policies.flatMap((policy) => [
      `    ${policy.name}${policy.arn === undefined ? '' : palette.faint(` ${policy.arn}`)}`,
      ...policy.statements.flatMap((statement) => renderStatement(statement, palette)),
    ]),
  ];
}

function renderStatement(statement: StatementTrace, palette: Palette): readonly string[] {
  const name = statement.sid === undefined ? `statement ${statement.index + 1}` : `statement ${statement.index + 1} (${statement.sid})`;
  if (statement.applies)
    return [
      `      ${name}: ${statement.effect} ${statement.effect === 'Allow' ? palette.good('applies') : palette.bad('applies')}`,
      ...conditionLines(statement, palette),
    ];
  const missed = [
    statement.action ? undefined : 'another action',
    statement.resource ? undefined : 'another resource',
    statement.principal ? undefined : 'another principal',
    statement.conditions.every(({ holds }) => holds) ? undefined : 'a condition does not hold',
  ].filter((reason) => reason !== undefined);
  const lines = [`      ${name}: ${statement.effect} ${palette.faint(`does not apply: ${missed.join(', ')}`)}`];
  return statement.action && statement.resource && statement.principal ? [...lines, ...conditionLines(statement, palette)] : lines;
}

function conditionLines({ conditions }: StatementTrace, palette: Palette): readonly string[] {
  return conditions.map(
    (condition) => `        ${condition.holds ? palette.good('holds') : palette.bad('fails')}: ${conditionText(condition)}`,
  );
}

function conditionText({ operator, key, policyValues, requestValue }: ConditionTrace): string {
  const value = requestValue === undefined ? 'not in the request' : JSON.stringify(requestValue);
  return `${operator} ${key} ${JSON.stringify(policyValues)}; the request has ${value}`;
}
