// Published versions and aliases. https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
import type { Context, Scope } from '../../kit/context.ts';
import { decodeMarker, encodeMarker, pageOf } from '../../kit/paging.ts';
import type { AliasConfiguration, AliasRoutingConfiguration } from './api.gen.ts';
import { codeSha256 } from './code.ts';
import { configurationShape } from './configuration.ts';
import {
  functionAccess,
  functionArn,
  isAliasName,
  namedFunction,
  requireAlias,
  requireFunction,
  requireRevision,
  requireVersion,
} from './names.ts';
import { type AliasRecord, aliases, type FunctionRecord, functions, latest } from './records.ts';
import { byUser, fault, operation } from './service.ts';

const listMax = 50;
const badMarker = () => fault('InvalidParameterValueException', 'Invalid marker', byUser);

/** Freezes `$LATEST` under the next number. */
export function publish(context: Context, record: FunctionRecord, description?: string): FunctionRecord {
  const number = record.lastVersion + 1;
  const version = {
    ...record,
    version: String(number),
    description: description ?? record.description,
    revisionId: context.ids.uuid(),
    tags: {},
  };
  functions.put(context.transaction, version);
  functions.put(context.transaction, { ...record, lastVersion: number });
  return version;
}

export const PublishVersion = operation('PublishVersion', {
  access: (input, scope) => functionAccess(scope, 'lambda:PublishVersion', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.FunctionName));
    requireRevision(record, input.RevisionId);
    if (input.CodeSha256 !== undefined && input.CodeSha256 !== codeSha256(record.archiveId)) {
      throw fault(
        'InvalidParameterValueException',
        `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${codeSha256(record.archiveId)}). Please try again with the CodeSHA256 in $LATEST.`,
        byUser,
      );
    }
    const { account, region, name, lastVersion } = record;
    const last = await functions.get(context.transaction, account, region, name, String(lastVersion));
    // AWS: nothing is published when nothing has changed since the last version.
    const version = last !== undefined && isSame(last, record) ? last : publish(context, record, input.Description);
    return configurationShape(context, version, version.version);
  },
});

function isSame(left: FunctionRecord, right: FunctionRecord): boolean {
  const content = ({ archiveId, role, runtime, handler, timeoutSeconds, memoryMb, scratchMb, environment }: FunctionRecord) =>
    JSON.stringify([archiveId, role, runtime, handler, timeoutSeconds, memoryMb, scratchMb, environment?.reveal()]);
  return content(left) === content(right);
}

export const ListVersionsByFunction = operation('ListVersionsByFunction', {
  access: (input, scope) => functionAccess(scope, 'lambda:ListVersionsByFunction', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const { account, region, name } = await requireFunction(context, namedFunction(context, input.FunctionName));
    const limit = Math.min(input.MaxItems ?? listMax, listMax);
    const after = input.Marker === undefined ? -1 : Number(decodeMarker(input.Marker, badMarker));
    const left = (await functions.all(context.transaction, account, region, name))
      .filter(({ version }) => placeOf(version) > after)
      .toSorted((one, other) => placeOf(one.version) - placeOf(other.version));
    const shown = left.slice(0, limit);
    const last = left.length > limit ? shown.at(-1) : undefined;
    return {
      Versions: shown.map((record) => configurationShape(context, record, record.version)),
      NextMarker: last && encodeMarker(String(placeOf(last.version))),
    };
  },
});

/** AWS: $LATEST comes first, then the versions by number. */
function placeOf(version: string): number {
  return version === latest ? 0 : Number(version);
}

export const CreateAlias = operation('CreateAlias', {
  access: (input, scope) => functionAccess(scope, 'lambda:CreateAlias', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.FunctionName));
    const { account, region, name } = record;
    if (!isAliasName(input.Name)) {
      throw fault('InvalidParameterValueException', `The alias name ${input.Name} cannot be a version number or $LATEST.`, byUser);
    }
    if ((await aliases.get(context.transaction, account, region, name, input.Name)) !== undefined) {
      const arn = functionArn(context, { ...record, qualifier: input.Name });
      throw fault('ResourceConflictException', `Alias already exists: ${arn}`, byUser);
    }
    await requireVersion(context, { ...record, qualifier: input.FunctionVersion });
    const alias: AliasRecord = {
      account,
      region,
      name,
      alias: input.Name,
      version: input.FunctionVersion,
      description: input.Description ?? '',
      routing: await routingOf(context, { ...record, version: input.FunctionVersion }, input.RoutingConfig),
      revisionId: context.ids.uuid(),
    };
    aliases.put(context.transaction, alias);
    return aliasShape(context, alias);
  },
});

