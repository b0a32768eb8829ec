// DescribeRegions: where nearly every tool that looks at an account begins.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
import { allRegions, type RegionStatus, statusOfRegion } from '../../kit/account-regions.ts';
import { filtered } from './filters.ts';
import { fault, operation } from './service.ts';

const optInStatus: Readonly<Record<RegionStatus, string>> = {
  ENABLED_BY_DEFAULT: 'opt-in-not-required',
  ENABLED: 'opted-in',
  ENABLING: 'not-opted-in',
  DISABLING: 'not-opted-in',
  DISABLED: 'not-opted-in',
};

export const DescribeRegions = operation('DescribeRegions', {
  access: (_input, { region }) => ({ action: 'ec2:DescribeRegions', resource: '*', context: { 'ec2:Region': region } }),
  async handle({ AllRegions, DryRun, Filters, RegionNames = [] }, { transaction, account, now }) {
    if (DryRun === true) throw fault('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
    const unknown = RegionNames.filter((name) => !allRegions.includes(name));
    if (unknown.length > 0) throw fault('InvalidParameterValue', `Invalid region: [${unknown.join(', ')}]`);
    const named = allRegions.filter((name) => RegionNames.length === 0 || RegionNames.includes(name));
    const described = await Promise.all(
      named.map(async (RegionName) => ({
        OptInStatus: optInStatus[await statusOfRegion(transaction, account, RegionName, now)],
        RegionName,
        Endpoint: `ec2.${RegionName}.amazonaws.com`,
      })),
    );
    const usable = described.filter(({ OptInStatus }) => AllRegions === true || OptInStatus !== 'not-opted-in');
    return {
      Regions: filtered(usable, Filters, {
        endpoint: ({ Endpoint }) => Endpoint,
        'opt-in-status': ({ OptInStatus }) => OptInStatus,
        'region-name': ({ RegionName }) => RegionName,
      }),
    };
  },
});

export const regionOperations = [DescribeRegions];
