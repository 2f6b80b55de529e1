import type { CommandModule } from './command-module.js';

/** A command as the list of commands shows it. Its code is loaded when it is asked for. */
export interface RegisteredCommand {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What the command does, in a line: begins with a capital, no full stop. */
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
  /** For programs: not shown to people. */
  readonly hidden?: boolean;
}

/** Every command but `up` and `help`, in the order of the help text. A new one is an entry here and a file. */
export const COMMANDS: readonly RegisteredCommand[] = [
  {
    name: 'run',
    summary: 'Ask a model, once or in a conversation',
    load: () => import('./run.command.js'),
  },
  { name: 'pull', summary: 'Fetch a model into the cluster', load: () => import('./pull.command.js') },
  { name: 'push', summary: 'Push a model to its registry', load: () => import('./push.command.js') },
  { name: 'rm', summary: 'Remove models or tags', load: () => import('./rm.command.js') },
  { name: 'tag', summary: 'Give a model a further name', load: () => import('./tag.command.js') },
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'List the models of the cluster',
    load: () => import('./list.command.js'),
  },
  { name: 'inspect', summary: 'Show a model as JSON', load: () => import('./inspect.command.js') },
  { name: 'show', summary: 'Show a model in words', load: () => import('./show.command.js') },
  {
    name: 'package',
    summary: 'Make a model of files, or of another model',
    load: () => import('./package.command.js'),
  },
  {
    name: 'search',
    summary: 'Search models on Docker Hub and Hugging Face',
    load: () => import('./search.command.js'),
  },
  { name: 'ps', summary: 'List the models that are loaded', load: () => import('./ps.command.js') },
  {
    name: 'unload',
    aliases: ['stop'],
    summary: 'Unload models from memory',
    load: () => import('./unload.command.js'),
  },
  {
    name: 'configure',
    aliases: ['config'],
    summary: 'Set how a model is run',
    load: () => import('./configure.command.js'),
  },
  {
    name: 'bench',
    summary: 'Measure the tokens a model makes in a second',
    load: () => import('./bench.command.js'),
  },
  {
    name: 'status',
    summary: 'Show whether a cluster answers, and its engines',
    load: () => import('./status.command.js'),
  },
  {
    name: 'version',
    summary: 'Show the versions of this program and of the cluster',
    load: () => import('./version.command.js'),
  },
  {
    name: 'top',
    summary: 'Watch workers, queues and tokens',
    load: () => import('./top.command.js'),
  },
  { name: 'df', summary: 'Show what the models take on disk', load: () => import('./df.command.js') },
  { name: 'logs', summary: 'Show the log of the cluster', load: () => import('./logs.command.js') },
  {
    name: 'requests',
    summary: 'Show recorded calls and their answers',
    load: () => import('./requests.command.js'),
  },
  { name: 'keys', summary: 'Make, list and revoke API keys', load: () => import('./keys.command.js') },
  { name: 'purge', summary: 'Remove all models', load: () => import('./purge.command.js') },
  {
    name: 'completion',
    summary: 'Print what lets a shell complete commands and models',
    load: () => import('./completion.command.js'),
  },
  {
    name: 'compose',
    summary: 'Serve models to Docker Compose, as a provider of services',
    load: () => import('./compose.command.js'),
  },
  {
    name: '__complete',
    summary: 'Answer the completion of a shell',
    load: () => import('./complete.command.js'),
    hidden: true,
  },
];
