// What the pipeline knows of the services: which exist, their models, and what is implemented. Given as a value by main.ts, loaded lazily.
import type { OperationDefinition } from '../kit/operation.ts';
import type { ServiceDefinition, ServiceQuirks } from '../kit/service.ts';
import type { ShareableType } from '../kit/shareables.ts';
import type { Catalog, CatalogEntry } from '../model/catalog.ts';
import type { ServiceModel } from '../model/model.ts';

export interface RegistrySource {
  readonly catalog: Catalog;
  readonly loadModel: (name: string) => Promise<ServiceModel>;
  /** Undefined for services of which nothing is implemented. */
  readonly loadDefinition: (name: string) => Promise<ServiceDefinition | undefined>;
  readonly loadDefinitions: () => Promise<readonly ServiceDefinition[]>;
}

export interface Service {
  readonly entry: CatalogEntry;
  readonly model: ServiceModel;
  readonly quirks: ServiceQuirks;
  readonly operations: ReadonlyMap<string, OperationDefinition>;
  readonly shareables: readonly ShareableType[];
}

export interface Registry {
  readonly catalog: Catalog;
  service(name: string): Promise<Service>;
  /** Of all services. */
  shareables(): Promise<readonly ShareableType[]>;
}

export function createRegistry(source: RegistrySource): Registry {
  const loaded = new Map<string, Promise<Service>>();
  let shareables: Promise<readonly ShareableType[]> | undefined;
  return {
    catalog: source.catalog,
    shareables() {
      shareables ??= source.loadDefinitions().then((definitions) => definitions.flatMap((definition) => definition.shareables ?? []));
      return shareables;
    },
    service(name) {
      let service = loaded.get(name);
      if (service === undefined) {
        service = load(source, name);
        loaded.set(name, service);
      }
      return service;
    },
  };
}

async function load(source: RegistrySource, name: string): Promise<Service> {
  const entry = source.catalog.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no service is named \`${name}\``);
  const [model, definition] = await Promise.all([source.loadModel(name), source.loadDefinition(name)]);
  const operations = new Map((definition?.operations ?? []).map((operation) => [operation.name, operation]));
  for (const operation of operations.keys()) {
    if (!model.operations.has(operation))
      throw new Error(`the service \`${name}\` implements \`${operation}\`, which its model does not have`);
  }
  return { entry, model, quirks: definition?.quirks ?? {}, operations, shareables: definition?.shareables ?? [] };
}
