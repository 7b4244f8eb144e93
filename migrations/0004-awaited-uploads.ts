import type { Migration } from '../src/data/migrations/migration.ts';

/** Uploads that are awaited have an index of their own. */
export const awaitedUploads: Migration = {
  id: '0004-awaited-uploads',

  async up(m) {
    // audios: index status_1_updatedAt_1 is not in the model
    // audios: index awaiting is missing
    await m.dropIndex('audios', 'status_1_updatedAt_1');
    await m.createIndex(
      'audios',
      { updatedAt: 1 },
      { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
    );

    // images: index status_1_updatedAt_1 is not in the model
    // images: index awaiting is missing
    await m.dropIndex('images', 'status_1_updatedAt_1');
    await m.createIndex(
      'images',
      { updatedAt: 1 },
      { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
    );

    // tracks: index status_1_updatedAt_1 is not in the model
    // tracks: index awaiting is missing
    await m.dropIndex('tracks', 'status_1_updatedAt_1');
    await m.createIndex(
      'tracks',
      { updatedAt: 1 },
      { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
    );

    // videos: index status_1_updatedAt_1 is not in the model
    // videos: index awaiting is missing
    await m.dropIndex('videos', 'status_1_updatedAt_1');
    await m.createIndex(
      'videos',
      { updatedAt: 1 },
      { name: 'awaiting', partialFilterExpression: { status: 'AWAITING_UPLOAD' } },
    );
  },

  async down(m) {
    await m.dropIndex('videos', 'awaiting');
    await m.createIndex('videos', { status: 1, updatedAt: 1 });

    await m.dropIndex('tracks', 'awaiting');
    await m.createIndex('tracks', { status: 1, updatedAt: 1 });

    await m.dropIndex('images', 'awaiting');
    await m.createIndex('images', { status: 1, updatedAt: 1 });

    await m.dropIndex('audios', 'awaiting');
    await m.createIndex('audios', { status: 1, updatedAt: 1 });
  },
};