export const GetAlias = operation('GetAlias', {
  access: (input, scope) => functionAccess(scope, 'lambda:GetAlias', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    return aliasShape(context, await requireAlias(context, namedFunction(context, input.FunctionName), input.Name));
  },
});

export const UpdateAlias = operation('UpdateAlias', {
  access: (input, scope) => functionAccess(scope, 'lambda:UpdateAlias', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName);
    const alias = await requireAlias(context, named, input.Name);
    requireRevision(alias, input.RevisionId);
    if (input.FunctionVersion !== undefined) await requireVersion(context, { ...named, qualifier: input.FunctionVersion });
    const changed: AliasRecord = {
      ...alias,
      version: input.FunctionVersion ?? alias.version,
      description: input.Description ?? alias.description,
      routing:
        input.RoutingConfig === undefined
          ? alias.routing
          : await routingOf(context, { ...alias, version: input.FunctionVersion ?? alias.version }, input.RoutingConfig),
      revisionId: context.ids.uuid(),
    };
    aliases.put(context.transaction, changed);
    return aliasShape(context, changed);
  },
});

export const DeleteAlias = operation('DeleteAlias', {
  access: (input, scope) => functionAccess(scope, 'lambda:DeleteAlias', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const { account, region, name } = namedFunction(context, input.FunctionName);
    const alias = await aliases.get(context.transaction, account, region, name, input.Name);
    if (alias !== undefined) aliases.remove(context.transaction, alias);
    return {};
  },
});

export const ListAliases = operation('ListAliases', {
  access: (input, scope) => functionAccess(scope, 'lambda:ListAliases', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const { account, region, name } = await requireFunction(context, namedFunction(context, input.FunctionName));
    const limit = Math.min(input.MaxItems ?? listMax, listMax);
    const isWanted = ({ version }: AliasRecord): boolean => input.FunctionVersion === undefined || version === input.FunctionVersion;
    const page = await pageOf(
      context.transaction,
      aliases,
      { under: [account, region, name], limit, marker: input.Marker, onBadMarker: badMarker },
      isWanted,
    );
    return { Aliases: page.items.map((alias) => aliasShape(context, alias)), NextMarker: page.marker };
  },
});

async function routingOf(
  context: Context,
  { account, region, name, version: main }: Pick<AliasRecord, 'account' | 'region' | 'name' | 'version'>,
  routing: AliasRoutingConfiguration | undefined,
): Promise<AliasRecord['routing']> {
  const weights = Object.entries(routing?.AdditionalVersionWeights ?? {});
  const [first] = weights;
  if (first === undefined) return undefined;
  if (weights.length > 1)
    throw fault('InvalidParameterValueException', 'Number of items in AdditionalVersionWeights cannot be greater than 1', byUser);
  const [version, weight] = first;
  if (version === latest || main === latest)
    throw fault('InvalidParameterValueException', '$LATEST is not supported for an alias pointing to more than 1 version', byUser);
  await requireVersion(context, { account, region, name, qualifier: version });
  return { version, weight };
}

function aliasShape(scope: Scope, record: AliasRecord): AliasConfiguration {
  const { alias, version, description, routing, revisionId } = record;
  return {
    AliasArn: functionArn(scope, { ...record, qualifier: alias }),
    Name: alias,
    FunctionVersion: version,
    Description: description,
    ...(routing === undefined ? {} : { RoutingConfig: { AdditionalVersionWeights: { [routing.version]: routing.weight } } }),
    RevisionId: revisionId,
  };
}

export const versionOperations = [PublishVersion, ListVersionsByFunction, CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases];
