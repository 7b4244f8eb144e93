import '../harness/place.ts';
import { exportsResource } from '../../functions/exports.ts';
import { conforms } from '../conforms.ts';
import { storedAt } from '../harness/stored.ts';

conforms(exportsResource, {
  make: storedAt(exportsResource),
  body: async (person) => ({ project: (await person.project()).id, format: 'MP3' }),
});
