import { type Base, entityNamed } from '../../../data/entity.ts';
import { findOne } from '../../../data/read.ts';
import { confirmReferences } from '../../../data/references.ts';
import { insert } from '../../../data/write.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { headObject } from '../../../providers/s3.ts';
import { uploadStream } from '../../../providers/upload-stream.ts';
import { buildOriginalKey } from '../../media/keys.ts';
import type { Medium } from '../../media/medium.ts';
import { markImage } from '../../media/metadata/mark-image.ts';
import { failWithoutAllowance } from '../../metering/allowances/in-jobs.ts';
import { withAllowance } from '../../metering/allowances/with-allowance.ts';
import { describeLineage, GENERATED } from '../lineage.ts';
import { fetchOutput, invalidOutput, type OpenOutput } from './fetch-output.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { cleanFileName, guessType, MEDIA, type PlannedFile } from './output-kinds.ts';
import type { PodDoc } from './pods.ts';
import { openStaged } from './stage-outputs.ts';

/**
 * Streams a file of a pod to where an upload of its medium would have put it: S3 tells of it, and it is processed as
 * an upload is. A file that was begun before is fetched anew, into the same place.
 * @throws PodFailure when the pod breaks off; JobFailure INVALID_OUTPUT, ALLOWANCE_EXCEEDED
 */
export async function storeOutput(
  work: ExecutionWork,
  run: OpenRun,
  pod: PodDoc | null,
  file: PlannedFile,
  position: number,
): Promise<void> {
  const { ctx } = work;
  const entity = entityNamed(MEDIA[file.kind].entity);
  const { user } = run.document;
  const key = buildOriginalKey(entity, user, file.medium);
  const known = await findOne<Base>(ctx, entity, { _id: file.medium });
  // Stored by a run that came no further.
  if (known && (await headObject(key))) return;
  const store = async ({ signal, ...fetched }: OpenOutput) => {
    const isImage = file.kind === 'IMAGE';
    await using marked = isImage ? await markImage(fetched, GENERATED) : undefined;
    const { stream, size } = marked ?? fetched;
    const medium = (known as Medium | null) ?? (await makeMedium(work, run, file, position, size));
    if (medium.size !== size) throw invalidOutput('its size has changed');
    const stored = await uploadStream(key, stream, medium.contentType, signal);
    if (stored.size !== size) throw invalidOutput('it is not as long as it was said to be');
  };
  if (pod && !file.stagedBytes) await fetchOutput(pod, file, work.signal, store);
  else await store(await openStaged(run.document, position, work.signal));
}

async function makeMedium(
  { ctx, job }: ExecutionWork,
  run: OpenRun,
  file: PlannedFile,
  position: number,
  size: number,
): Promise<Medium> {
  const { kind, medium: _id } = file;
  const entity = entityNamed(MEDIA[kind].entity);
  const { document } = run;
  const { user, project, workflow, inputs } = document;
  const only = { projection: { name: 1 } };
  const named = await findOne(ctx, ComfyUIWorkflowConfig, { _id: workflow }, only);
  const values = {
    ...{ _id, user, size, name: nameOutput(named?.name ?? 'Output', position) },
    ...(project && { project }),
    fileName: cleanFileName(file.fileName),
    contentType: guessType(kind, file.fileName),
    filePath: buildOriginalKey(entity, user, _id),
    generatedBy: job._id,
    ...(inputs?.length && { madeFrom: inputs }),
    lineage: await describeLineage(ctx, run, file.node),
  };
  const taken = entity.options.usage?.of(values);
  return failWithoutAllowance(
    withAllowance(ctx, user, taken, async () => {
      let made: Base | undefined;
      // Together with a change of the run: a worker that has lost it makes no media any more.
      await run.save({}, null, [], async (tx) => {
        made = await insert(tx, entity, values, 'generate');
      });
      await confirmReferences(ctx, entity, made as Base);
      return made as Medium;
    }),
  );
}

function nameOutput(name: string, position: number): string {
  return `${name.slice(0, 110)} ${position + 1}`;
}
