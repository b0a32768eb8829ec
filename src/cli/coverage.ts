// `castellan coverage`: per service and operation what stands behind it, told by the code.
import { coverageOf, type ServiceCoverage } from '../kit/coverage.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

export async function coverage({ output }: CommandContext, [service]: readonly string[]): Promise<void> {
  const { catalog, loadServiceModel } = await import('../services/models.ts');
  const { services } = await import('../services/index.ts');
  const wanted = catalog.filter(({ name }) => service === undefined || name === service);
  if (wanted.length === 0) throw new CommandError(`there is no service \`${service}\`; \`castellan coverage\` lists them`, 2);
  const table = await coverageOf({ catalog: wanted, loadModel: loadServiceModel, loadDefinition: async (name) => services[name]?.() });
  if (output.isJson) return output.json({ services: table });
  output.print(service === undefined ? summary(table) : detail(table));
}

function count({ operations }: ServiceCoverage, wanted: string): number {
  return operations.filter(({ coverage: found }) => found === wanted).length;
}

function summary(table: readonly ServiceCoverage[]): string {
  const lines = table.map(
    (each) =>
      `${each.service.padEnd(26)}${String(count(each, 'enforced')).padStart(9)}${String(count(each, 'stored')).padStart(8)}${String(count(each, 'absent')).padStart(8)}`,
  );
  return [`${'service'.padEnd(26)} enforced  stored  absent`, ...lines].join('\n');
}

function detail(table: readonly ServiceCoverage[]): string {
  return table.flatMap(({ operations }) => operations.map(({ name, coverage: found }) => `${found.padEnd(10)}${name}`)).join('\n');
}
