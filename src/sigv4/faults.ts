// AWS's codes, statuses and sentences for each way in which a signature can fail, per family of protocols.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html · https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
import { httpDate, isoSeconds } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { MalformedSignature } from './present.ts';
import type { SignatureProblem } from './verify.ts';

/** How a service words authentication errors: by its protocol, except for S3 and EC2. */
export type FaultFamily = 'query' | 'json' | 'rest-json' | 'rest-xml' | 'ec2' | 's3';

export type AuthenticationProblem =
  | SignatureProblem
  | { readonly kind: 'malformed'; readonly problem: MalformedSignature }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown-key'; readonly accessKeyId: string }
  | { readonly kind: 'expired-token' };

interface Words {
  readonly code: string;
  readonly status: number;
}

type Kind = 'missing' | 'incomplete' | 'unknown-key' | 'mismatch' | 'expired-token' | 'request-expired';

/** AWS's codes as its services really answer them. */
const table: Readonly<Record<FaultFamily, Readonly<Record<Kind, Words>>>> = {
  query: {
    missing: { code: 'MissingAuthenticationToken', status: 403 },
    incomplete: { code: 'IncompleteSignature', status: 400 },
    'unknown-key': { code: 'InvalidClientTokenId', status: 403 },
    mismatch: { code: 'SignatureDoesNotMatch', status: 403 },
    'expired-token': { code: 'ExpiredToken', status: 403 },
    'request-expired': { code: 'SignatureDoesNotMatch', status: 403 },
  },
  json: {
    missing: { code: 'MissingAuthenticationTokenException', status: 400 },
    incomplete: { code: 'IncompleteSignatureException', status: 400 },
    'unknown-key': { code: 'UnrecognizedClientException', status: 400 },
    mismatch: { code: 'InvalidSignatureException', status: 400 },
    'expired-token': { code: 'ExpiredTokenException', status: 400 },
    'request-expired': { code: 'InvalidSignatureException', status: 400 },
  },
  'rest-json': {
    missing: { code: 'MissingAuthenticationTokenException', status: 403 },
    incomplete: { code: 'IncompleteSignatureException', status: 403 },
    'unknown-key': { code: 'UnrecognizedClientException', status: 403 },
    mismatch: { code: 'InvalidSignatureException', status: 403 },
    'expired-token': { code: 'ExpiredTokenException', status: 403 },
    'request-expired': { code: 'InvalidSignatureException', status: 403 },
  },
  'rest-xml': {
    missing: { code: 'MissingAuthenticationToken', status: 403 },
    incomplete: { code: 'IncompleteSignature', status: 403 },
    'unknown-key': { code: 'InvalidClientTokenId', status: 403 },
    mismatch: { code: 'SignatureDoesNotMatch', status: 403 },
    'expired-token': { code: 'ExpiredToken', status: 403 },
    'request-expired': { code: 'SignatureDoesNotMatch', status: 403 },
  },
  ec2: {
    missing: { code: 'MissingAuthenticationToken', status: 403 },
    incomplete: { code: 'IncompleteSignature', status: 400 },
    'unknown-key': { code: 'AuthFailure', status: 401 },
    mismatch: { code: 'SignatureDoesNotMatch', status: 403 },
    'expired-token': { code: 'RequestExpired', status: 400 },
    'request-expired': { code: 'RequestExpired', status: 400 },
  },
  s3: {
    missing: { code: 'AccessDenied', status: 403 },
    incomplete: { code: 'AuthorizationHeaderMalformed', status: 400 },
    'unknown-key': { code: 'InvalidAccessKeyId', status: 403 },
    mismatch: { code: 'SignatureDoesNotMatch', status: 403 },
    'expired-token': { code: 'ExpiredToken', status: 400 },
    'request-expired': { code: 'RequestTimeTooSkewed', status: 403 },
  },
};

