// `plain.ts PORT MONGODB_URI SECRET`: what one would write without this product. Fastify with JSON
// schemas of requests and responses, mongoose with lean reads, a token, and the owner in every
// query.
import { createSecretKey } from 'node:crypto';
import { fastify } from 'fastify';
import jwt from 'jsonwebtoken';
import mongoose, { Schema } from 'mongoose';

const [port, uri, secret] = process.argv.slice(2) as [string, string, string];
const key = createSecretKey(Buffer.from(secret));

const settings = { timestamps: true, versionKey: false } as const;
const reference = (ref: string) => ({ type: Schema.Types.ObjectId, ref, required: true });
const part = (fields: object) => new Schema(fields as never, { _id: false });

mongoose.model(
  'User',
  new Schema({ email: String, username: String, displayName: String }, settings),
);

const projectSchema = new Schema(
  { user: reference('User'), name: String, description: String, status: String, settings: Object },
  settings,
);
projectSchema.virtual('tracks', { ref: 'Track', localField: '_id', foreignField: 'project' });
const Project = mongoose.model('Project', projectSchema);

const trackSchema = new Schema(
  {
    user: reference('User'),
    project: reference('Project'),
    name: { type: String, required: true, maxlength: 120 },
    artist: String,
    album: String,
    genre: String,
    trackNumber: Number,
    lyrics: String,
    fileName: { type: String, required: true },
    contentType: { type: String, required: true },
    size: { type: Number, required: true },
    filePath: String,
    status: { type: String, default: 'AWAITING_UPLOAD' },
    progress: { type: Number, default: 0 },
    audio: part({
      durationSeconds: Number,
      sampleRate: Number,
      channels: Number,
      bitRate: Number,
      codec: String,
      lossless: Boolean,
    }),
    analysis: part({
      bpm: Number,
      bpmConfidence: Number,
      key: String,
      scale: String,
      keyConfidence: Number,
      loudness: part({ integratedLufs: Number, rangeLu: Number, truePeakDbtp: Number }),
    }),
    derivatives: [part({ name: String, contentType: String, size: Number })],
  },
  settings,
);
trackSchema.index({ user: 1, project: 1, createdAt: -1 });
trackSchema.index({ project: 1 });
const Track = mongoose.model('Track', trackSchema);

const text = { type: 'string' };
const short = { type: 'string', minLength: 1, maxLength: 255 };
const number = { type: 'number' };
const whole = { type: 'integer', minimum: 1 };
const time = { type: 'string', format: 'date-time' };
const id = { type: 'string', pattern: '^[0-9a-f]{24}$' };
const object = (properties: object) => ({ type: 'object', properties });
const listOf = (items: object) => ({ type: 'array', items });
const closed = (properties: object) => ({ ...object(properties), additionalProperties: false });

const editable = {
  name: { ...short, maxLength: 120 },
  artist: short,
  album: short,
  genre: short,
  trackNumber: whole,
  lyrics: { type: 'string', maxLength: 20_000 },
};
const file = { fileName: short, contentType: short, size: whole };
const stamps = { createdAt: time, updatedAt: time };
const loudness = object({ integratedLufs: number, rangeLu: number, truePeakDbtp: number });
const trackAnswer = object({
  ...{ _id: text, user: text, project: text, ...editable, ...file, ...stamps },
  ...{ filePath: text, status: text, progress: number },
  audio: object({
    ...{ durationSeconds: number, sampleRate: number, channels: number, bitRate: number },
    ...{ codec: text, lossless: { type: 'boolean' } },
  }),
  analysis: object({
    ...{ bpm: number, bpmConfidence: number, key: text, scale: text, keyConfidence: number },
    loudness,
  }),
  derivatives: listOf(object({ name: text, contentType: text, size: number })),
});
const projectAnswer = object({
  ...{ _id: text, name: text, description: text, status: text, ...stamps },
  settings: { type: 'object', additionalProperties: true },
  user: object({ _id: text, email: text, username: text, displayName: text }),
  tracks: listOf(trackAnswer),
});

type Body = Record<string, unknown>;
type One = { Params: { id: string }; Body: Body };
type Page = { Querystring: { project: string; limit: number } };
declare module 'fastify' {
  interface FastifyRequest {
    user: string;
  }
}

const app = fastify();
app.decorateRequest('user', '');
app.addHook('onRequest', async (request) => {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  request.user = jwt.verify(token, key, { algorithms: ['HS256'] }).sub as string;
});
const params = object({ id });
const answer = (schema: object, status = 200) => ({ [status]: schema });

app.post<{ Body: Body }>(
  '/v1/tracks',
  {
    schema: {
      body: { ...closed({ project: id, ...editable, ...file }), required: ['project', 'name'] },
      response: answer(trackAnswer, 201),
    },
  },
  async (request, reply) => {
    const track = await Track.create({ ...request.body, user: request.user });
    return reply.code(201).send(track.toObject());
  },
);
app.get<One>(
  '/v1/tracks/:id',
  { schema: { params, response: answer(trackAnswer) } },
  async (request) => requireFound(await Track.findOne(makeOwnFilter(request)).lean()),
);
app.patch<One>(
  '/v1/tracks/:id',
  { schema: { params, body: closed(editable), response: answer(trackAnswer) } },
  async (request) => {
    const options = { returnDocument: 'after', runValidators: true } as const;
    return requireFound(
      await Track.findOneAndUpdate(makeOwnFilter(request), { $set: request.body }, options).lean(),
    );
  },
);
app.get<Page>(
  '/v1/tracks',
  {
    schema: {
      querystring: object({ project: id, limit: { type: 'integer', minimum: 1, maximum: 100 } }),
      response: answer(object({ data: listOf(trackAnswer) })),
    },
  },
  async ({ user, query: { project, limit } }) => ({
    data: await Track.find({ user, project }).sort({ createdAt: -1 }).limit(limit).lean(),
  }),
);
app.get<One>(
  '/v1/projects/:id',
  { schema: { params, response: answer(projectAnswer) } },
  async (request) =>
    requireFound(
      await Project.findOne(makeOwnFilter(request))
        .populate('user', 'email username displayName')
        .populate({ path: 'tracks', options: { sort: { createdAt: -1 }, limit: 100 } })
        .lean(),
    ),
);

await mongoose.connect(uri, { autoIndex: false });
await app.listen({ port: Number(port), host: '127.0.0.1' });
process.send?.('ready');

function makeOwnFilter({ user, params }: { user: string; params: { id: string } }) {
  return { _id: params.id, user };
}

function requireFound<T>(document: T | null): T {
  if (document) return document;
  throw Object.assign(new Error('There is no such document.'), { statusCode: 404 });
}
