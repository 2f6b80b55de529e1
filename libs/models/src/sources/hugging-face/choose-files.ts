import { parseJson } from '../../formats/json.js';
import {
  CHAT_TEMPLATE_LAYER,
  GGUF_LAYER,
  LICENSE_LAYER,
  PROJECTOR_LAYER,
} from '../../formats/media-types.js';
import { mediaTypeOf } from '../../package/package-safetensors.js';
import { chooseGguf, isDefaultTag } from './choose-gguf.js';
import { chooseProjector } from './choose-projector.js';
import { chooseSafetensors, readSafetensorsIndex, safetensorsIndex } from './choose-safetensors.js';
import { groupGguf } from './gguf-groups.js';
import { notFound } from './hub-failure.js';
import { byPath, folderOf, nameOf, type HubFile } from './hub-file.js';

/** One file of a repository and what it becomes. */
export interface ChosenFile {
  readonly file: HubFile;
  readonly mediaType: string;
}

export interface ChosenFiles {
  readonly format: 'gguf' | 'safetensors';
  /** In the order of the layers: the weights first, shards by number. */
  readonly files: readonly ChosenFile[];
  /** The first so many of the files hold the weights. */
  readonly weights: number;
}

export interface ChooseFiles {
  /** For messages. */
  readonly repository: string;
  readonly listing: readonly HubFile[];
  /** The tag of the reference. */
  readonly tag: string;
  /** Gives the bytes of a small file. */
  readonly read: (file: HubFile) => Promise<Buffer>;
}

const LICENSE = /^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i;

/**
 * Chooses what of a repository is the model: GGUF where there is any, else safetensors.
 * @throws SourceError saying what there is instead; FormatError; what `read` throws.
 */
export async function chooseFiles({ repository, listing, tag, read }: ChooseFiles): Promise<ChosenFiles> {
  const groups = groupGguf(listing);
  if (groups.length > 0) return ggufFiles(listing, chooseGguf(groups, tag, repository).files);
  if (!isDefaultTag(tag)) {
    throw notFound(
      `${repository} has no ${tag}. It has no GGUF files: leave the tag out for its safetensors.`,
    );
  }
  const index = safetensorsIndex(listing);
  const indexed = index && readSafetensorsIndex(parseJson(await read(index), 'its list of weights'));
  const { weights, companions } = chooseSafetensors(listing, indexed, repository);
  const files = [...weights, ...companions].map((file) => ({ file, mediaType: mediaTypeOf(file.path) }));
  return { format: 'safetensors', files, weights: weights.length };
}

function ggufFiles(listing: readonly HubFile[], weights: readonly HubFile[]): ChosenFiles {
  const files: ChosenFile[] = weights.map((file) => ({ file, mediaType: GGUF_LAYER }));
  const projector = chooseProjector(listing, weights[0]?.path ?? '');
  if (projector) files.push({ file: projector, mediaType: PROJECTOR_LAYER });
  const template = chatTemplate(listing);
  if (template) files.push({ file: template, mediaType: CHAT_TEMPLATE_LAYER });
  const licenses = listing.filter(({ path }) => LICENSE.test(path)).sort(byPath);
  for (const file of licenses) files.push({ file, mediaType: LICENSE_LAYER });
  return { format: 'gguf', files, weights: weights.length };
}

/** The template that replaces the one inside the weights; only where it is clear which one. */
function chatTemplate(listing: readonly HubFile[]): HubFile | undefined {
  const templates = listing.filter(({ path }) => folderOf(path) === '' && path.endsWith('.jinja'));
  const named = templates.find(({ path }) => nameOf(path) === 'chat_template.jinja');
  return named ?? (templates.length === 1 ? templates[0] : undefined);
}
