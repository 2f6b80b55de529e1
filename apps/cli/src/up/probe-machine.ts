import { existsSync } from 'node:fs';
import { findProgram } from './find-program.js';
import { EVIDENCE, type MachineFacts } from './machine-variant.js';

export function probeMachine(path: string): MachineFacts {
  const devices = EVIDENCE.flatMap((evidence) => evidence.devices).filter((device) => existsSync(device));
  const programs = EVIDENCE.flatMap((evidence) => evidence.programs).filter((name) =>
    findProgram(name, path),
  );
  return { devices: new Set(devices), programs: new Set(programs) };
}
