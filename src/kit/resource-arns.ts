// Declares what an ARN is the ARN of, where its form cannot be seen when compiling: because a client gave it, or it comes from the store.
import type { ResourceArn, ResourceType } from './resources.gen.ts';

/**
 * The text as the ARN of a resource of this type, or of one of several; the type must be one of AWS's, the text is not looked at. That every
 * operation's resources fit the types of its action is shown by services/authorization.test.ts.
 */
export function resourceNamed<Type extends ResourceType>(arn: string): ResourceArn<Type> {
  // Decoding boundary: a client may name what it likes, and policies are asked about that.
  return arn as ResourceArn<Type>;
}
