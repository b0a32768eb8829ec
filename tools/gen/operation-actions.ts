// Which actions of IAM an operation asks for. By AWS's rule it is the one action of its own name; what departs from the rule is declared here by
// hand, with the reason. This list may only shrink: authz-map.test.ts refuses a departure that is none.

/** By service, then by operation: the actions, with their prefix. None: AWS asks for no permission, or has none yet. */
export interface Departure {
  readonly reason: string;
  readonly operations: Readonly<Record<string, readonly string[]>>;
}

/** Several operations that are all covered by one action. */
function covered(action: string, names: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, [action]]));
}

/** Operations whose action has another name: `HeadObject=GetObject`. */
function renamed(prefix: string, pairs: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    pairs.split(' ').map((pair) => {
      const [name = '', actions = ''] = pair.split('=');
      return [name, actions.split('+').map((action) => `${prefix}:${action}`)];
    }),
  );
}

const none = (names: string): Readonly<Record<string, readonly string[]>> => Object.fromEntries(names.split(' ').map((name) => [name, []]));

export const departures: Readonly<Record<string, readonly Departure[]>> = {
  accessanalyzer: [
    {
      reason: 'the second version of a call is covered by the action of the first',
      operations: renamed('access-analyzer', 'GetFindingV2=GetFinding ListFindingsV2=ListFindings'),
    },
  ],
  budgets: [
    {
      reason: 'budgets, their notifications and subscribers are one thing to IAM, to view or to modify',
      operations: {
        ...covered(
          'budgets:ModifyBudget',
          'CreateBudget CreateNotification CreateSubscriber DeleteBudget DeleteNotification DeleteSubscriber UpdateBudget UpdateNotification UpdateSubscriber',
        ),
        ...covered(
          'budgets:ViewBudget',
          'DescribeBudget DescribeBudgetNotificationsForAccount DescribeBudgetPerformanceHistory DescribeBudgets DescribeNotificationsForBudget DescribeSubscribersForNotification',
        ),
      },
    },
  ],
  cloudfront: [
    {
      reason: 'tags at creation are asked as TagResource beside the creation',
      operations: renamed('cloudfront', 'CreateDistributionWithTags=CreateDistribution+TagResource'),
    },
    { reason: 'the data has no action for it yet', operations: none('ListDistributionsByOwnedResource') },
  ],
  cloudtrail: [{ reason: 'the data has no action for it yet', operations: none('ListInsightsMetricData') }],
  cloudwatch: [{ reason: 'the data has no action for it yet', operations: none('DescribeAlarmContributors') }],
  'cognito-idp': [
    {
      reason: "calls of signed-in users, authorised by the user pool's own token",
      operations: none(
        'CompleteWebAuthnRegistration DeleteWebAuthnCredential GetUserAuthFactors ListWebAuthnCredentials StartWebAuthnRegistration',
      ),
    },
  ],
  detective: [
    {
      reason: 'the action is in the singular',
      operations: renamed('detective', 'ListOrganizationAdminAccounts=ListOrganizationAdminAccount'),
    },
  ],
  dynamodb: [
    {
      reason: 'PartiQL statements are authorised by what they do',
      operations: renamed(
        'dynamodb',
        ['BatchExecuteStatement', 'ExecuteStatement', 'ExecuteTransaction']
          .map((name) => `${name}=PartiQLDelete+PartiQLInsert+PartiQLSelect+PartiQLUpdate`)
          .join(' '),
      ),
    },
    {
      reason: 'transactions are authorised by the actions of their items',
      operations: renamed('dynamodb', 'TransactGetItems=GetItem TransactWriteItems=ConditionCheckItem+DeleteItem+PutItem+UpdateItem'),
    },
  ],
  iam: [{ reason: 'the data has no action for it yet', operations: none('UpdateDelegationRequest') }],
  kms: [
    {
      reason: 'two keys, and an action for each: the one that opens and the one that closes',
      operations: renamed('kms', 'ReEncrypt=ReEncryptFrom+ReEncryptTo'),
    },
  ],
  lambda: [
    {
      reason: 'invocations, however answered, are one action; a layer version by ARN is the same read',
      operations: renamed('lambda', 'GetLayerVersionByArn=GetLayerVersion Invoke=InvokeFunction InvokeWithResponseStream=InvokeFunction'),
    },
  ],
  logs: [{ reason: 'the data has no action for it yet', operations: none('GetLogObject') }],
  s3: [
    {
      reason: "S3's actions are older than its operations' names, and one covers reading, another writing and deleting of a configuration",
      operations: renamed(
        's3',
        [
          'CompleteMultipartUpload=PutObject CopyObject=GetObject+PutObject CreateMultipartUpload=PutObject UploadPart=PutObject',
          'UploadPartCopy=GetObject+PutObject DeleteObjects=DeleteObject RenameObject=PutObject HeadBucket=ListBucket HeadObject=GetObject',
          'ListObjects=ListBucket ListObjectsV2=ListBucket ListObjectVersions=ListBucketVersions ListBuckets=ListAllMyBuckets',
          'ListMultipartUploads=ListBucketMultipartUploads ListParts=ListMultipartUploadParts SelectObjectContent=GetObject',
          'DeleteBucketAnalyticsConfiguration=PutAnalyticsConfiguration GetBucketAnalyticsConfiguration=GetAnalyticsConfiguration',
          'ListBucketAnalyticsConfigurations=GetAnalyticsConfiguration PutBucketAnalyticsConfiguration=PutAnalyticsConfiguration',
          'DeleteBucketCors=PutBucketCORS GetBucketCors=GetBucketCORS PutBucketCors=PutBucketCORS',
          'DeleteBucketEncryption=PutEncryptionConfiguration GetBucketEncryption=GetEncryptionConfiguration',
          'PutBucketEncryption=PutEncryptionConfiguration',
          'DeleteBucketIntelligentTieringConfiguration=PutIntelligentTieringConfiguration',
          'GetBucketIntelligentTieringConfiguration=GetIntelligentTieringConfiguration',
          'ListBucketIntelligentTieringConfigurations=GetIntelligentTieringConfiguration',
          'PutBucketIntelligentTieringConfiguration=PutIntelligentTieringConfiguration',
          'DeleteBucketInventoryConfiguration=PutInventoryConfiguration GetBucketInventoryConfiguration=GetInventoryConfiguration',
          'ListBucketInventoryConfigurations=GetInventoryConfiguration PutBucketInventoryConfiguration=PutInventoryConfiguration',
          'DeleteBucketLifecycle=PutLifecycleConfiguration GetBucketLifecycle=GetLifecycleConfiguration',
          'GetBucketLifecycleConfiguration=GetLifecycleConfiguration PutBucketLifecycle=PutLifecycleConfiguration',
          'PutBucketLifecycleConfiguration=PutLifecycleConfiguration',
          'DeleteBucketMetricsConfiguration=PutMetricsConfiguration GetBucketMetricsConfiguration=GetMetricsConfiguration',
          'ListBucketMetricsConfigurations=GetMetricsConfiguration PutBucketMetricsConfiguration=PutMetricsConfiguration',
          'DeleteBucketOwnershipControls=PutBucketOwnershipControls DeleteBucketTagging=PutBucketTagging',
          'DeleteBucketReplication=PutReplicationConfiguration GetBucketReplication=GetReplicationConfiguration',
          'PutBucketReplication=PutReplicationConfiguration',
          'DeletePublicAccessBlock=PutBucketPublicAccessBlock GetPublicAccessBlock=GetBucketPublicAccessBlock',
          'PutPublicAccessBlock=PutBucketPublicAccessBlock',
          'GetBucketAccelerateConfiguration=GetAccelerateConfiguration PutBucketAccelerateConfiguration=PutAccelerateConfiguration',
          'GetBucketNotificationConfiguration=GetBucketNotification PutBucketNotificationConfiguration=PutBucketNotification',
          'GetObjectLockConfiguration=GetBucketObjectLockConfiguration PutObjectLockConfiguration=PutBucketObjectLockConfiguration',
          'CreateBucketMetadataConfiguration=CreateBucketMetadataTableConfiguration',
          'DeleteBucketMetadataConfiguration=DeleteBucketMetadataTableConfiguration',
          'GetBucketMetadataConfiguration=GetBucketMetadataTableConfiguration',
        ].join(' '),
      ),
    },
    {
      reason: 'the answer to an Object Lambda function, and directory buckets, have prefixes of their own',
      operations: {
        WriteGetObjectResponse: ['s3-object-lambda:WriteGetObjectResponse'],
        CreateSession: ['s3express:CreateSession'],
        ListDirectoryBuckets: ['s3express:ListAllMyDirectoryBuckets'],
      },
    },
  ],
  securityhub: [
    {
      reason: 'the second version of a call is covered by the action of the first',
      operations: renamed('securityhub', 'BatchUpdateFindingsV2=BatchUpdateFindings GetFindingsV2=GetFindings'),
    },
    { reason: 'the data has no action for it yet', operations: none('GetFindingStatisticsV2 RegisterConnectorV2') },
  ],
  sns: [{ reason: 'a batch is authorised as the single call', operations: renamed('sns', 'PublishBatch=Publish') }],
  sqs: [
    {
      reason: 'a batch is authorised as the single call',
      operations: renamed(
        'sqs',
        'ChangeMessageVisibilityBatch=ChangeMessageVisibility DeleteMessageBatch=DeleteMessage SendMessageBatch=SendMessage',
      ),
    },
  ],
  sso: [
    {
      reason: 'authorised by the token of the signed-in user',
      operations: none('GetRoleCredentials ListAccountRoles ListAccounts Logout'),
    },
  ],
  'sso-oidc': [
    { reason: 'the calls by which a client gets its token', operations: none('CreateToken RegisterClient StartDeviceAuthorization') },
  ],
};

export interface OperationActions {
  readonly actions: readonly string[];
  /** Where they depart from the rule. */
  readonly reason: string | undefined;
}

export function actionsOf(service: string, operation: string, prefix: string): OperationActions {
  const departure = (departures[service] ?? []).find(({ operations }) => Object.hasOwn(operations, operation));
  return departure === undefined
    ? { actions: [`${prefix}:${operation}`], reason: undefined }
    : { actions: departure.operations[operation] ?? [], reason: departure.reason };
}
