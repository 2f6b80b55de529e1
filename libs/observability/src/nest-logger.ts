import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/** Lets Nest write through our logger. Its start-up chatter is debug output here. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug(String(message), { context });
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn(String(message), { context });
  }

  error(message: unknown, stack?: unknown, context?: unknown): void {
    const error = message instanceof Error ? message : stack;
    this.logger.error(String(message), { context, ...(error === undefined ? {} : { error }) });
  }

  debug(message: unknown, context?: unknown): void {
    this.logger.debug(String(message), { context });
  }
}
