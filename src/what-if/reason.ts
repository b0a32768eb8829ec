// Why a question is refused, for people: AWS's sentence, the policy, and the level of the organisation at which it stands.
import type { AccountPlace } from '../kit/ports.ts';
import { tagPolicySentence } from '../pipeline/faults.ts';
import { evaluate } from '../policy/evaluate.ts';
import { explain } from '../policy/explain.ts';
import { refusalMessage } from '../policy/message.ts';
import type { AuthorizationRequest, PolicySource } from '../policy/policy.ts';
import type { Asked, State } from './past-call.ts';
import type { Reason } from './tally.ts';

type Levels = readonly (readonly PolicySource[])[];

export function reasonOf({ question, tagViolation }: Asked, state: State): Reason {
  const decision = evaluate(question);
  if (decision.outcome === 'ALLOW' && tagViolation !== undefined) {
    const policy = `effective tag policy of account ${question.resourceAccount}`;
    return { sentence: tagPolicySentence(tagViolation), layer: 'tag-policy', policy, level: undefined };
  }
  const { layer, source } = decision;
  return { sentence: refusalMessage(question, decision), layer, policy: source?.name, level: levelOf(question, state, layer, source) };
}

function levelOf(question: AuthorizationRequest, state: State, layer: Reason['layer'], source: PolicySource | undefined): Reason['level'] {
  if (layer !== 'service-control' && layer !== 'resource-control') return undefined;
  const isOfCaller = layer === 'service-control';
  const account = isOfCaller ? question.principal.account : (question.resourceAccount ?? question.principal.account);
  const place = account === undefined ? undefined : state.place(account);
  const levels: Levels | undefined = isOfCaller ? question.serviceControl : question.resourceControl;
  if (account === undefined || place === undefined || levels === undefined) return undefined;
  const index =
    source === undefined
      ? (explain(question)
          .layers.find((each) => each.layer === layer)
          ?.levels?.indexOf(false) ?? -1)
      : levels.findIndex((level) => level.includes(source));
  const node = nodesOf(place, account)[index];
  return node === undefined ? undefined : { index, node };
}

/** `r-…`, `ou-…`, …, and the account. */
function nodesOf({ path }: AccountPlace, account: string): readonly string[] {
  return [...path.split('/').filter((id) => id.startsWith('r-') || id.startsWith('ou-')), account];
}
