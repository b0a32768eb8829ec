// IAM Toolbox: AWS's own explanation of refusals, from the decision records that the pipeline keeps.
import type { ServiceDefinition } from '../../kit/service.ts';
import { forgottenDecisions, GetRequestAuthorizationDetails } from './authorization-details.ts';

export const iamToolbox: ServiceDefinition = {
  name: 'iam-toolbox',
  operations: [GetRequestAuthorizationDetails],
  jobs: [forgottenDecisions],
};