export function authenticationFault(problem: AuthenticationProblem, family: FaultFamily): Fault {
  const fault = (kind: Kind, message: string, fields: Readonly<Record<string, unknown>> = {}): Fault => {
    const { code, status } = table[family][kind];
    return new Fault(code, message, { status, fields });
  };
  switch (problem.kind) {
    case 'missing':
      return fault('missing', family === 's3' ? 'Access Denied' : 'Request is missing Authentication Token');
    case 'malformed':
      return malformedFault(problem.problem, family, fault);
    case 'unknown-key':
      return unknownKeyFault(problem.accessKeyId, family, fault);
    case 'expired-token':
      return fault('expired-token', expiredTokenSentences[family] ?? 'The security token included in the request is expired');
    case 'mismatch':
      return mismatchFault(problem, family, fault);
    case 'expired':
      if (family === 's3') return fault('request-expired', 'The difference between the request time and the current time is too large.');
      if (family === 'ec2') return fault('request-expired', requestHasExpired);
      return fault('request-expired', `Signature expired: ${problem.date} is now earlier than ${problem.limit} (${problem.now} - 15 min.)`);
    case 'not-yet':
      if (family === 's3') return fault('request-expired', 'The difference between the request time and the current time is too large.');
      return fault(
        'request-expired',
        `Signature not yet current: ${problem.date} is still later than ${problem.limit} (${problem.now} + 15 min.)`,
      );
    case 'presigned-expired':
      return presignedFault(problem, family, fault);
    case 'scope':
      return fault(family === 's3' ? 'incomplete' : 'mismatch', problem.message);
    case 'body-hash':
      if (family !== 's3') return fault('mismatch', "The value of the 'x-amz-content-sha256' header does not match the calculated hash.");
      return new Fault('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.", {
        status: 400,
        fields: { ClientComputedContentSHA256: problem.claimed, S3ComputedContentSHA256: problem.computed },
      });
    case 'chunks':
      return chunkFault(problem.problem, fault);
  }
}

/** AWS: EC2 says this of old requests and of sessions that are over. */
const requestHasExpired = 'Request has expired.';
const expiredTokenSentences: Readonly<Partial<Record<FaultFamily, string>>> = {
  ec2: requestHasExpired,
  s3: 'The provided token has expired.',
};

type MakeFault = (kind: Kind, message: string, fields?: Readonly<Record<string, unknown>>) => Fault;

function malformedFault(problem: MalformedSignature, family: FaultFamily, fault: MakeFault): Fault {
  if (problem.kind === 'bad-expiry' && family === 's3')
    return new Fault('AuthorizationQueryParametersError', problem.message, { status: 400 });
  return fault('incomplete', problem.message);
}

function unknownKeyFault(accessKeyId: string, family: FaultFamily, fault: MakeFault): Fault {
  if (family === 'ec2') return fault('unknown-key', 'AWS was not able to validate the provided access credentials');
  if (family === 's3')
    return fault('unknown-key', 'The AWS Access Key Id you provided does not exist in our records.', { AWSAccessKeyId: accessKeyId });
  return fault('unknown-key', 'The security token included in the request is invalid.');
}

const mismatchSentence =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

function mismatchFault(problem: SignatureProblem & { readonly kind: 'mismatch' }, family: FaultFamily, fault: MakeFault): Fault {
  if (family === 's3') {
    return fault(
      'mismatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      {
        StringToSign: problem.stringToSign,
        SignatureProvided: problem.signature.slice(0, 128),
        CanonicalRequest: problem.canonicalRequest,
      },
    );
  }
  const shown = `The Canonical String for this request should have been\n'${problem.canonicalRequest}'\n\nThe String-to-Sign should have been\n'${problem.stringToSign}'\n`;
  return fault('mismatch', `${mismatchSentence}\n\n${shown}`);
}

function presignedFault(problem: SignatureProblem & { readonly kind: 'presigned-expired' }, family: FaultFamily, fault: MakeFault): Fault {
  if (family !== 's3')
    return fault(
      'request-expired',
      `Signature expired: the request was valid until ${isoSeconds(problem.expiredAt)} and it is now ${isoSeconds(problem.now)}.`,
    );
  const fields = { 'X-Amz-Expires': problem.expiresSeconds, Expires: isoSeconds(problem.expiredAt), ServerTime: httpDate(problem.now) };
  return new Fault('AccessDenied', 'Request has expired', { status: 403, fields });
}

function chunkFault(problem: 'malformed' | 'signature' | 'length' | 'trailer' | 'checksum', fault: MakeFault): Fault {
  switch (problem) {
    case 'signature':
      return fault('mismatch', mismatchSentence);
    case 'checksum':
      return new Fault('BadDigest', 'The checksum in the trailer did not match the calculated checksum.', { status: 400 });
    case 'length':
      return new Fault(
        'IncompleteBody',
        'You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.',
        { status: 400 },
      );
    case 'trailer':
      return new Fault(
        'MalformedTrailerError',
        'The request contained trailing data that was not well-formed or did not conform to our published schema.',
        { status: 400 },
      );
    case 'malformed':
      return new Fault('InvalidRequest', 'The aws-chunked body is not well-formed.', { status: 400 });
  }
}
