import { NEVER, choice, isNever, repeat, sequence, type GrammarNode } from './grammar-node.js';

type Rules = ReadonlyMap<string, GrammarNode>;

/**
 * Leaves out what no text can match because it never comes to an end, rules that name each other in a circle without a
 * character between, and rules that `root` does not need. Without a root nothing is left to match.
 */
export function pruneRules(rules: Rules, root: string): Map<string, GrammarNode> {
  const ending = endingRules(rules);
  const finite = new Map<string, GrammarNode>();
  for (const [name, node] of rules)
    if (ending.has(name))
      finite.set(
        name,
        rewrite(node, (target) => ending.has(target)),
      );
  return reachable(breakCircles(finite), root);
}

/** Names of the rules that match at least one text. */
function endingRules(rules: Rules): ReadonlySet<string> {
  const ending = new Set<string>();
  const ends = (node: GrammarNode): boolean => {
    if (node.kind === 'sequence') return node.items.every(ends);
    if (node.kind === 'choice') return node.options.some(ends);
    if (node.kind === 'repeat') return node.least === 0 || ends(node.item);
    return node.kind !== 'rule' || ending.has(node.name);
  };
  let open = [...rules];
  for (let before = -1; before !== open.length;) {
    before = open.length;
    // Later rules are mostly parts of earlier ones.
    for (const [name, node] of open.toReversed()) if (ends(node)) ending.add(name);
    open = open.filter(([name]) => !ending.has(name));
  }
  return ending;
}

function rewrite(node: GrammarNode, keep: (name: string) => boolean): GrammarNode {
  if (node.kind === 'sequence') return sequence(...node.items.map((item) => rewrite(item, keep)));
  if (node.kind === 'choice') {
    return choice(
      ...node.options.map((option) => rewrite(option, keep)).filter((option) => !isNever(option)),
    );
  }
  if (node.kind === 'repeat') return repeat(rewrite(node.item, keep), node.least, node.most);
  return node.kind === 'rule' && !keep(node.name) ? NEVER : node;
}

/** A rule that is nothing but itself adds nothing to itself; llama.cpp refuses such left recursion. */
function breakCircles(rules: Rules): Map<string, GrammarNode> {
  const broken = new Map(rules);
  const done = new Set<string>();
  const path = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name)) return;
    path.add(name);
    const node = broken.get(name) ?? NEVER;
    const options = node.kind === 'choice' ? node.options : [node];
    const kept = options.filter((option) => option.kind !== 'rule' || !path.has(option.name));
    if (kept.length < options.length) broken.set(name, choice(...kept));
    for (const option of kept) if (option.kind === 'rule') visit(option.name);
    path.delete(name);
    done.add(name);
  };
  for (const name of rules.keys()) visit(name);
  return broken;
}

function reachable(rules: Rules, root: string): Map<string, GrammarNode> {
  const found = new Map<string, GrammarNode>();
  const open = [root];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = rules.get(name);
    if (node === undefined || found.has(name)) continue;
    found.set(name, node);
    open.push(...namesIn(node));
  }
  return found;
}

function namesIn(node: GrammarNode): string[] {
  if (node.kind === 'rule') return [node.name];
  if (node.kind === 'sequence') return node.items.flatMap(namesIn);
  if (node.kind === 'choice') return node.options.flatMap(namesIn);
  return node.kind === 'repeat' ? namesIn(node.item) : [];
}
