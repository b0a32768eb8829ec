// The services that have a service-linked role, as AWS documents them: the role's name and the managed policy that comes with it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html

export interface LinkedService {
  /** What follows `AWSServiceRoleFor`. */
  readonly name: string;
  /** Under `arn:aws:iam::aws:policy/aws-service-role/`. */
  readonly policy: string;
  /** Several roles, each with a suffix of the caller's. */
  readonly hasSuffix?: true;
}

export const linkedServices: Readonly<Record<string, LinkedService>> = {
  'access-analyzer.amazonaws.com': { name: 'AccessAnalyzer', policy: 'AccessAnalyzerServiceRolePolicy' },
  'acm.amazonaws.com': { name: 'CertificateManager', policy: 'CertificateManagerServiceRolePolicy' },
  'airflow.amazonaws.com': { name: 'AmazonMWAA', policy: 'AmazonMWAAServiceRolePolicy' },
  'apprunner.amazonaws.com': { name: 'AppRunner', policy: 'AppRunnerServiceRolePolicy' },
  'appsync.amazonaws.com': { name: 'AppSync', policy: 'AWSAppSyncServiceRolePolicy' },
  'autoscaling.amazonaws.com': { name: 'AutoScaling', policy: 'AutoScalingServiceRolePolicy', hasSuffix: true },
  'autoscaling-plans.amazonaws.com': { name: 'AutoScalingPlans_EC2AutoScaling', policy: 'AWSAutoScalingPlansEC2AutoScalingPolicy' },
  'backup.amazonaws.com': { name: 'Backup', policy: 'AWSBackupServiceLinkedRolePolicyForBackup' },
  'batch.amazonaws.com': { name: 'Batch', policy: 'BatchServiceRolePolicy' },
  'cloudtrail.amazonaws.com': { name: 'CloudTrail', policy: 'CloudTrailServiceRolePolicy' },
  'codestar-notifications.amazonaws.com': { name: 'CodeStarNotifications', policy: 'AWSCodeStarNotificationsServiceRolePolicy' },
  'config.amazonaws.com': { name: 'Config', policy: 'AWSConfigServiceRolePolicy' },
  'config-conforms.amazonaws.com': { name: 'ConfigConforms', policy: 'ConfigConformsServiceRolePolicy' },
  'config-multiaccountsetup.amazonaws.com': { name: 'ConfigMultiAccountSetup', policy: 'AWSConfigMultiAccountSetupPolicy' },
  'connect.amazonaws.com': { name: 'AmazonConnect', policy: 'AmazonConnectServiceLinkedRolePolicy', hasSuffix: true },
  'continuousexport.discovery.amazonaws.com': {
    name: 'ApplicationDiscoveryServiceContinuousExport',
    policy: 'ApplicationDiscoveryServiceContinuousExportServiceRolePolicy',
  },
  'dax.amazonaws.com': { name: 'DAX', policy: 'DAXServiceRolePolicy' },
  'detective.amazonaws.com': { name: 'Detective', policy: 'AmazonDetectiveServiceLinkedRolePolicy' },
  'devops-guru.amazonaws.com': { name: 'DevOpsGuru', policy: 'AmazonDevOpsGuruServiceRolePolicy' },
  'directoryservice.amazonaws.com': { name: 'DirectoryService', policy: 'AWSDirectoryServiceServiceRolePolicy' },
  'dynamodb.application-autoscaling.amazonaws.com': {
    name: 'ApplicationAutoScaling_DynamoDBTable',
    policy: 'AWSApplicationAutoscalingDynamoDBTablePolicy',
  },
  'ec2fleet.amazonaws.com': { name: 'EC2Fleet', policy: 'AWSEC2FleetServiceRolePolicy' },
  'ecs.amazonaws.com': { name: 'ECS', policy: 'AmazonECSServiceRolePolicy' },
  'ecs.application-autoscaling.amazonaws.com': {
    name: 'ApplicationAutoScaling_ECSService',
    policy: 'AWSApplicationAutoscalingECSServicePolicy',
  },
  'eks.amazonaws.com': { name: 'AmazonEKS', policy: 'AmazonEKSServiceRolePolicy' },
  'eks-fargate.amazonaws.com': { name: 'AmazonEKSForFargate', policy: 'AmazonEKSForFargateServiceRolePolicy' },
  'eks-nodegroup.amazonaws.com': { name: 'AmazonEKSNodegroup', policy: 'AWSServiceRoleForAmazonEKSNodegroup' },
  'elasticache.amazonaws.com': { name: 'ElastiCache', policy: 'ElastiCacheServiceRolePolicy' },
  'elasticbeanstalk.amazonaws.com': { name: 'ElasticBeanstalk', policy: 'AWSElasticBeanstalkServiceRolePolicy' },
  'elasticfilesystem.amazonaws.com': { name: 'AmazonElasticFileSystem', policy: 'AmazonElasticFileSystemServiceRolePolicy' },
  'elasticloadbalancing.amazonaws.com': { name: 'ElasticLoadBalancing', policy: 'AWSElasticLoadBalancingServiceRolePolicy' },
  'elasticmapreduce.amazonaws.com': { name: 'EMRCleanup', policy: 'AmazonEMRCleanupPolicy' },
  'email.cognito-idp.amazonaws.com': { name: 'AmazonCognitoIdpEmailService', policy: 'AmazonCognitoIdpEmailServiceRolePolicy' },
  'es.amazonaws.com': { name: 'AmazonElasticsearchService', policy: 'AmazonElasticsearchServiceRolePolicy' },
  'events.amazonaws.com': { name: 'CloudWatchEvents', policy: 'CloudWatchEventsServiceRolePolicy' },
  'fms.amazonaws.com': { name: 'FMS', policy: 'FMSServiceRolePolicy' },
  'fsx.amazonaws.com': { name: 'AmazonFSx', policy: 'AmazonFSxServiceRolePolicy' },
  'globalaccelerator.amazonaws.com': { name: 'GlobalAccelerator', policy: 'AWSGlobalAcceleratorSLRPolicy' },
  'guardduty.amazonaws.com': { name: 'AmazonGuardDuty', policy: 'AmazonGuardDutyServiceRolePolicy' },
  'inspector2.amazonaws.com': { name: 'AmazonInspector2', policy: 'AmazonInspector2ServiceRolePolicy' },
  'kafka.amazonaws.com': { name: 'Kafka', policy: 'KafkaServiceRolePolicy' },
  'kafkaconnect.amazonaws.com': { name: 'KafkaConnect', policy: 'KafkaConnectServiceRolePolicy' },
  'cks.kms.amazonaws.com': {
    name: 'KeyManagementServiceCustomKeyStores',
    policy: 'AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy',
  },
  'lexv2.amazonaws.com': { name: 'LexV2Bots', policy: 'AmazonLexV2BotPolicy', hasSuffix: true },
  'license-manager.amazonaws.com': { name: 'AWSLicenseManagerRole', policy: 'AWSLicenseManagerServiceRolePolicy' },
  'macie.amazonaws.com': { name: 'AmazonMacie', policy: 'AmazonMacieServiceRolePolicy' },
  'management.chatbot.amazonaws.com': { name: 'AWSChatbot', policy: 'AWSChatbotServiceLinkedRolePolicy' },
  'member.org.stacksets.cloudformation.amazonaws.com': {
    name: 'CloudFormationStackSetsOrgMember',
    policy: 'CloudFormationStackSetsOrgMemberServiceRolePolicy',
  },
  'mq.amazonaws.com': { name: 'AmazonMQ', policy: 'AmazonMQServiceRolePolicy' },
  'mrk.kms.amazonaws.com': {
    name: 'KeyManagementServiceMultiRegionKeys',
    policy: 'AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy',
  },
  'network-firewall.amazonaws.com': { name: 'NetworkFirewall', policy: 'AWSNetworkFirewallServiceRolePolicy' },
  'opensearchservice.amazonaws.com': { name: 'AmazonOpenSearchService', policy: 'AmazonOpenSearchServiceRolePolicy' },
  'ops.apigateway.amazonaws.com': { name: 'APIGateway', policy: 'APIGatewayServiceRolePolicy' },
  'organizations.amazonaws.com': { name: 'Organizations', policy: 'AWSOrganizationsServiceTrustPolicy' },
  'ram.amazonaws.com': { name: 'ResourceAccessManager', policy: 'AWSResourceAccessManagerServiceRolePolicy' },
  'rds.amazonaws.com': { name: 'RDS', policy: 'AmazonRDSServiceRolePolicy' },
  'redshift.amazonaws.com': { name: 'Redshift', policy: 'AmazonRedshiftServiceLinkedRolePolicy' },
  'replication.cassandra.amazonaws.com': { name: 'KeyspacesReplication', policy: 'KeyspacesReplicationServiceRolePolicy' },
  'replicator.lambda.amazonaws.com': { name: 'LambdaReplicator', policy: 'AWSLambdaReplicator' },
  'rolesanywhere.amazonaws.com': { name: 'RolesAnywhere', policy: 'AWSRolesAnywhereServicePolicy' },
  'securityhub.amazonaws.com': { name: 'SecurityHub', policy: 'AWSSecurityHubServiceRolePolicy' },
  'shield.amazonaws.com': { name: 'AWSShield', policy: 'AWSShieldServiceRolePolicy' },
  'spot.amazonaws.com': { name: 'EC2Spot', policy: 'AWSEC2SpotServiceRolePolicy' },
  'spotfleet.amazonaws.com': { name: 'EC2SpotFleet', policy: 'AWSEC2SpotFleetServiceRolePolicy' },
  'ssm.amazonaws.com': { name: 'AmazonSSM', policy: 'AmazonSSMServiceRolePolicy' },
  'sso.amazonaws.com': { name: 'SSO', policy: 'AWSSSOServiceRolePolicy' },
  'support.amazonaws.com': { name: 'Support', policy: 'AWSSupportServiceRolePolicy' },
  'transitgateway.amazonaws.com': { name: 'VPCTransitGateway', policy: 'AWSVPCTransitGatewayServiceRolePolicy' },
  'trustedadvisor.amazonaws.com': { name: 'TrustedAdvisor', policy: 'AWSTrustedAdvisorServiceRolePolicy' },
  'vpc-lattice.amazonaws.com': { name: 'VpcLattice', policy: 'AWSVpcLatticeServiceRolePolicy' },
  'wafv2.amazonaws.com': { name: 'WAFV2Logging', policy: 'WAFV2LoggingServiceRolePolicy' },
  'workmail.amazonaws.com': { name: 'AmazonWorkMailEvents', policy: 'AmazonWorkMailEventsServiceRolePolicy' },
};
