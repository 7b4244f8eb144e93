import type { Edits } from './edit.ts';

export const references: Edits = {
  'src/data/references.ts': [
    {
      guarantee: 'a child of a parent that has gone meanwhile is taken back',
      find: 'await undo(ctx, entity, document);',
      replace: '',
      tests: ['test/data/late-children.test.ts > though it was just found'],
    },
    {
      guarantee: 'its taking back is audited if its creation was',
      find: 'if (!isInChain) return;',
      replace: 'if (taken) return;',
      tests: ['test/data/late-children.test.ts > taking back'],
    },
    {
      guarantee: 'its taking back is not audited where its creation is not',
      find: 'if (!isInChain) return;',
      replace: 'if (!taken) return;',
      tests: ['test/data/late-children.test.ts > taking back'],
    },
    {
      guarantee: 'what is about to go takes no new reference',
      find: 'const ALIVE = { removing: { $exists: false } };',
      replace: 'const ALIVE = {};',
      tests: ['test/data/removing.test.ts > takes no new reference'],
    },
    {
      guarantee: 'it is marked before its references are looked for',
      find: 'const mark = [{ $set: { removing: databaseTime(ctx) } }];',
      replace: "const mark = [{ $set: { version: '$version' } }];",
      tests: ['test/data/removing.test.ts > takes no new reference'],
    },
    {
      guarantee: 'what others refer to stays',
      find: 'if (errors.length === 0) return;',
      replace: 'if (errors) return;',
      tests: ['test/data/references.test.ts > prevents the deletion'],
    },
    {
      guarantee: 'what stays is no longer marked',
      find: 'await collection.updateOne({ _id: id }, { $unset: { removing: 1 } });',
      replace: '',
      tests: ['test/data/references.test.ts > prevents the deletion'],
    },
    {
      guarantee: 'an optional reference to what has gone meanwhile is removed',
      find: `if (reference.onDelete === 'unset') await release(entity, document._id, reference, id);
    else`,
      replace: '',
      tests: ['test/data/late-children.test.ts > an optional reference'],
    },
    {
      guarantee: 'a change that refers to what has gone meanwhile is undone',
      find: 'await release(entity, id, reference, referred);',
      replace: '',
      tests: ['test/data/references.test.ts > refused and undone'],
    },
    {
      guarantee: 'a child is counted in a parent that is there',
      find: 'if (countedIn) return countIn(parent, filter, countedIn);',
      replace: `if (countedIn) await countIn(parent, filter, countedIn);
  if (countedIn) return true;`,
      tests: ['test/data/late-children.test.ts > though it was just found'],
    },
  ],
  'src/api/resource/patch.ts': [
    {
      guarantee: 'a PATCH confirms what it refers to',
      find: 'if (flat.references) await confirmChange(ctx, entity, stored._id, set);',
      replace: '',
      tests: ['test/data/late-children.test.ts > alone'],
    },
    {
      guarantee: 'a PATCH that merges confirms what it refers to',
      find: 'if (stored && flat.references) await confirmChange(ctx, entity, current._id, set);',
      replace: '',
      tests: ['test/data/late-children.test.ts > with what is merged'],
    },
    {
      guarantee: 'a PATCH checks what it refers to',
      find: 'await checkReferences(ctx, entity, flat.set);',
      replace: '',
      tests: ['test/projects/projects.test.ts > a reference to another user'],
    },
  ],
  'src/data/counts.ts': [
    {
      guarantee: 'children that come at once are all counted',
      find: '$inc: { [field]: group.length }',
      replace: '$inc: { [field]: 1 }',
      tests: ['test/data/counts.test.ts > counted in each'],
    },
    {
      guarantee: 'what is refused of one parent is no error of the others',
      find: 'if (!isRefusal) throw error;',
      replace: 'throw error;',
      tests: ['test/data/counts.test.ts > no error of the children of others'],
    },
  ],
  'src/data/remove.ts': [
    {
      guarantee: 'a child goes together with its audit event and its sweep',
      find: 'await child.collection.deleteMany({ _id: { $in: ids } }, { ...session });',
      replace: 'await child.collection.deleteMany({ _id: { $in: ids } });',
      tests: ['test/data/removing.test.ts > together with its'],
    },
    {
      guarantee: 'a child that something else must keep is released',
      find: 'const standing = required ? [] : await restricted(tx, child, found);',
      replace: 'const standing: UUID[] = [];',
      tests: ['test/data/references.test.ts > a job that the ledger refers to'],
    },
    {
      guarantee: 'what refers to a deleted document by choice is released',
      find: "if (reference.onDelete === 'unset') await release(ctx, reference, id);",
      replace: '',
      tests: ['test/data/references.test.ts > loses the reference'],
    },
    {
      guarantee: 'a release raises the version',
      find: '$inc: { version: 1 },',
      replace: '$inc: { version: 0 },',
      tests: ['test/data/references.test.ts > loses the reference'],
    },
    {
      guarantee: 'a deletion is counted',
      find: 'await uncount(entity, [gone.document]);',
      replace: '',
      tests: ['test/data/references.test.ts > trackCount is right'],
    },
    {
      guarantee: 'what was restored meanwhile keeps its children',
      find: 'return { found: [], going: [], standing: [], jobs: [] };',
      replace: 'void tx;',
      tests: ['test/media/trash.test.ts > a sweep that comes late'],
    },
    {
      guarantee: 'children go in batches until none is left',
      find: 'if (batch.found.length < BATCH) break;',
      replace: 'break;',
      tests: ['test/data/references.test.ts > over several batches'],
    },
    {
      guarantee: 'a deletion leaves a job that sweeps behind it',
      find: 'return [await enqueueSweep(ctx, { entity: entity.name, documents }, freed)];',
      replace: 'return documents && [];',
      tests: ['test/media/tracks.test.ts > with a track its objects go'],
    },
    {
      guarantee: 'what goes for good takes its objects along',
      find: 'const objects = isKept ? undefined : entity.options.objects;',
      replace: 'const objects = undefined;',
      tests: ['test/media/tracks.test.ts > with a track its objects go'],
    },
    {
      guarantee: 'children of a document that something refers to are looked for first',
      find: 'await restrictRemoval(ctx, entity, filter);',
      replace: '',
      tests: ['test/data/references.test.ts > prevents the deletion'],
    },
  ],
};
