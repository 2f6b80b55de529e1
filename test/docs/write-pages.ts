import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { PAGES } from './pages.js';

for (const [path, render] of Object.entries(PAGES)) {
  await writeFile(path, await render());
}
