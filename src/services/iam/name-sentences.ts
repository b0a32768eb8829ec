// What IAM says of a name or path that breaks its pattern: it looks at them after the model's other constraints, and has sentences for them.

const names: ReadonlySet<string> = new Set([
  'userName',
  'newUserName',
  'groupName',
  'newGroupName',
  'roleName',
  'policyName',
  'instanceProfileName',
  'serverCertificateName',
  'newServerCertificateName',
  'virtualMFADeviceName',
]);

/** Undefined for members that the model's pattern speaks for. `path` is the member's. */
export function patternSentence(path: string): string | undefined {
  const invalid = `The specified value for ${path} is invalid.`;
  if (names.has(path)) return `${invalid} It must contain only alphanumeric characters and/or the following: +=,.@_-`;
  if (path === 'path' || path === 'newPath')
    return `${invalid} It must begin and end with / and contain only alphanumeric characters and/or / characters.`;
  if (path === 'pathPrefix') return `${invalid} It must begin with / and contain only alphanumeric characters and/or / characters.`;
  return undefined;
}
