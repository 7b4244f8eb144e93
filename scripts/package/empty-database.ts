import { type AddressInfo, createServer, type Socket } from 'node:net';
import mongoose, { type mongo } from 'mongoose';

const { deserialize, serialize } = mongoose.mongo.BSON;
const HELLO = {
  ...{ ok: 1, helloOk: true, ismaster: true, isWritablePrimary: true, maxBsonObjectSize: 16777216 },
  ...{ maxMessageSizeBytes: 48000000, maxWriteBatchSize: 100000, logicalSessionTimeoutMinutes: 30 },
  ...{ minWireVersion: 0, maxWireVersion: 21 },
};
const REPLY = 1;
const QUERY = 2004;
const MESSAGE = 2013;

/**
 * Starts a fake MongoDB that stores nothing: every query finds the one document given, every other
 * command succeeds. That is enough to call a function while it is packaged, without a database.
 */
export async function startEmptyDatabase(found: mongo.Document): Promise<string> {
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
        const length = rest.readInt32LE(0);
        answer(socket, rest.subarray(0, length), found);
        rest = rest.subarray(length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `mongodb://127.0.0.1:${port}/empty?directConnection=true`;
}

/** https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
function answer(socket: Socket, request: Buffer, found: mongo.Document): void {
  const [id, kind] = [request.readInt32LE(4), request.readInt32LE(12)];
  if (kind === QUERY) {
    // The first hello of a connection. Before the document come flags, cursor, position and
    // count.
    const head = Buffer.alloc(20);
    head.writeInt32LE(1, 16);
    send(socket, id, REPLY, Buffer.concat([head, serialize(HELLO)]));
  } else if (kind === MESSAGE) {
    // The command is the first section; the documents of a bulk write may follow it in others.
    const command = deserialize(request.subarray(21, 21 + request.readInt32LE(21)));
    send(
      socket,
      id,
      MESSAGE,
      Buffer.concat([Buffer.alloc(5), serialize(makeReply(command, found))]),
    );
  }
}

function makeReply(command: mongo.Document, found: mongo.Document): mongo.Document {
  if ('hello' in command) return HELLO;
  const collection = command.find ?? command.aggregate;
  if (!collection) return { ok: 1, n: 1 };
  const cursor = { id: mongoose.mongo.Long.ZERO, ns: `empty.${collection}`, firstBatch: [found] };
  return { ok: 1, cursor };
}

function send(socket: Socket, to: number, kind: number, body: Uint8Array): void {
  const head = Buffer.alloc(16);
  [16 + body.length, 0, to, kind].forEach((field, index) => {
    head.writeInt32LE(field, 4 * index);
  });
  socket.write(Buffer.concat([head, body]));
}
