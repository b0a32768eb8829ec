// What is covered, told by the code itself: every operation of every vendored model, and whether something stands behind it.
import type { Catalog } from '../model/catalog.ts';
import type { ServiceModel } from '../model/model.ts';
import type { Coverage } from './operation.ts';
import type { ServiceDefinition } from './service.ts';

export interface ServiceCoverage {
  readonly service: string;
  readonly operations: readonly { readonly name: string; readonly coverage: Coverage | 'absent' }[];
}

export interface CoverageSource {
  readonly catalog: Catalog;
  readonly loadModel: (name: string) => Promise<ServiceModel>;
  readonly loadDefinition: (name: string) => Promise<ServiceDefinition | undefined>;
}

export async function coverageOf(source: CoverageSource): Promise<readonly ServiceCoverage[]> {
  return Promise.all(
    source.catalog.map(async ({ name }) => {
      const [model, definition] = await Promise.all([source.loadModel(name), source.loadDefinition(name)]);
      const implemented = new Map((definition?.operations ?? []).map((operation) => [operation.name, operation.coverage]));
      const operations = [...model.operations.keys()].map((operation) => ({
        name: operation,
        coverage: implemented.get(operation) ?? ('absent' as const),
      }));
      return { service: name, operations };
    }),
  );
}
