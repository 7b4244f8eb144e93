import { config } from '../config.ts';
import { getClient, getHttpStatus, loadSdk } from './s3-client.ts';

// The bucket of checkpoints: each object in it is locked for a time that the bucket says (Object Lock). Who
// writes over one makes another version, who deletes one a marker: what was stored first is there.

/** A version of an object in the list of them, or the marker of a deletion. */
export interface ObjectVersion {
  key: string;
  versionId: string;
  changedAt: Date;
  isDeletion: boolean;
}

/** The bucket. @throws Error when the settings name none */
function bucket(): string {
  if (config.auditBucket) return config.auditBucket;
  throw new Error('AUDIT_BUCKET is not set: there is no bucket for checkpoints of the audit log.');
}

/** Stores a text under a new key. False when there is an object with this key. */
export async function putLocked(key: string, text: string): Promise<boolean> {
  const { PutObjectCommand } = await loadSdk();
  const object = { Bucket: bucket(), Key: key, Body: text, ContentType: 'application/json' };
  // Where objects are locked, S3 asks for a checksum.
  const checked = { ChecksumAlgorithm: 'SHA256', IfNoneMatch: '*' } as const;
  try {
    await (await getClient()).send(new PutObjectCommand({ ...object, ...checked }));
    return true;
  } catch (error) {
    if (getHttpStatus(error) === 412 || getHttpStatus(error) === 409) return false;
    throw error;
  }
}

/** Reads one version of a text. */
export async function getLocked({ key, versionId }: ObjectVersion): Promise<string> {
  const { GetObjectCommand } = await loadSdk();
  const version = versionId && versionId !== 'null' ? { VersionId: versionId } : {};
  const { Body } = await (await getClient()).send(
    new GetObjectCommand({ Bucket: bucket(), Key: key, ...version }),
  );
  return (await Body?.transformToString()) ?? '';
}

/** Lists all versions of the objects under a prefix, after a key if given: by key, the newest first. */
export async function listVersions(prefix: string, after?: string): Promise<ObjectVersion[]> {
  const { ListObjectVersionsCommand } = await loadSdk();
  const found: ObjectVersion[] = [];
  let marker: { KeyMarker?: string; VersionIdMarker?: string } = after ? { KeyMarker: after } : {};
  for (;;) {
    const page = await (await getClient()).send(
      new ListObjectVersionsCommand({ Bucket: bucket(), Prefix: prefix, ...marker }),
    );
    for (const { Key, VersionId, LastModified } of page.Versions ?? [])
      found.push(describeVersion(Key, VersionId, LastModified, false));
    for (const { Key, VersionId, LastModified } of page.DeleteMarkers ?? [])
      found.push(describeVersion(Key, VersionId, LastModified, true));
    if (!page.IsTruncated || !page.NextKeyMarker) return found.sort(compareKeys);
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextVersionIdMarker && { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

function describeVersion(
  key = '',
  versionId = '',
  changedAt = new Date(0),
  isDeletion: boolean,
): ObjectVersion {
  return { key, versionId, changedAt, isDeletion };
}

// Of one key the order of the list is kept, for times have whole seconds alone.
function compareKeys(a: ObjectVersion, b: ObjectVersion): number {
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
