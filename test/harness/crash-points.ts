import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { type Entity, entityNamed, type Stored } from '../../src/data/entity.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { confirmReferences } from '../../src/data/references.ts';
import { remove } from '../../src/data/remove.ts';
import { insert } from '../../src/data/write.ts';
import { Image, Project, TrashedMedium } from '../../src/models/index.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { listOpenUploads } from '../../src/providers/multipart.ts';
import { listKeys } from '../../src/providers/s3.ts';
import { upload } from '../../src/providers/upload.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { type CheckedObjects, checkObjects } from '../../src/services/maintenance/objects/check.ts';
import { reconcile } from '../../src/services/maintenance/reconcile.ts';
import { buildOriginalKey, listPointers } from '../../src/services/media/keys.ts';
import { type Medium, Version } from '../../src/services/media/medium.ts';
import type { MediaProcessor } from '../../src/services/media/processor.ts';
import { reprocess } from '../../src/services/media/reprocess.ts';
import { restoreVersion } from '../../src/services/media/restore-version.ts';
import { keepInTrash, restoreFromTrash } from '../../src/services/media/trash.ts';
import { mediumOf, replaceBytes } from '../../src/services/media/versions.ts';
import { enqueueSweep } from '../../src/services/removal/sweep-job.ts';
import { noteUpload } from '../../src/services/uploads/arrivals.ts';
import { abortParts, openParts } from '../../src/services/uploads/multipart.ts';
import { dying } from './dying.ts';
import { replaceProcessor } from './job-types.ts';

type Chance = { next(): number; below(n: number): number };

const HOUR = 3600 * 1000;
const IMAGE = { width: 1, height: 1, format: 'png', orientation: 1, hasAlpha: false };
/** More calls than any of the works below makes. */
const MOST_CALLS = 30;

/** Makes two derivatives of anything, and sometimes fails. */
const fake =
  (random: Chance): MediaProcessor =>
  async ({ workDir, onProbed, onDerivative }) => {
    const facts = { image: IMAGE };
    const one = { name: 'one', contentType: 'text/plain' };
    const two = { name: 'two', contentType: 'text/plain' };
    const derivatives = [one, two].map((d) => ({ ...d, mandatory: true }));
    await onProbed({ contentType: 'image/png', facts, derivatives });
    for (const derivative of [one, two]) {
      if (random.below(20) === 0) throw new Error('A disk has failed.');
      const path = join(workDir, derivative.name);
      await writeFile(path, 'x');
      await onDerivative({ ...derivative, path, size: 1 });
    }
    return { contentType: 'image/png', facts, metadata: {}, warnings: [] };
  };

/**
 * Kills works on media at so many random points, each followed by what the schedules do; then compares
 * what is left in S3 with what the documents say.
 */
