// The account's settings: events about groups that change. They are kept, and nothing is sent: there is no EventBridge yet.
import type { GroupLifecycleEventsDesiredStatus } from './api.gen.ts';
import { settings } from './records.ts';
import { operation } from './service.ts';

export const GetAccountSettings = operation('GetAccountSettings', {
  access: () => ({ action: 'resource-groups:GetAccountSettings', resource: '*' }),
  coverage: 'stored',
  async handle(_input, { transaction, account, region }) {
    return shapeOf((await settings.get(transaction, account, region))?.desired ?? 'INACTIVE');
  },
});

export const UpdateAccountSettings = operation('UpdateAccountSettings', {
  access: () => ({ action: 'resource-groups:UpdateAccountSettings', resource: '*' }),
  coverage: 'stored',
  async handle({ GroupLifecycleEventsDesiredStatus: given }, { transaction, account, region }) {
    const desired = given ?? (await settings.get(transaction, account, region))?.desired ?? 'INACTIVE';
    settings.put(transaction, { account, region, desired });
    return shapeOf(desired);
  },
});

function shapeOf(desired: GroupLifecycleEventsDesiredStatus) {
  return { AccountSettings: { GroupLifecycleEventsDesiredStatus: desired, GroupLifecycleEventsStatus: desired } };
}

export const settingOperations = [GetAccountSettings, UpdateAccountSettings];
