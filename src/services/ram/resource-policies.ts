// The policies that RAM has written for the caller's resources, as their owner sees them.
import type { Context } from '../../kit/context.ts';
import { requireArn } from './arns.ts';
import { standing } from './associations.ts';
import { policyText, type ResourceStatement } from './policy-text.ts';
import { type AssociationRecord, shares, sharesOfResource } from './records.ts';
import { fault, operation } from './service.ts';
import { isBinding, rememberedOrganization, shareStatements } from './shared-policies.ts';
import { pageOfStream } from './streams.ts';

export const GetResourcePolicies = operation('GetResourcePolicies', {
  access: () => ({ action: 'ram:GetResourcePolicies', resource: '*' }),
  async handle(input, context) {
    const arns = [...new Set(input.resourceArns)].toSorted();
    for (const arn of arns) await requireShared(context, arn);
    const { items, token } = await pageOfStream<string>(
      'GetResourcePolicies',
      async function* (after) {
        for (const arn of arns) {
          if (after !== undefined && arn <= after) continue;
          const statements = await statementsOn(context, arn, input.principal);
          const isShown = statements.length > 0;
          yield { position: arn, item: isShown ? await context.principals.shownPolicy(context, policyText(statements)) : undefined };
        }
      },
      input,
    );
    return { policies: items, ...token };
  },
});

/** @throws Fault MalformedArnException, ResourceArnNotFoundException */
async function requireShared({ transaction, account }: Context, arn: string): Promise<void> {
  requireArn(arn);
  const [shared] = await sharesOfResource.list(transaction, [arn], { limit: 1 });
  if (shared?.value.account !== account) throw fault('ResourceArnNotFoundException', `The resource ${arn} could not be found.`);
}

async function statementsOn(context: Context, arn: string, principal: string | undefined): Promise<readonly ResourceStatement[]> {
  const statements: ResourceStatement[] = [];
  const organizationOf = rememberedOrganization(context);
  for (const { account, region, shareId } of await sharesOfResource.all(context.transaction, arn)) {
    const share = await shares.get(context.transaction, account, region, shareId);
    if (share === undefined || !isBinding(share)) continue;
    const principals = (await standing(context, share, 'PRINCIPAL')).filter((each) => isNamed(each, principal));
    statements.push(...(await shareStatements({ ...context, organizationOf }, share, arn, principals)));
  }
  return statements;
}

function isNamed({ entity }: AssociationRecord, principal: string | undefined): boolean {
  return principal === undefined || entity === principal;
}

export const resourcePolicyOperations = [GetResourcePolicies];
