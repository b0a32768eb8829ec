// Runs inside the process of one function run: loads the handler, calls it once, and writes what came of it to file descriptor 3.
// Plain JavaScript, alone in its process, under Node's permission model. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
import { existsSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const startedMs = Date.now();
const { event, context, handler, taskRoot, timeoutMs, payloadBytesMax } = JSON.parse(readFileSync(0, 'utf8'));
let isAnswered = false;

process.on('uncaughtException', (error) => answer({ error: described(error) }));
process.on('unhandledRejection', (error) => answer({ error: described(error) }));
// AWS: a handler that neither returns a promise nor calls back has the result null once nothing is left to do.
process.on('beforeExit', () => answer({ result: 'null' }));

try {
  const call = await loadHandler();
  const lambdaContext = {
    ...context,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, startedMs + timeoutMs - Date.now()),
  };
  const returned = call(event, lambdaContext, (error, result) => answer(error ? { error: described(error) } : succeeded(result)));
  if (typeof returned?.then === 'function') answer(succeeded(await returned));
} catch (error) {
  answer({ error: described(error) });
}

async function loadHandler() {
  const dot = handler.lastIndexOf('.');
  const [name, member] = [handler.slice(0, dot), handler.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs', ''].map((extension) => join(taskRoot, name + extension)).find((path) => existsSync(path));
  if (file === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${name}'`);
  const loaded = await import(pathToFileURL(file).href).catch((error) => {
    throw named(error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : 'Runtime.ImportModuleError', String(error));
  });
  const found = loaded[member] ?? loaded.default?.[member];
  if (found === undefined) throw named('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found;
}

function succeeded(result) {
  const text = JSON.stringify(result) ?? 'null';
  if (Buffer.byteLength(text, 'utf8') <= payloadBytesMax) return { result: text };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`;
  return { error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

function named(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function answer(outcome) {
  if (isAnswered) return;
  isAnswered = true;
  const usedMb = Math.ceil(process.resourceUsage().maxRSS / 1024);
  const bytes = Buffer.from(JSON.stringify({ ...outcome, usedMb }), 'utf8');
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(3, bytes, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
  process.exit(0);
}
