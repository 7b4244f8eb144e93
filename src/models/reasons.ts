// Why what is about a person is kept when he is forgotten: reasons that more than one model has.

export const BOOKKEEPING = 'keep: bookkeeping is kept for ten years by law';

export const AUDIT_LOG =
  'keep: the audit log tells who did what, also when he is gone; what is personal in it is under his key';

export const EXPIRING_HASH = 'keep: a hash that leads back to nobody, and expires within a day';

export const EXPIRING_ID = 'keep: an id that expires with its window of a quarter of an hour';
