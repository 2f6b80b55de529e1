import { All, Controller, Get, Header } from '@nestjs/common';
import { WorkerDirectory } from '#cluster';
import { readRelease } from '#config';
import { type DiskUsage, diskUsage } from './disk-usage.js';
import { engineStatus } from './engine-status.js';
import { Operation } from '../openapi/operation.js';
import { DISK_USAGE, GREET, STATUS, VERSION } from './operations.js';

/** What clients ask to learn who is there. The words of `/` are matched by existing clients. */
@Controller()
export class ServiceController {
  private readonly release = readRelease();

  constructor(private readonly directory: WorkerDirectory) {}

  @Operation(GREET)
  @All()
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('server', 'longshore')
  greet(): string {
    return 'Docker Model Runner is running';
  }

  @Operation(VERSION)
  @All('version')
  version(): { version: string } {
    return { version: this.release };
  }

  @Operation(STATUS)
  @Get('engines/status')
  engines(): Record<string, string> {
    return engineStatus(this.directory.workers());
  }

  @Operation(DISK_USAGE)
  @Get('engines/df')
  diskUsage(): DiskUsage {
    return diskUsage(this.directory.workers());
  }
}
