// Errors of a function as Lambda's runtime tells them to the caller and prints them in the log.
import { logLine, stamped } from './log.js';

const { LAMBDA_TASK_ROOT: taskRoot } = process.env;

export function lambdaError(name, message) {
  return Object.assign(new Error(message), { name });
}

/** AWS: the object that a caller gets. Where the code lies on this server is nobody's business: on AWS it is /var/task. */
export function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  const shown = (text) => String(text).replaceAll(taskRoot, '/var/task');
  return { errorType: error.name, errorMessage: shown(error.message), trace: shown(error.stack ?? '').split('\n') };
}

export function printed(error, what, requestId) {
  const { errorType, errorMessage, trace } = described(error);
  const members = error instanceof Error ? Object.fromEntries(Object.entries(error).filter(([key]) => key !== 'name')) : {};
  logLine(stamped('ERROR', requestId, `${what} \t${safeJson({ errorType, errorMessage, ...members, stack: trace })}`));
}

function safeJson(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify({ errorType: value.errorType, errorMessage: value.errorMessage, stack: value.stack });
  }
}
