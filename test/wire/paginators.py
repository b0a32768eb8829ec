# Every paginator that botocore has for the tagging API, resource groups, budgets, Cost Explorer and account management, in the smallest pages and in
# one: both must give the same. Prints the number of items of each as JSON; test/wire/paginators.test.ts judges.
import datetime, json, sys, time
import boto3

tag, groups, budgets, ce, account, organizations, iam, sts, secrets = (boto3.client(name) for name in (
    'resourcegroupstaggingapi', 'resource-groups', 'budgets', 'ce', 'account', 'organizations', 'iam', 'sts', 'secretsmanager'))
ACCOUNT = sts.get_caller_identity()['Account']
out = {}


def paged(client, operation, result, key=lambda item: json.dumps(item, default=str, sort_keys=True), least=1, **given):
    """`least` is the smallest page that the operation may be asked for."""
    def items(size):
        config = {} if size is None else {'PaginationConfig': {'PageSize': size}}
        pages = list(client.get_paginator(operation).paginate(**config, **given))
        return len(pages), [key(item) for page in pages for item in page.get(result, [])]
    pages, small = items(least)
    _, whole = items(None)
    assert small == whole, f'{operation}: {small} and {whole}'
    assert len(set(small)) == len(small), f'{operation} repeats'
    assert least is None or len(small) <= least or pages > 1, f'{operation}: {pages} pages'
    out[operation] = len(small)


# A second run, when usage has been metered with its tags.
if sys.argv[1:] == ['metered']:
    paged(ce, 'list_cost_allocation_tags', 'CostAllocationTags')
    print(json.dumps(out))
    sys.exit()

# What there is to page through.
organizations.create_organization(FeatureSet='ALL')
organizations.enable_aws_service_access(ServicePrincipal='tagpolicies.tag.amazonaws.com')
root = organizations.list_roots()['Roots'][0]['Id']
organizations.enable_policy_type(RootId=root, PolicyType='TAG_POLICY')
types = {'@@assign': ['secretsmanager:secret', 'kms:key', 'iam:policy']}
content = {'tags': {'stage': {'tag_key': {'@@assign': 'Stage'}, 'report_required_tag_for': types}}}
policy = organizations.create_policy(Name='t', Description='', Type='TAG_POLICY', Content=json.dumps(content))['Policy']['PolicySummary']['Id']
organizations.attach_policy(PolicyId=policy, TargetId=root)
for n in range(3):
    for region in ('us-east-1', 'eu-west-1'):
        boto3.client('secretsmanager', region_name=region).create_secret(Name=f's/{n}', SecretString='x', Tags=[{'Key': 'stage', 'Value': str(n)}, {'Key': f'k{n}', 'Value': 'v'}])
trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': ['budgets.amazonaws.com', 'resource-groups.amazonaws.com']}, 'Action': 'sts:AssumeRole'}]}
role = iam.create_role(RoleName='r', AssumeRolePolicyDocument=json.dumps(trust))['Role']['Arn']
deny = iam.create_policy(PolicyName='deny', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Deny', 'Action': '*', 'Resource': '*'}]}))['Policy']['Arn']
query = {'Type': 'TAG_FILTERS_1_0', 'Query': json.dumps({'ResourceTypeFilters': ['AWS::AllSupported'], 'TagFilters': [{'Key': 'stage', 'Values': []}]})}
for n in range(3):
    groups.create_group(Name=f'g{n}', ResourceQuery=query)
applications = [groups.create_group(Name=f'app{n}', Configuration=[{'Type': 'AWS::ResourceGroups::ApplicationGroup'}])['Group']['GroupArn'] for n in range(2)]
arns = [secret['ARN'] for secret in secrets.list_secrets()['SecretList']]
groups.group_resources(Group='app0', ResourceArns=arns)
for n, application in enumerate(applications): groups.start_tag_sync_task(Group=application, TagKey='stage', TagValue=f'none{n}', RoleArn=role)
notifications = [{'NotificationType': 'ACTUAL', 'ComparisonOperator': 'GREATER_THAN', 'Threshold': float(n), 'ThresholdType': 'PERCENTAGE'} for n in (50, 80, 100)]
subscribers = [{'SubscriptionType': 'EMAIL', 'Address': f'{n}@example.com'} for n in range(3)]
for n in range(3):
    budgets.create_budget(AccountId=ACCOUNT, Budget={'BudgetName': f'b{n}', 'BudgetType': 'COST', 'TimeUnit': 'MONTHLY', 'BudgetLimit': {'Amount': '100', 'Unit': 'USD'}},
        NotificationsWithSubscribers=[{'Notification': each, 'Subscribers': subscribers} for each in notifications])
iam.create_user(UserName='u')
actions = [budgets.create_budget_action(AccountId=ACCOUNT, BudgetName='b0', NotificationType='ACTUAL', ActionType='APPLY_IAM_POLICY', ActionThreshold={'ActionThresholdValue': float(n), 'ActionThresholdType': 'PERCENTAGE'},
    Definition={'IamActionDefinition': {'PolicyArn': deny, 'Users': ['u']}}, ExecutionRoleArn=role, ApprovalModel='MANUAL', Subscribers=subscribers[:1])['ActionId'] for n in (90, 95, 99)]
for n in (91, 92): budgets.update_budget_action(AccountId=ACCOUNT, BudgetName='b0', ActionId=actions[0], ActionThreshold={'ActionThresholdValue': float(n), 'ActionThresholdType': 'PERCENTAGE'})
for n in range(3):
    ce.create_cost_category_definition(Name=f'c{n}', RuleVersion='CostCategoryExpression.v1', Rules=[{'Value': 'mine', 'Rule': {'Dimensions': {'Key': 'LINKED_ACCOUNT', 'Values': [ACCOUNT]}}}])
ce.create_anomaly_monitor(AnomalyMonitor={'MonitorName': 'm', 'MonitorType': 'DIMENSIONAL', 'MonitorDimension': 'SERVICE'})
for n in range(2): ce.create_anomaly_monitor(AnomalyMonitor={'MonitorName': f'm{n}', 'MonitorType': 'CUSTOM', 'MonitorSpecification': {'Dimensions': {'Key': 'LINKED_ACCOUNT', 'Values': [ACCOUNT]}}})

paged(tag, 'get_resources', 'ResourceTagMappingList', TagFilters=[{'Key': 'stage'}])
paged(tag, 'get_tag_keys', 'TagKeys', least=None)
paged(tag, 'get_tag_values', 'TagValues', least=None, Key='stage')
paged(tag, 'get_compliance_summary', 'SummaryList', key=lambda row: (row['TargetId'], row['Region'], row['ResourceType'], row['NonCompliantResources']), GroupBy=['TARGET_ID', 'REGION', 'RESOURCE_TYPE'])
paged(tag, 'list_required_tags', 'RequiredTags')
paged(groups, 'list_groups', 'GroupIdentifiers')
paged(groups, 'list_group_resources', 'Resources', Group='g0')
paged(groups, 'search_resources', 'ResourceIdentifiers', ResourceQuery=query)
paged(groups, 'list_grouping_statuses', 'GroupingStatuses', Group='app0')
paged(groups, 'list_tag_sync_tasks', 'TagSyncTasks')
of_account, of_budget = dict(AccountId=ACCOUNT), dict(AccountId=ACCOUNT, BudgetName='b0')
paged(budgets, 'describe_budgets', 'Budgets', key=lambda budget: budget['BudgetName'], **of_account)
paged(budgets, 'describe_notifications_for_budget', 'Notifications', **of_budget)
paged(budgets, 'describe_subscribers_for_notification', 'Subscribers', Notification=notifications[0], **of_budget)
paged(budgets, 'describe_budget_notifications_for_account', 'BudgetNotificationsForAccount', **of_account)
paged(budgets, 'describe_budget_actions_for_account', 'Actions', **of_account)
paged(budgets, 'describe_budget_actions_for_budget', 'Actions', **of_budget)
paged(budgets, 'describe_budget_action_histories', 'ActionHistories', ActionId=actions[0], **of_budget)
paged(ce, 'list_cost_category_definitions', 'CostCategoryReferences')
paged(ce, 'get_anomaly_monitors', 'AnomalyMonitors')
paged(ce, 'get_anomalies', 'Anomalies', DateInterval={'StartDate': (datetime.date.today() - datetime.timedelta(days=7)).isoformat()})
paged(account, 'list_regions', 'Regions')
print(json.dumps(out))
