import { type Graph, isLink } from './graph.ts';
import { findClass } from './nodes/classes.ts';

/** The nodes that are still to run: what waits for what. */
export interface Order {
  /** The node to run next; outputs come first, then what they take from. */
  next(): string | undefined;
  done(id: string): void;
}

/** Puts outputs, and what they need that is not cached, into an order. */
export function orderNodes(
  graph: Graph,
  outputs: string[],
  isCached: (id: string) => boolean,
): Order {
  const needs = new Map<string, Set<string>>();
  const todo = [...outputs].reverse();
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (needs.has(id)) continue;
    const sources = listSources(graph, id).filter((source) => !isCached(source));
    needs.set(id, new Set(sources));
    todo.push(...sources);
  }

  const isOutput = (id: string) => findClass(graph[id]?.class_type ?? '')?.output_node === true;
  const feedsOutput = (id: string) =>
    [...needs].some(([other, sources]) => sources.has(id) && isOutput(other));

  return {
    next() {
      const ready = [...needs].filter(([, sources]) => sources.size === 0).map(([id]) => id);
      return ready.find(isOutput) ?? ready.find(feedsOutput) ?? ready[0];
    },
    done(id) {
      needs.delete(id);
      for (const sources of needs.values()) sources.delete(id);
    },
  };
}

/** The nodes that a node takes from. */
function listSources(graph: Graph, id: string): string[] {
  const links = Object.values(graph[id]?.inputs ?? {}).filter(isLink);
  return [...new Set(links.map(([source]) => String(source)))];
}
