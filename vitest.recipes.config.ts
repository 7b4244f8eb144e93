import { defineSuite } from './vitest.suite.ts';

/** What follows the recipes of CONTRIBUTING.md, and what writes migrations. */
export const recipes = ['test/scripts/{contributing,migrate}.test.ts'];

// Apart from the others, because they run the commands of a developer: each migrates databases of its own,
// and one compiles a copy of the repository. Beside other tests they take three times as long.
export default defineSuite(recipes);
