// Handlers that stream their response, made by `awslambda.streamifyResponse`. Invoke gives what they wrote in one piece.
// https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
import { Writable } from 'node:stream';

const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[streaming] = 'response';
    return handler;
  },
  HttpResponseStream: {
    /** AWS: status and headers come before the body, parted from it by eight zeros. */
    from(stream, prelude) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write(JSON.stringify(prelude) + '\0'.repeat(8));
      return stream;
    },
  },
};

/** Undefined when the handler does not stream. Else a call that gives what it wrote, when the stream has ended. */
export function streamingHandler(handler) {
  if (handler[streaming] === undefined) return undefined;
  return async (event, context) => {
    const chunks = [];
    const stream = new Writable({
      decodeStrings: true,
      write(chunk, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    stream.setContentType = () => undefined;
    const { write } = stream;
    stream.write = (chunk, ...rest) =>
      write.call(stream, typeof chunk === 'string' || ArrayBuffer.isView(chunk) ? chunk : JSON.stringify(chunk), ...rest);
    const finished = new Promise((resolve, reject) => {
      stream.once('finish', resolve);
      stream.once('error', reject);
    });
    finished.catch(() => undefined);
    await handler(event, stream, context);
    await finished;
    return Buffer.concat(chunks).toString('utf8');
  };
}
