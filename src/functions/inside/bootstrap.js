// Runs inside the process that holds a function: loads the handler once, then runs it once for each task that comes, and writes what came of it.
// Plain JavaScript, alone in its process, under Node's permission model. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
import { dirname, join } from 'node:path';
import { described, lambdaError, printed } from './errors.js';
import { loadHandler } from './handler.js';
import { patchConsole } from './log.js';
import { redirectPaths } from './paths.js';
import { readTask, writeAnswer, writeMark } from './pipes.js';
import { streamingHandler } from './streams.js';

const { LAMBDA_TASK_ROOT: taskRoot, TMPDIR: scratch, _HANDLER: handlerName, AWS_EXECUTION_ENV: runtime = '' } = process.env;
/** AWS: from Node.js 24 on, a handler is not called back. */
const takesCallbacks = Number(/nodejs(\d+)/.exec(runtime)?.[1]) < 24;

/** The task that runs; undefined between tasks and while the code is loaded. */
let task;
const requestId = () => task?.context.awsRequestId;

patchConsole(requestId);
const installation = join(import.meta.dirname, '../../..');
redirectPaths({ '/tmp': scratch, '/var/task': taskRoot }, [scratch, dirname(taskRoot), installation]);
process.on('uncaughtException', (error) => endWith(error, 'Uncaught Exception', 129));
process.on('unhandledRejection', (reason) => {
  const error = lambdaError('Runtime.UnhandledPromiseRejection', String(reason));
  endWith(Object.assign(error, { reason }), 'Unhandled Promise Rejection', 128);
});
// AWS: a handler that neither returns a promise nor calls back has the result null once nothing is left to do.
process.on('beforeExit', () => task?.finish());

let call;
try {
  call = await loadHandler(taskRoot, handlerName);
  if (call.length >= 3 && !takesCallbacks && streamingHandler(call) === undefined) {
    throw lambdaError(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  }
} catch (error) {
  endWith(error, 'Uncaught Exception', 1);
}
writeAnswer({ ready: true });
next();

/** Waits for a task without letting anything else happen: AWS freezes what a function left running until its next run. */
function next() {
  const { event, context, timeoutMs, payloadBytesMax, credentials, mark } = readTask();
  Object.assign(process.env, credentials);
  // What ended while the process stood still, connections above all, is noticed before the handler is called.
  setImmediate(() => setImmediate(() => begin({ event, context, timeoutMs, payloadBytesMax, mark })));
}

function begin({ event, context, timeoutMs, payloadBytesMax, mark }) {
  const endsAtMs = Date.now() + timeoutMs;
  let isAnswered = false;
  let waiting = { result: 'null' };
  const answer = (outcome) => {
    if (isAnswered) return;
    isAnswered = true;
    task = undefined;
    answerWith(outcome, mark);
    setImmediate(next);
  };
  const fail = (error) => {
    printed(error, 'Invoke Error', context.awsRequestId);
    return { error: described(error) };
  };
  const succeeded = (result) => resultOf(result, payloadBytesMax, fail);
  task = { context, mark, finish: () => answer(waiting) };
  const lambdaContext = {
    ...context,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, endsAtMs - Date.now()),
  };
  /** AWS: answered when nothing is left to do, unless the handler says that it does not want to wait. */
  const callback = (error, result) => {
    const outcome = error !== null && error !== undefined ? fail(error) : succeeded(result);
    if (outcome.error !== undefined || !lambdaContext.callbackWaitsForEmptyEventLoop) answer(outcome);
    else waiting = outcome;
  };
  if (takesCallbacks) {
    lambdaContext.done = (error, result) => answer(error ? fail(error) : succeeded(result));
    lambdaContext.succeed = (result) => answer(succeeded(result));
    lambdaContext.fail = (error) => answer(fail(error));
  }
  const stream = streamingHandler(call);
  if (stream !== undefined) {
    stream(event, lambdaContext).then(
      (result) => answer({ result }),
      (error) => answer(fail(error)),
    );
    return;
  }
  try {
    const returned = takesCallbacks ? call(event, lambdaContext, callback) : call(event, lambdaContext);
    if (typeof returned?.then === 'function') {
      returned.then(
        (result) => answer(succeeded(result)),
        (error) => answer(fail(error)),
      );
    } else if (!takesCallbacks) answer(succeeded(returned));
  } catch (error) {
    answer(fail(error));
  }
}

function resultOf(result, payloadBytesMax, fail) {
  let text;
  try {
    text = JSON.stringify(result) ?? 'null';
  } catch {
    return fail(lambdaError('Runtime.JSONStringifyError', 'Unable to stringify response body'));
  }
  if (Buffer.byteLength(text, 'utf8') <= payloadBytesMax) return { result: text };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`;
  return { error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

function answerWith(outcome, mark) {
  writeMark(mark);
  writeAnswer({ ...outcome, usedMb: Math.ceil(process.resourceUsage().maxRSS / 1024) });
}

/** The last that is heard of this process. */
function endWith(error, what, code) {
  printed(error, what, requestId());
  answerWith({ error: described(error) }, task?.mark ?? '');
  process.exit(code);
}
