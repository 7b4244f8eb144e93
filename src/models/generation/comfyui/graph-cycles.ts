/** That an input of a node takes what another node makes. */
export interface GraphLink {
  from: string;
  to: string;
  input: string;
}

/** The links between nodes that need each other, which ComfyUI would follow for ever. */
export function findCycleLinks(links: GraphLink[]): GraphLink[] {
  // What nothing leads to is in no cycle, nor is what leads nowhere: the rest is.
  return dropEnds(dropEnds(links, 'from', 'to'), 'to', 'from');
}

type End = 'from' | 'to';

/** Drops links whose one end is the other end of none, and those that then are such, until none is. */
function dropEnds(links: GraphLink[], end: End, other: End): GraphLink[] {
  const counts = new Map<string, number>();
  for (const link of links) counts.set(link[other], (counts.get(link[other]) ?? 0) + 1);
  const leaving = Map.groupBy(links, (link) => link[end]);
  const dropped = new Set<string>();
  const loose = [...leaving.keys()].filter((id) => !counts.has(id));
  for (let id = loose.pop(); id !== undefined; id = loose.pop()) {
    dropped.add(id);
    for (const link of leaving.get(id) ?? []) {
      const left = (counts.get(link[other]) ?? 0) - 1;
      counts.set(link[other], left);
      if (left === 0) loose.push(link[other]);
    }
  }
  return links.filter((link) => !dropped.has(link[end]));
}
