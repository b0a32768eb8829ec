// Faults of the pipeline itself, with the codes that each protocol uses for them.
import { Fault } from '../base/fault.ts';
import type { ServiceQuirks } from '../kit/service.ts';
import type { TagViolation } from '../kit/tag-policy.ts';
import { type Problem, problemsMessage } from '../model/validate.ts';
import type { Decoded, Received } from './stages.ts';

/** AWS: query services say ValidationError, the others ValidationException. */
export function validationFault(problems: readonly Problem[], { protocol, service, operation }: Decoded): Fault {
  const [first] = problems;
  const own = first === undefined ? undefined : service.quirks.validationFault?.({ ...first, operation: operation.name });
  if (own !== undefined) return own;
  const code =
    service.quirks.validationCode ?? (protocol.name === 'query' || protocol.name === 'ec2' ? 'ValidationError' : 'ValidationException');
  return new Fault(code, messageOf(problems, service.quirks.patternSentence), { status: 400 });
}

function messageOf(problems: readonly Problem[], patternSentence: ServiceQuirks['patternSentence']): string {
  const sentences = problems.map(({ path, constraint }) => (isPattern(constraint) ? patternSentence?.(path) : undefined));
  const others = problems.filter((_, index) => sentences[index] === undefined);
  return others.length > 0 ? problemsMessage(others) : (sentences[0] ?? '');
}

function isPattern(constraint: string): boolean {
  return constraint.startsWith('Member must satisfy regular expression pattern');
}

/** A tag that the account's tag policy does not allow, where that is enforced. */
export function tagPolicyViolation(violation: TagViolation, { service }: Decoded): Fault {
  const message = tagPolicySentence(violation);
  return service.quirks.tagPolicyFault?.(message) ?? new Fault('TagPolicyViolation', message, { status: 400 });
}

export function tagPolicySentence({ kind, key }: TagViolation): string {
  const what = kind === 'value' ? 'value' : 'capitalization';
  return `The tag policy does not allow the specified ${what} for the following tag key: '${key}'.`;
}

export function internalFailure(): Fault {
  return new Fault('InternalFailure', 'The request processing has failed because of an unknown error, exception or failure.', {
    status: 500,
  });
}

/** Too many conflicts with other requests; every SDK retries it. */
export function throttled(): Fault {
  return new Fault('ThrottlingException', 'Rate exceeded', { status: 400 });
}

/** In AWS nobody would answer: a VPC endpoint leads to one service of one region. */
export function wrongEndpoint(service: string): Fault {
  return new Fault('UnknownEndpoint', `the VPC endpoint that took the request does not lead to \`${service}\` in this region`, {
    status: 404,
  });
}

export function notFoundService({ request }: Received): Fault {
  const scoped = /Credential=[^/\s,]+\/\d{8}\/[^/\s,]*\/([a-z0-9-]{1,64})\//.exec(request.headers['authorization'] ?? '')?.[1];
  if (scoped === undefined) return new Fault('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 });
  return new Fault('NotImplemented', `Castellan does not have the service ${scoped}.`, { status: 501 });
}
