// The floor: node:http and the raw driver, without authentication, access rules or validation.
// `floor.ts PORT MONGODB_URI`
import { createServer, type IncomingMessage } from 'node:http';
import { MongoClient, ObjectId } from 'mongodb';

const [port, uri] = process.argv.slice(2) as [string, string];
const client = await MongoClient.connect(uri);
const users = client.db().collection('users');
const projects = client.db().collection('projects');
const tracks = client.db().collection('tracks');

createServer(async (request, response) => {
  const [status, answer] = await handle(request).catch(describeFailure);
  const body = JSON.stringify(answer);
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  response.end(body);
}).listen(Number(port), '127.0.0.1', () => process.send?.('ready'));

async function handle(request: IncomingMessage): Promise<[number, unknown]> {
  const { pathname, searchParams } = new URL(request.url as string, 'http://floor');
  const [, , kind, id] = pathname.split('/');
  const one = { _id: new ObjectId(id) };
  if (kind === 'projects') return [200, await readProject(one)];
  if (request.method === 'POST') {
    const values = await read(request);
    const at = new Date();
    const project = new ObjectId(values.project as string);
    const track = { ...values, project, createdAt: at, updatedAt: at };
    await tracks.insertOne(track);
    return [201, track];
  }
  if (request.method === 'PATCH') {
    const change = { $set: { ...(await read(request)), updatedAt: new Date() } };
    return [200, await tracks.findOneAndUpdate(one, change, { returnDocument: 'after' })];
  }
  if (id) return [200, await tracks.findOne(one)];
  const project = new ObjectId(searchParams.get('project') as string);
  const limit = Number(searchParams.get('limit'));
  return [
    200,
    { data: await tracks.find({ project }).sort({ createdAt: -1 }).limit(limit).toArray() },
  ];
}

function describeFailure(error: unknown): [number, unknown] {
  return [500, String(error)];
}

async function readProject(one: { _id: ObjectId }) {
  const [project, inside] = await Promise.all([
    projects.findOne(one),
    tracks.find({ project: one._id }).sort({ createdAt: -1 }).limit(100).toArray(),
  ]);
  return { ...project, user: await users.findOne({ _id: project?.user }), tracks: inside };
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}