export async function crashes(points: number, random: Chance) {
  const user = newId(Date.now());
  // Time goes on in hours: leases run out, retries are due, uploads are forgotten.
  let now = Date.now();
  const ctx = (): Ctx => ({ ...systemCtx('test'), clock: () => now });
  const types = replaceProcessor('process-image', fake(random));
  const killed: Record<string, number> = {};
  let ended = 0;

  const some = async <T extends Stored>(entity: Entity, filter: object): Promise<T | undefined> => {
    const found = await entity.collection
      .find({ user, ...filter })
      .limit(20)
      .toArray();
    return found[random.below(found.length)] as T | undefined;
  };
  const image = async (filter: object = {}) =>
    (await some(Image, filter)) as unknown as Medium | undefined;
  const sends = async (key: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'mixdown-crash-'));
    await writeFile(join(folder, 'x'), 'x');
    const file = { path: join(folder, 'x'), size: 1, contentType: 'image/png' };
    await upload(key, file, new AbortController().signal);
    await rm(folder, { recursive: true });
  };
  const creates = async (size = 1) => {
    const _id = newId(now);
    const project = random.below(2) ? await some(Project, {}) : undefined;
    const made = await insert(ctx(), Image, {
      ...{ _id, user, name: 'x', fileName: 'x.png', contentType: 'image/png', size },
      filePath: buildOriginalKey(Image, user, _id),
      ...(project && { project: project._id }),
      ...(size > 1 && { multipart: { partSize: 5_242_880 } }),
    });
    await confirmReferences(ctx(), Image, made);
    return made as unknown as Medium;
  };
  const awaited = async () => {
    const version = await some(Version, { status: 'AWAITING_UPLOAD' });
    return (version as unknown as Medium) ?? (await image({ status: 'AWAITING_UPLOAD' }));
  };

  const works: Record<string, () => Promise<unknown>> = {
    create: () => creates(),
    createInParts: async () =>
      openParts(ctx(), Image, await creates(9), { from: 1, urls: 1, seconds: 60 }),
    abortParts: async () => {
      const medium = await image({ 'multipart.uploadId': { $exists: true } });
      if (medium) await abortParts(ctx(), Image, medium);
    },
    upload: async () => {
      const medium = await awaited();
      if (!medium || medium.multipart) return;
      await sends(medium.filePath);
      await noteUpload(ctx(), { key: medium.filePath, sequencer: newId(now).toString() });
    },
    work: () => workOnce(ctx(), types, () => 60_000),
    reprocess: async () => {
      const medium = await image({ status: 'READY' });
      if (medium) await reprocess(ctx(), Image, medium);
    },
    trash: async () => {
      const medium = await image();
      if (medium) await remove(ctx(), Image, { _id: medium._id }, enqueueSweep, keepInTrash(Image));
    },
    restore: async () => {
      const trashed = await some(TrashedMedium, {});
      if (trashed) await restoreFromTrash(ctx(), { _id: trashed._id });
    },
    purge: async () => {
      const trashed = await some(TrashedMedium, {});
      if (trashed) await remove(ctx(), TrashedMedium, { _id: trashed._id }, enqueueSweep);
    },
    replace: async () => {
      const medium = await image({ status: 'READY' });
      const file = { fileName: 'y.png', contentType: 'image/png', size: 1 };
      if (medium) await replaceBytes(ctx(), Image, medium, file as Medium);
    },
    restoreVersion: async () => {
      const version = await some<Medium & Stored>(Version, { status: 'READY' });
      const medium = version && (await image({ _id: mediumOf(version).id }));
      if (!medium) return;
      const replaced = { versions: [medium.version], mismatch: 'CONFLICT' as const };
      await restoreVersion(ctx(), { _id: version._id }, replaced);
    },
    deleteVersion: async () => {
      const version = await some(Version, {});
      if (version) await remove(ctx(), Version, { _id: version._id }, enqueueSweep);
    },
    deleteProject: async () => {
      const project = random.below(4) ? undefined : await some(Project, {});
      if (project) await remove(ctx(), Project, { _id: project._id }, enqueueSweep);
      else await insert(ctx(), Project, { user, name: 'x' });
    },
    sweep: () => reconcile(ctx()),
  };
  // Most of what is done is uploaded and worked on.
  const often = [...Object.keys(works), ...Array(8).fill('upload'), ...Array(10).fill('work')];

  for (let n = 0, done = 0; done < points; n++) {
    const name = often[random.below(often.length)] as string;
    const work = works[name] as () => Promise<unknown>;
    const how = await dying(random.below(MOST_CALLS), random.below(2) === 0, work);
    now += 60_000;
    // As its schedule has it, though not each minute: what it looks back at is a quarter of an hour.
    if (n % 8 === 0) await reconcile(ctx());
    if (how === 'ended') ended++;
    else {
      killed[name] = (killed[name] ?? 0) + 1;
      done++;
    }
  }

  // What is left to itself from here on. A day later nobody goes on with an upload, either.
  const quiet = async () => {
    for (let round = 0; round < 6; round++) {
      await reconcile(ctx());
      while ((await workOnce(ctx(), types, () => 60_000)) !== 'IDLE');
      now += 10 * 60_000;
    }
  };
  await quiet();
  now += 26 * HOUR;
  await quiet();
  const how = { grace: 0, timeLeft: () => 600_000 };
  const found = await checkObjects(ctx(), { ...how, dryRun: false });
  const left = await checkObjects(ctx(), { ...how, dryRun: true });
  return { killed, ended, found, left, ...(await difference(user)) } satisfies {
    killed: Record<string, number>;
    ended: number;
    found: CheckedObjects;
    left: CheckedObjects;
  } & Difference;
}

interface Difference {
  /** Objects in S3 that no document points at. */
  unknown: string[];
  /** What documents point at, and is not there. */
  missing: string[];
  /** Uploads in parts that no document awaits. */
  uploads: string[];
  /** Jobs and media that are still at work. */
  unended: string[];
}

/** By the documents themselves, without the code that sweeps. */
async function difference(user: UUID): Promise<Difference> {
  const mine = { user };
  const media = (await Image.collection.find(mine).toArray()) as unknown as Medium[];
  const versions = (await Version.collection.find(mine).toArray()) as unknown as Medium[];
  const trashed = await entityNamed('TrashedMedium').collection.find(mine).toArray();
  const all = [...media, ...versions, ...trashed.map((t) => t.content as Medium)];
  const kept = all.filter((m) => m.status !== 'AWAITING_UPLOAD');
  const keys: string[] = [];
  for await (const page of listKeys(`media/${user}/`)) keys.push(...page);
  const pointed = kept.flatMap((m) => [
    m.filePath,
    ...(m.derivatives ?? []).map((d) => `${m.derivativesPath}/${d.name}`),
  ]);
  const isKnown = (key: string) => kept.some((m) => listPointers(m).some((p) => key.startsWith(p)));
  const open: string[] = [];
  for await (const page of listOpenUploads(`media/${user}/`)) open.push(...page.map((u) => u.key));
  const jobs = await Job.collection
    .find({ ...mine, status: { $in: ['QUEUED', 'RUNNING'] } })
    .toArray();
  return {
    unknown: keys.filter((key) => !isKnown(key)),
    missing: pointed.filter((key) => !keys.includes(key)),
    uploads: open,
    unended: [
      ...all.filter((m) => m.status === 'PROCESSING').map((m) => `medium ${m._id}`),
      ...jobs.map((j) => `job ${j._id} ${j.type} ${j.status} ${JSON.stringify(j.error ?? {})}`),
    ],
  };
}
