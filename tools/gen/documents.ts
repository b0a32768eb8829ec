// docs/generated: tables that the code tells, so that they cannot lie. Written by `npm run gen`, proven fresh by documents.test.ts.
import { join } from 'node:path';
import { serverOptions } from '../../src/cli/options.ts';
import { coverageOf, type ServiceCoverage } from '../../src/kit/coverage.ts';
import { schema } from '../../src/landing-zone/schema.ts';
import { services } from '../../src/services/index.ts';
import { catalog, loadServiceModel } from '../../src/services/models.ts';
import { authzDocument, mappedOperations } from './authz-map.ts';
import { conditionKeysDocument, serviceKeys, serviceKeysFile } from './service-keys.ts';

export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  const table = await coverageOf({ catalog, loadModel: loadServiceModel, loadDefinition: async (name) => services[name]?.() });
  const root = join(import.meta.dirname, '../..');
  const keys = serviceKeys(root);
  return new Map([
    ['docs/generated/coverage.md', coverageDocument(table)],
    ['docs/generated/config.md', configDocument()],
    ['docs/generated/condition-keys.md', conditionKeysDocument(keys)],
    ['docs/generated/landing-zone.schema.json', `${JSON.stringify(schema, undefined, 2)}\n`],
    ['docs/generated/authz.md', authzDocument(mappedOperations(root))],
    ['src/pipeline/service-keys.gen.json', serviceKeysFile(keys)],
  ]);
}

function coverageDocument(table: readonly ServiceCoverage[]): string {
  const count = ({ operations }: ServiceCoverage, wanted: string) => operations.filter(({ coverage }) => coverage === wanted).length;
  const rows = table.map(
    (each) => `| ${each.service} | ${count(each, 'enforced')} | ${count(each, 'stored')} | ${count(each, 'absent')} |`,
  );
  const details = table.flatMap((each) => {
    const present = each.operations.filter(({ coverage }) => coverage !== 'absent');
    return present.length === 0
      ? []
      : ['', `## ${each.service}`, '', ...present.map(({ name, coverage }) => `- ${name}: ${words[coverage]}`)];
  });
  const head = ['# Coverage', '', 'Generated from the models and the code. An absent operation answers 501 and names itself.', ''];
  return `${[...head, '| service | enforced and executed | stored only | absent |', '|---|---:|---:|---:|', ...rows, ...details].join('\n')}\n`;
}

const words = { enforced: 'enforced and executed', stored: 'stored only', absent: 'absent' } as const;

function configDocument(): string {
  const rows = serverOptions.map(
    ({ name, argument, fallback, environment, description }) =>
      `| \`--${name}${argument === undefined ? '' : ` <${argument}>`}\` | \`${environment}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${description} |`,
  );
  return `${['# Options of the server', '', '| option | environment | default | meaning |', '|---|---|---|---|', ...rows].join('\n')}\n`;
}
