// Policies of resources, KMS keys and VPC endpoints. The parser's sentences are those of most services; a service with its own word for a
// thing puts it in their place.
import { type PolicyDocument, parseDocument, type Statement } from './document.ts';
import type { DocumentCheck } from './validate-document.ts';
import {
  firstMessage,
  hasKnownOperators,
  hasOnlyPolicyCharacters,
  hasUniqueSids,
  hasUnreadableDate,
  isResourcePattern,
  malformedPrincipal,
} from './validate-statement.ts';
import { parsedProblem } from './validate-trust.ts';

type Type = 'resource' | 'key' | 'vpc-endpoint';

export function checkResource(type: Type, text: string): DocumentCheck {
  if (!hasOnlyPolicyCharacters(text)) return { message: 'This policy contains invalid Json' };
  const parsed = parseDocument(text);
  if ('problem' in parsed) return { message: parsedProblem(parsed.problem) };
  const { document } = parsed;
  const message = documentProblem(type, document);
  return message === undefined ? { document } : { message };
}

function documentProblem(type: Type, document: PolicyDocument): string | undefined {
  const message = firstMessage(document.statements, (statement) => statementProblem(type, statement));
  return message ?? (hasUniqueSids(document) ? undefined : 'The Statement Ids in the policy are not unique');
}

function statementProblem(type: Type, statement: Statement): string | undefined {
  const { actions, resources, principals, effect } = statement;
  if (principals === undefined) return 'Missing required field Principal';
  if (principals.isNegated && effect === 'Allow') return 'Allow with NotPrincipal is not allowed.';
  if (principals.entries.length === 0) return 'Missing required field Principal cannot be empty!';
  const malformed = malformedPrincipal(principals);
  if (malformed !== undefined) {
    return type === 'key'
      ? 'Policy contains a statement with one or more invalid principals.'
      : `Invalid principal in policy: "${malformed.kind}":"${malformed.value}"`;
  }
  // AWS: a key policy's statement without actions or resources is kept, and has no effect.
  if (type !== 'key') {
    if ((actions?.values.length ?? 0) === 0) return 'Missing required field Action';
    if ((resources?.values.length ?? 0) === 0) return 'Missing required field Resource';
  }
  if (actions?.values.some((action) => !/^(?:\*|[A-Za-z0-9-]+:[^:\s]+)$/.test(action)) === true) return 'Policy has invalid action';
  if (resources?.values.every(isResourcePattern) === false) return 'Policy has invalid resource';
  return hasKnownOperators(statement) && !hasUnreadableDate(statement) ? undefined : 'Syntax error in policy.';
}
