// Bare node:http that reads a body and answers: what everything else is measured against.
import { createServer } from 'node:http';

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.once('end', () => {
    const body = Buffer.concat(chunks);
    outgoing.writeHead(200, { 'content-type': 'text/xml', 'content-length': body.length });
    outgoing.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
});
