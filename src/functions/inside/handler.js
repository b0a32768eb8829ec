// Finds a function's handler by its name: `index.handler`, `src/index.api.handler`. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lambdaError } from './errors.js';

const extensions = ['', '.js', '.mjs', '.cjs'];

export async function loadHandler(taskRoot, handlerName) {
  if (handlerName.includes('..')) {
    throw lambdaError(
      'Runtime.MalformedHandlerName',
      `'${handlerName}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = basename(handlerName);
  const [, name, path] = /^([^.]*)\.(.*)$/.exec(last) ?? [];
  if (path === undefined) throw lambdaError('Runtime.MalformedHandlerName', 'Bad handler');
  const folder = join(taskRoot, handlerName.slice(0, handlerName.indexOf(last)));
  const loaded = await loadModule(folder, name);
  const found = memberAt(loaded, path) ?? memberAt(loaded.default, path);
  if (found === undefined || found === null) {
    throw lambdaError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (typeof found !== 'function') throw lambdaError('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  return found;
}

function memberAt(object, path) {
  return path.split('.').reduce((inner, key) => inner?.[key], object);
}

async function loadModule(folder, name) {
  const file = extensions.map((extension) => join(folder, name + extension)).find(isFile);
  if (file === undefined) {
    throw lambdaError('Runtime.ImportModuleError', `Error: Cannot find module '${name}'\nRequire stack:\n- /var/runtime/index.mjs`);
  }
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw Object.assign(lambdaError('Runtime.UserCodeSyntaxError', String(error)), { stack: error.stack });
    }
    if (error?.code !== 'MODULE_NOT_FOUND' && error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const advice = adviceOn(error.message);
    if (error.code === 'MODULE_NOT_FOUND') throw lambdaError('Runtime.ImportModuleError', String(error) + advice);
    throw Object.assign(error, { message: error.message + advice });
  }
}

/** On AWS the SDK is always there; here it is when the installation has it. */
function adviceOn(message) {
  const [, module] = /'(@(?:aws-sdk|smithy)\/[^'/]+)/.exec(message) ?? [];
  if (module === undefined) return '';
  return `\nThis installation of Castellan does not offer ${module} to functions: put it into the function's archive, or install it for all functions with \`npm install ${module}\` in the folder \`functions\` of the data directory.`;
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
