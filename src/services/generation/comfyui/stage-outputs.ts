import { folderIn } from '../../../data/objects.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { deleteUnder, headObject, openObject } from '../../../providers/s3.ts';
import { uploadStream } from '../../../providers/upload-stream.ts';
import { fetchOutput, invalidOutput, type OpenOutput } from './fetch-output.ts';
import type { ExecutionDoc, ExecutionWork, OpenRun } from './open-run.ts';
import { guessType, type PlannedFile } from './output-kinds.ts';
import type { PodDoc } from './pods.ts';

// Outputs that are to be reviewed are fetched from their pod before they are media: what was reviewed is what
// becomes a medium, whatever the pod would answer the next time, and it is there when the pod is gone.

type Owned = Pick<ExecutionDoc, '_id' | 'user'>;

/** Fetches the file of a run that is to be reviewed, and notes its size. @throws PodFailure; JobFailure */
export async function stageOutput(
  work: ExecutionWork,
  run: OpenRun,
  pod: PodDoc,
  position: number,
): Promise<void> {
  const files = run.document.files as PlannedFile[];
  const file = files[position] as PlannedFile;
  const key = buildStagedKey(run.document, position);
  const type = guessType(file.kind, file.fileName);
  const stagedBytes = await fetchOutput(
    pod,
    file,
    work.signal,
    async ({ stream, size, signal }) => {
      const stored = await uploadStream(key, stream, type, signal);
      if (stored.size !== size) throw invalidOutput('it is not as long as it was said to be');
      return size;
    },
  );
  const next = files.map((f, at) => (at === position ? { ...f, stagedBytes } : f));
  await run.save({ set: { files: next } }, null, [{ event: 'fetched', node: file.node }]);
}

/** Opens a file that was fetched to be reviewed. @throws JobFailure when it is gone */
export async function openStaged(
  document: Owned,
  position: number,
  signal: AbortSignal,
): Promise<OpenOutput> {
  const key = buildStagedKey(document, position);
  const head = await headObject(key);
  const stream = head && (await openObject(key, head.etag, signal));
  if (!stream) throw invalidOutput('it is gone since it was reviewed');
  return { stream, size: head.size, signal };
}

/** The S3 key of a file that is to be reviewed. */
export function buildStagedKey(document: Owned, position: number): string {
  return `${findStagingFolder(document)}${position}`;
}

/** Deletes the files that were fetched to be reviewed. */
export async function deleteStaged(document: Owned): Promise<void> {
  await deleteUnder(findStagingFolder(document));
}

function findStagingFolder({ _id, user }: Owned): string {
  return `${folderIn(ComfyUIWorkflowExecution.collectionName, user, _id)}review/`;
}
