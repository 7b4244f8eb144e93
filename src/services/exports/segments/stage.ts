import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { download, getText, headObject, putText } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import type { Script } from '../picture/script.ts';
import type { RenderPlan } from '../plan.ts';
import type { RenderDir } from '../sound/run.ts';

/** What other workers need of a video: what to render, and from which files. */
export interface Staged {
  script: Script;
  plan: Pick<RenderPlan, 'name' | 'tags' | 'origin'>;
  /** The files that segments are rendered from. */
  names: string[];
}

const SCRIPT = 'script.json';

/** Uploads all that other workers need into a folder in S3, with a trailing slash. */
export async function stageFiles(
  { workDir, signal }: RenderDir,
  folder: string,
  staged: Staged,
  more: string[],
): Promise<void> {
  for (const name of [...staged.names, ...more]) {
    const path = join(workDir, name);
    const { size } = await stat(path);
    await upload(
      `${folder}${name}`,
      { path, size, contentType: 'application/octet-stream' },
      signal,
    );
  }
  await putText(`${folder}${SCRIPT}`, JSON.stringify(staged), 'application/json');
}

export async function readStaged(folder: string): Promise<Staged> {
  return JSON.parse(await getText(`${folder}${SCRIPT}`));
}

/** Brings files of the folder. @throws JobFailure when one is gone: then the export has ended */
export async function fetchStaged(
  { workDir, signal }: RenderDir,
  folder: string,
  names: string[],
): Promise<void> {
  for (const name of names) {
    const found = await headObject(`${folder}${name}`);
    const path = join(workDir, name);
    if (!found || !(await download(`${folder}${name}`, found.etag, path, signal, () => {}))) {
      throw new JobFailure('MISSING_FILE', 'What it is rendered from is no longer there.');
    }
  }
}

/** Keeps what was made in the folder. Returns its key. */
export async function keepFile({ signal }: RenderDir, path: string, key: string): Promise<string> {
  await upload(key, { path, size: (await stat(path)).size, contentType: 'video/mp4' }, signal);
  return key;
}
