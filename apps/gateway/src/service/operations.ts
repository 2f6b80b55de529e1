import type { Operation } from '../openapi/operation.js';
import { COUNT, objectOf, TEXT } from '../openapi/schema.js';

const TAGS = ['Service'];
const JSON_TYPE = 'application/json';

export const GREET: Operation = {
  summary: 'Say that somebody is here',
  tags: TAGS,
  answers: {
    200: { description: 'In words that existing clients look for.', content: { 'text/plain': TEXT } },
  },
  open: true,
};

export const VERSION: Operation = {
  summary: 'The version of this gateway',
  tags: TAGS,
  answers: {
    200: { description: 'The release.', content: { [JSON_TYPE]: objectOf({ version: TEXT }, ['version']) } },
  },
  open: true,
};

export const STATUS: Operation = {
  summary: 'Which engines there are',
  tags: TAGS,
  answers: {
    200: {
      description: '`Running: …` or `Not Installed: …` for each engine.',
      content: { [JSON_TYPE]: { type: 'object', additionalProperties: TEXT } },
    },
  },
  open: true,
};

export const DISK_USAGE: Operation = {
  summary: 'What models take on disk',
  tags: TAGS,
  answers: {
    200: {
      description: 'Bytes, over all stores.',
      content: {
        [JSON_TYPE]: objectOf({ models_disk_usage: COUNT, default_backend_disk_usage: COUNT }, [
          'models_disk_usage',
          'default_backend_disk_usage',
        ]),
      },
    },
  },
};
