import { All, Controller, Get, Header } from '@nestjs/common';
import { WorkerDirectory } from '#cluster';
import { readRelease } from '#observability';
import { type DiskUsage, diskUsage } from './disk-usage.js';
import { engineStatus } from './engine-status.js';

/** What clients ask to learn who is there. The words of `/` are matched by existing clients. */
@Controller()
export class ServiceController {
  private readonly release = readRelease();

  constructor(private readonly directory: WorkerDirectory) {}

  @All()
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('server', 'longshore')
  greet(): string {
    return 'Docker Model Runner is running';
  }

  @All('version')
  version(): { version: string } {
    return { version: this.release };
  }

  @Get('engines/status')
  engines(): Record<string, string> {
    return engineStatus(this.directory.workers());
  }

  @Get('engines/df')
  diskUsage(): DiskUsage {
    return diskUsage(this.directory.workers());
  }
}
