// The services of the build as the meter sees them: what their definitions say, and their names from the catalogue.
import type { Catalog } from '../model/catalog.ts';
import type { MeteredService } from './metering.ts';
import type { ServiceDefinition } from './service.ts';

/** Put together once, when it is first asked for. */
export function meteredServices(
  catalog: Catalog,
  load: () => Promise<readonly ServiceDefinition[]>,
): () => Promise<readonly MeteredService[]> {
  let known: Promise<readonly MeteredService[]> | undefined;
  return () => {
    known ??= load().then((definitions) => definitions.flatMap((definition) => described(catalog, definition)));
    return known;
  };
}

function described(catalog: Catalog, { name, quirks, metering = {} }: ServiceDefinition): readonly MeteredService[] {
  const entry = catalog.find((each) => each.name === name);
  if (entry === undefined) return [];
  const product = metering.product ?? entry.fullName;
  return [
    {
      name,
      eventSource: quirks?.eventSource ?? `${entry.endpointPrefix}.amazonaws.com`,
      product,
      productCode: metering.productCode ?? product.replaceAll(' ', ''),
      metering,
    },
  ];
}
