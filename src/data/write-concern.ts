/**
 * A write is answered once a majority of the members has it in its journal: `majority` says both, unless a replica
 * set is configured otherwise (`writeConcernMajorityJournalDefault`).
 */
export const WRITE_CONCERN = { w: 'majority' } as const;

/** For counts that a crash may lose, since they are put right later: nobody waits for the journal. */
export const UNHURRIED = { writeConcern: { w: 1, j: false } };
